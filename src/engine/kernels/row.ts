import type { KERNEL_NAMES, KernelName } from '../model/vocabulary.ts';

/**
 * The tables of this folder: a row a fact, a column a kernel, in the order of KERNEL_NAMES. Above the values a table
 * repeats that order: `letter` is force-unmap, `posted` is force-unmap-v5.10, `armed` is force-unmap-v5.12.
 */
export interface Row<Value> {
  readonly values: ByKernel<Value>;
  /** The kernel function that decides, read in the baseline of every kernel, or the recording; rules by ID. */
  readonly source: string;
  readonly changed_in: readonly Change[];
}

/** One value for each kernel: a column too few, or too many, does not compile. */
export type ByKernel<Value, Names extends readonly KernelName[] = typeof KERNEL_NAMES> = {
  readonly [Column in keyof Names]: Value;
};

/** A release with which a fact took another value. The series never was in one. */
export interface Change {
  /** The first release of mainline; null where nobody has found it. */
  readonly release: string | null;
  /** Where the release is not known: the first that may have it, the first that has it for certain. */
  readonly within: readonly [string, string] | null;
  /** The stable releases that have it too, of branches older than `release`. */
  readonly backports: readonly string[];
  readonly note: string | null;
}

/** A row of a table. Of its changes those of mainline that nothing more is known of are named by their release alone. */
export function row<const Value>(
  values: ByKernel<Value>,
  source: string,
  ...changes: readonly (string | Change)[]
): Row<Value> {
  const changed_in = changes.map((change) => (typeof change === 'string' ? changed(change) : change));
  return { values, source, changed_in };
}

/** A change with what else is known of it. */
export function changed(
  release: string,
  note: string | null = null,
  backports: readonly string[] = [],
): Change {
  return { release, within: null, backports, note };
}
