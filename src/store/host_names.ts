import type { Connection } from './connection.ts';

/** Prepares finding the number of a host's name; one that is new is stored, in the transaction that is open. */
export function prepareNameKey(db: Connection): (name: string) => number {
  const select = db.prepare<[string], number>('SELECT key FROM host_names WHERE name = ?').pluck();
  const insert = db
    .prepare<[string], number>('INSERT INTO host_names (name) VALUES (?) RETURNING key')
    .pluck();
  return (name) => select.get(name) ?? insert.get(name)!;
}
