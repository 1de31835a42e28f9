import { indexed } from './indexed.ts';
import type { ListedRecord } from './record.ts';

const byName = indexed(
  (table: readonly ListedRecord[]) => new Map(table.map((record) => [record.name, record])),
);

/** The record of a name in a table of the host; a table is indexed once, on first use. */
export function findRecord(table: readonly ListedRecord[], name: string | null): ListedRecord | undefined {
  return name === null ? undefined : byName(table).get(name);
}
