import type { KERNEL_NAMES, KernelName } from '../model/vocabulary.ts';
import type { Change } from './change.ts';

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
  /** In the order in which they came: a kernel has the value of the last one that it has. */
  readonly changed_in: readonly Change[];
  /** Values that no column shows: that of kernels between two of them, by the change that made it. */
  readonly between: Readonly<Record<string, Value>>;
  /** Where changes came that do not follow on each other: the value of a kernel that has those. */
  readonly by?: (has: (change: Change) => boolean) => Value;
  /** What is said of a kernel that was not recorded, where the values are of recordings. */
  readonly unrecorded?: Value;
}

/** One value for each kernel: a column too few, or too many, does not compile. */
export type ByKernel<Value, Names extends readonly KernelName[] = typeof KERNEL_NAMES> = {
  readonly [Column in keyof Names]: Value;
};

/** A change, and the value that it made where no column shows it. */
type Made<Value> = Change | readonly [change: Change, between: Value];

/** A row of a table. */
export function row<const Value>(
  values: ByKernel<Value>,
  source: string,
  rules: string,
  ...changes: readonly Made<Value>[]
): Row<Value> {
  const changed_in = changes.map((made) => (isPair(made) ? made[0] : made));
  const between = Object.fromEntries(changes.filter(isPair).map(([{ id }, value]) => [id, value]));
  return { values, source, rules, changed_in, between };
}

function isPair<Value>(made: Made<Value>): made is readonly [Change, Value] {
  return Array.isArray(made);
}
