import type { Connection } from './connection.ts';

/** The key of the host of a name, in SQL: NULL where there is none. */
export function keyOfHost(name = '?'): string {
  return `(SELECT h.key FROM hosts AS h WHERE h.id = ${name})`;
}

/** Prepares finding the key of a host, which all its rows have. */
export function prepareHostKey(db: Connection): (name: string) => number | undefined {
  const select = db.prepare<[string], number>('SELECT key FROM hosts WHERE id = ?').pluck();
  return (name) => select.get(name);
}
