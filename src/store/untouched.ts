import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { openQueryConnection, openReadConnection, type Connection } from './connection.ts';

/** What the first 100 bytes of a database say, without opening it. Source: sqlite.org/fileformat2.html, 1.3. */
export interface Header {
  readonly is_wal: boolean;
  readonly user_version: number;
  readonly application_id: number;
}

const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';
/** The read and write version of a file whose journal is a WAL. */
const WAL_VERSION = 2;

/** The header of a file, or null where it is no SQLite database. */
export function readHeader(path: string): Header | null {
  const header = Buffer.alloc(HEADER_BYTES);
  const file = openSync(path, 'r');
  try {
    readSync(file, header, 0, HEADER_BYTES, 0);
  } finally {
    closeSync(file);
  }
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) return null;
  return {
    is_wal: header.readUInt8(19) === WAL_VERSION,
    user_version: header.readInt32BE(60),
    application_id: header.readInt32BE(68),
  };
}

/**
 * Looks into a database and leaves it, and what is beside it, as it was: of a WAL database a connection makes -wal
 * and -shm, and whether another program uses them by now only SQLite knows.
 *
 *   no -wal, no -journal   a connection that could write removes what it has made, if nobody else is there
 *   -wal without -shm      the last such connection would work the WAL off, and one that reads leaves -shm: a copy
 *   otherwise              one that reads makes nothing
 */
export function lookInto(path: string, header: Header | null, look: (db: Connection) => void): void {
  const is = (suffix: string): boolean => existsSync(path + suffix);
  if (header?.is_wal === true && is('-wal') && !is('-shm')) {
    lookIntoCopy(path, look);
    return;
  }
  const isTidied = header?.is_wal === true && !is('-wal') && !is('-journal');
  lookOver(isTidied ? openQueryConnection(path) : openReadConnection(path), look);
}

function lookOver(db: Connection, look: (db: Connection) => void): void {
  try {
    look(db);
  } finally {
    db.close();
  }
}

function lookIntoCopy(path: string, look: (db: Connection) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'daxplane-look-'));
  try {
    const copy = join(directory, basename(path));
    for (const suffix of ['', '-wal']) copyFileSync(path + suffix, copy + suffix);
    lookOver(openReadConnection(copy), look);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
