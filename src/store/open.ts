import { mkdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { openWriteConnection, type Connection } from './connection.ts';
import { describeFault, StoreFault } from './fault.ts';
import { watchIdentity } from './identity.ts';
import { inspect } from './inspect.ts';
import { takeLock, type Lock } from './lock.ts';
import { migrate, readMigrations } from './migrate.ts';
import { enterOwner, nameOwner, type OwnerRow } from './owner.ts';
import { recount } from './recount.ts';

/** A database that this process alone serves. */
export interface OwnedDatabase {
  readonly db: Connection;
  /** Without symbolic links: one file has one lock. */
  readonly path: string;
  readonly owner: OwnerRow;
  /** The data version of what the fleet's counts are of. */
  readonly counted: number;
  /** Why the files under the path are no longer those that are open; null while they are. */
  readonly lost: () => string | null;
  readonly close: () => void;
}

/**
 * Opens a database to serve it; made, with its folder and schema, where there is none:
 *
 *   lock beside it ─> look, change nothing ─> open, migrate ─> enter as owner ─> remember which files these are
 *        └ taken: refuse, name who has it    └ another's, newer, damaged: refuse, untouched
 *
 * Throws a StoreFault that says what is the matter, which file, and the remedy.
 */
export function openOwned(given: string, busyTimeoutMs: number): OwnedDatabase {
  let path = given;
  let lock: Lock | null = null;
  let db: Connection | null = null;
  let isOurs = false;
  try {
    path = realPath(given);
    lock = takeLock(path);
    if (lock === null) throw taken(path);
    inspect(path, readMigrations());
    isOurs = true;
    db = openWriteConnection(path, busyTimeoutMs);
    migrate(db);
    const counted = recount(db);
    const owner = enterOwner(db, new Date().toISOString());
    return { db, path, owner, counted, lost: watchIdentity(path), close: closing(db, lock) };
  } catch (error) {
    db?.close();
    lock?.release(isOurs ? undefined : 'litter');
    throw describeFault(error, path);
  }
}

function closing(db: Connection, lock: Lock): () => void {
  return () => {
    // In this order: the last checkpoint is still under the lock.
    db.close();
    lock.release();
  };
}

/** The path without symbolic links. Refuses a file of several names: SQLite's -wal belongs to a name, not to a file. */
function realPath(given: string): string {
  mkdirSync(dirname(given), { recursive: true });
  const stats = statSync(given, { throwIfNoEntry: false });
  if (stats === undefined) return join(realpathSync(dirname(given)), basename(given));
  const path = realpathSync(given);
  if (!stats.isFile()) {
    throw new StoreFault(`${path} is not a file; set DAXPLANE_DB to the path of one`, { code: 'not_ours' });
  }
  if (stats.nlink > 1) {
    throw new StoreFault(
      `${path} has ${String(stats.nlink)} names (hard links), and a server under each would not see the other; remove the others, or copy the file`,
      { code: 'not_ours' },
    );
  }
  return path;
}

function taken(path: string): StoreFault {
  return new StoreFault(
    `${path} is served by ${nameOwner(path)}; use that one, stop it, or set DAXPLANE_DB to another path`,
    { code: 'taken' },
  );
}
