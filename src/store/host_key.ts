import type { Connection } from './connection.ts';
import type { Known } from './known.ts';

/** The key of the host of a name, in SQL: NULL where there is none. */
export function keyOfHost(name = '?'): string {
  return `(SELECT h.key FROM hosts AS h WHERE h.id = ${name})`;
}

/** Prepares finding the key of a host, which all its rows have. */
export function prepareHostKey(db: Connection): (name: string) => number | undefined {
  const select = db.prepare<[string], number>('SELECT key FROM hosts WHERE id = ?').pluck();
  return (name) => select.get(name);
}

/** The keys of hosts, as who writes them remembers them. */
export interface HostKeys {
  readonly of: (name: string) => number | undefined;
  /** Its row is another one from now on, or none. */
  readonly changed: (name: string) => void;
}

/** Prepares finding the keys of hosts that are written here. */
export function prepareHostKeys(db: Connection, known: Known): HostKeys {
  const stored = prepareHostKey(db);
  const keys = known.map<string, number>();
  return {
    of: (name) => {
      const key = keys.get(name) ?? stored(name);
      if (key !== undefined) keys.set(name, key);
      return key;
    },
    changed: (name) => void keys.delete(name),
  };
}
