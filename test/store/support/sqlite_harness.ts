import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openReadConnection } from '../../../src/store/connection.ts';
import type { Store } from '../../../src/store/port.ts';
import { openSqliteStore, type SqliteStoreOptions } from '../../../src/runtime/sqlite_store.ts';

const FAULTY_WRITER = new URL('../../runtime/support/faulty_writer.ts', import.meta.url);

/** A database file in a directory of its own. */
export interface SqliteHarness {
  readonly path: string;
  readonly fatal: Error[];
  open(more?: Partial<SqliteStoreOptions>): Promise<Store>;
  /** Closes this store, too, at the end. */
  own(opening: Promise<Store>): Promise<Store>;
  /** Every row of every table, as text. */
  dump(): Promise<string>;
  cleanup(): Promise<void>;
}

export function sqliteHarness(writer: URL | null = FAULTY_WRITER): SqliteHarness {
  const directory = mkdtempSync(join(tmpdir(), 'daxplane-store-'));
  const path = join(directory, 'test.db');
  const stores: Store[] = [];
  const fatal: Error[] = [];
  const own = async (opening: Promise<Store>): Promise<Store> => {
    const store = await opening;
    stores.push(store);
    return store;
  };
  return {
    path,
    fatal,
    own,
    open: (more = {}) =>
      own(
        openSqliteStore({
          path,
          onFatal: (error) => void fatal.push(error),
          // What goes into a commit is not for the machine's load to say.
          turnMs: Number.POSITIVE_INFINITY,
          ...(writer === null ? {} : { writer }),
          ...more,
        }),
      ),
    dump: async () => dumpTables(path),
    cleanup: async () => {
      for (const store of stores) await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function dumpTables(path: string): string {
  const db = openReadConnection(path);
  const names = db
    .prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`)
    .pluck()
    .all();
  const rows = names.flatMap((name) => [
    name,
    ...db
      .prepare(`SELECT * FROM ${name}`)
      .all()
      .map((row) => JSON.stringify(row)),
  ]);
  db.close();
  return rows.join('\n');
}
