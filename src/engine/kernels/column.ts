import { KERNEL_NAMES, type KernelName } from '../model/vocabulary.ts';
import type { Row } from './row.ts';

/** A table, or a group of rows in one. */
export interface Table {
  readonly [fact: string]: Row<unknown> | Table;
}

/** What a table says of one kernel: the value of each row under the row's name, groups as they stand. */
export type Column<Rows> = {
  readonly [Fact in keyof Rows]: Rows[Fact] extends Row<infer Value> ? Value : Column<Rows[Fact]>;
};

/** The column of one kernel. */
export function columnOf<Rows extends Table>(rows: Rows, kernel: KernelName): Column<Rows> {
  const entries = Object.entries(rows).map(([fact, entry]) => [
    fact,
    isRow(entry) ? valueOf(entry, kernel) : columnOf(entry, kernel),
  ]);
  // Object.fromEntries() forgets which value belongs to which key.
  return Object.fromEntries(entries) as Column<Rows>;
}

/** What a row says of one kernel. */
export function valueOf(row: Row<unknown>, kernel: KernelName): unknown {
  return row.values[KERNEL_NAMES.indexOf(kernel)];
}

/** Whether an entry of a table is a row, and no group of them. */
export function isRow(entry: Row<unknown> | Table): entry is Row<unknown> {
  return Array.isArray(entry['values']);
}

/** Every row below a table, by its path: `kmem.no_block_left`. */
export function rowsOf(rows: Table, above = ''): (readonly [path: string, row: Row<unknown>])[] {
  return Object.entries(rows).flatMap(([fact, entry]) => {
    const path = `${above}${fact}`;
    return isRow(entry) ? [[path, entry] as const] : rowsOf(entry, `${path}.`);
  });
}
