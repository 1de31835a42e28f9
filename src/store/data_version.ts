import type { Connection } from './connection.ts';

/** Prepares telling by which number SQLite knows what others have written: it is another one after they have. */
export function prepareDataVersion(db: Connection): { readonly get: () => number } {
  const statement = db.prepare<[], number>('PRAGMA data_version').pluck();
  return { get: () => statement.get()! };
}
