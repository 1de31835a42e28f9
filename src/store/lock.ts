import { existsSync, unlinkSync } from 'node:fs';
import { Sqlite } from './driver.ts';

/** The right to be the only process that serves a file, held until it is released or the process ends, however it ends. */
export interface Lock {
  /** The file beside the database that the system's lock is on; it stays. */
  readonly path: string;
  /** `litter`: the database was not ours after all, so that a lock file made for it goes, too. */
  release(litter?: 'litter'): void;
}

/**
 * Takes the lock of a database, or returns null where another process has it. It is SQLite's own exclusive lock on
 * an empty file beside it: the system lets go of it when the process dies. The database itself cannot be locked
 * so: the connections that read would be shut out with the rest of the world.
 */
export function takeLock(database: string): Lock | null {
  const path = `${database}-lock`;
  const wasThere = existsSync(path);
  const db = new Sqlite(path, { timeout: 0 });
  try {
    // No journal is made for a transaction that writes nothing.
    db.pragma('journal_mode = MEMORY');
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if ((error as { readonly code?: unknown }).code === 'SQLITE_BUSY') return null;
    throw error;
  }
  return {
    path,
    release: (litter) => {
      if (litter === 'litter' && !wasThere) unlinkSync(path);
      db.close();
    },
  };
}
