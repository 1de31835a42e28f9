import type { KERNEL_NAMES, KernelName } from '../model/vocabulary.ts';

/**
 * The tables of this folder: a row a fact, a column a kernel, in the order of KERNEL_NAMES. The line above the values
 * names the columns; `letter` is force-unmap, `posted` force-unmap-v5.10, `armed` force-unmap-v5.12.
 */
export interface Row<Value> {
  readonly values: ByKernel<Value>;
  /** The kernel functions that decide, of each baseline those that it has, or the recordings. */
  readonly source: string;
  /** The rules that say so. */
  readonly rules: string;
  readonly changed_in: readonly Change[];
}

/** One value for each kernel: a column too few, or too many, does not compile. */
export type ByKernel<Value, Names extends readonly KernelName[] = typeof KERNEL_NAMES> = {
  readonly [Column in keyof Names]: Value;
};

/** A release with which a fact took another value. The series never was in one. */
export interface Change {
  /** The first release of mainline; null where it was not found, or is not a matter of a release. */
  readonly release: string | null;
  /** Where the release is not known: the first that may have it, the first that has it for certain. */
  readonly within: { readonly first: string; readonly last: string } | null;
  /** The stable releases that have it too, of branches older than `release`. */
  readonly backports: readonly string[];
  readonly note: string | null;
}

/** A row of a table. A change of which no more than the release is known stands as that. */
export function row<const Value>(
  values: ByKernel<Value>,
  source: string,
  rules: string,
  ...changes: readonly (string | Change)[]
): Row<Value> {
  const changed_in = changes.map((change) => (typeof change === 'string' ? changed(change) : change));
  return { values, source, rules, changed_in };
}

/** A change with what else is known of it. */
export function changed(
  release: string,
  note: string | null = null,
  backports: readonly string[] = [],
): Change {
  return { release, within: null, backports, note };
}

/** A change between two releases that was not found. */
export function changedWithin(first: string, last: string, note: string | null = null): Change {
  return { release: null, within: { first, last }, backports: [], note };
}

/** A difference that no release made. */
export function notOfRelease(note: string): Change {
  return { release: null, within: null, backports: [], note };
}
