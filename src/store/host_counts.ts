import type { HostRecord } from '../engine/model/host.ts';
import type { Connection } from './connection.ts';

/**
 * Members of a host's record that most commands change, by a number for an id, and nothing else of it. They stand in a
 * row of few bytes, so that a commit for many hosts changes few pages; in the record they are null.
 */
const COUNTS = ['revision', 'next_id'] as const;

/** A host's record as its own row has it. */
export function withoutCounts(record: HostRecord): object {
  return { ...record, ...Object.fromEntries(COUNTS.map((name) => [name, null])) };
}

/** Whether two states of a host's record differ in its counts alone. */
export function differInCounts(before: HostRecord, after: HostRecord): boolean {
  const names = Object.keys(after) as (keyof HostRecord)[];
  const areCounts: readonly string[] = COUNTS;
  return (
    names.length === Object.keys(before).length &&
    names.every((name) => before[name] === after[name] || areCounts.includes(name))
  );
}

/** A count of a host, in SQL, of a row of `hosts` that has the name. */
export function hostCount(row: string, name: (typeof COUNTS)[number]): string {
  return `(SELECT c.${name} FROM host_counts AS c WHERE c.host = ${row}.key)`;
}

/** The record of a host, whole, in SQL. A quote inside of a text is escaped, so that no label reads as a count does. */
export function wholeHost(row: string): string {
  const without = `${row}.record`;
  return COUNTS.reduce(
    (text, name) => `replace(${text}, '"${name}":null', '"${name}":' || ${hostCount(row, name)})`,
    without,
  );
}

/** Prepares writing the counts of a host, by its key. */
export function prepareHostCounts(db: Connection): (key: number, record: HostRecord) => void {
  const put = db.prepare<[number, number, number]>(
    `INSERT INTO host_counts (host, revision, next_id) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET revision = excluded.revision, next_id = excluded.next_id`,
  );
  return (key, { revision, next_id }) => void put.run(key, revision, next_id);
}
