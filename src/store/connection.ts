import type Database from 'better-sqlite3';
import { Sqlite } from './driver.ts';

/** An open database. */
export type Connection = Database.Database;
/** A prepared statement: what it is given, and the rows it gives. */
export type Statement<Values extends unknown[], Row = unknown> = Database.Statement<Values, Row>;

/** How long a connection waits for a lock that another program holds. */
export const BUSY_TIMEOUT_MS = 5_000;
/** What a WAL is cut back to when it has been emptied. */
export const JOURNAL_SIZE_LIMIT_BYTES = 64 * 1024 * 1024;
/** Pages that a connection that reads keeps: there are five, and the operating system keeps the file's, too. */
const READ_CACHE_KIB = 4_096;
/** PRAGMA synchronous: every commit reaches the disk before it is answered. */
const SYNCHRONOUS_FULL = 2;

/**
 * Opens the one connection that writes. Throws where the file cannot be written durably: WAL refused (a network
 * file system, say) or synchronous not FULL. A connection to a WAL file starts with a lower synchronous of its
 * own, so it is set here, after the journal mode, and looked at again.
 */
export function openWriteConnection(path: string, busyTimeoutMs = BUSY_TIMEOUT_MS): Connection {
  const db = new Sqlite(path, { timeout: busyTimeoutMs });
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('foreign_keys = ON');
  db.pragma(`journal_size_limit = ${JOURNAL_SIZE_LIMIT_BYTES}`);
  assertDurable(db);
  return db;
}

/** Opens a connection that only reads, and sees only what is committed. */
export function openReadConnection(path: string): Connection {
  return openQueryConnection(path, true);
}

/** Opens a connection that changes nothing it is asked to, but may tidy up files beside the database when it closes. */
export function openQueryConnection(path: string, readonly = false): Connection {
  const db = new Sqlite(path, { readonly, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  db.pragma('query_only = ON');
  db.pragma(`cache_size = -${String(READ_CACHE_KIB)}`);
  return db;
}

/** What the write connection runs with; throws where a commit would not be durable. */
export function assertDurable(db: Connection): { journal_mode: string; synchronous: number } {
  const journal_mode = String(db.pragma('journal_mode', { simple: true }));
  const synchronous = Number(db.pragma('synchronous', { simple: true }));
  if (journal_mode !== 'wal') throw new Error(`journal_mode is ${journal_mode}, not wal`);
  if (synchronous !== SYNCHRONOUS_FULL) throw new Error(`synchronous is ${synchronous}, not FULL`);
  return { journal_mode, synchronous };
}
