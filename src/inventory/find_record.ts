import type { ListedRecord } from './record.ts';

const INDEXES = new WeakMap<readonly ListedRecord[], ReadonlyMap<string, ListedRecord>>();

/** The record of a name in a table of the host; a table is indexed once, on first use. */
export function findRecord(table: readonly ListedRecord[], name: string | null): ListedRecord | undefined {
  let index = INDEXES.get(table);
  if (index === undefined) {
    index = new Map(table.map((record) => [record.name, record]));
    INDEXES.set(table, index);
  }
  return name === null ? undefined : index.get(name);
}
