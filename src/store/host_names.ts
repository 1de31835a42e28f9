import type { Connection } from './connection.ts';
import type { Known } from './known.ts';

/** Prepares finding the number of a host's name; one that is new is stored, in the transaction that is open. */
export function prepareNameKey(db: Connection, known: Known): (name: string) => number {
  const select = db.prepare<[string], number>('SELECT key FROM host_names WHERE name = ?').pluck();
  const insert = db
    .prepare<[string], number>('INSERT INTO host_names (name) VALUES (?) RETURNING key')
    .pluck();
  const keys = known.map<string, number>();
  return (name) => {
    const remembered = keys.get(name);
    if (remembered !== undefined) return remembered;
    const key = select.get(name) ?? insert.get(name)!;
    keys.set(name, key);
    return key;
  };
}
