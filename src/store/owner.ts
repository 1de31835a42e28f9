import { hostname } from 'node:os';
import { openReadConnection, type Connection } from './connection.ts';

interface Owner {
  readonly pid: number;
  readonly hostname: string;
  readonly url: string | null;
  readonly started_at: string;
}

/** The row that names the process which serves the file. */
export interface OwnerRow {
  /** Says where it answers, once it does. */
  readonly serveAt: (url: string) => void;
  /** A commit of its own that reaches the disk: the proof that the file takes writes. */
  readonly prove: (now: string) => void;
}

/** Enters this process as the owner. */
export function enterOwner(db: Connection, now: string): OwnerRow {
  db.prepare(
    'INSERT OR REPLACE INTO owner (one, pid, hostname, url, started_at, checked_at) VALUES (1, ?, ?, NULL, ?, NULL)',
  ).run(process.pid, hostname(), now);
  const serveAt = db.prepare<[string]>('UPDATE owner SET url = ?');
  const prove = db.prepare<[string]>('UPDATE owner SET checked_at = ?');
  return { serveAt: (url) => void serveAt.run(url), prove: (at) => void prove.run(at) };
}

/** Who serves a file that is locked, in words. The row may be missing, or be the last one's, while the new one is starting. */
export function nameOwner(path: string): string {
  const owner = readOwner(path);
  if (owner === null || isDead(owner)) return 'another daxplane that is starting';
  const { pid, url, started_at } = owner;
  const where = url === null ? '' : `, at ${url}`;
  return `another daxplane: pid ${String(pid)} on ${owner.hostname}${where}, since ${started_at}`;
}

function readOwner(path: string): Owner | null {
  let db: Connection | null = null;
  try {
    db = openReadConnection(path);
    return db.prepare<[], Owner>('SELECT pid, hostname, url, started_at FROM owner').get() ?? null;
  } catch {
    return null;
  } finally {
    db?.close();
  }
}

function isDead({ pid, hostname: name }: Owner): boolean {
  if (name !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM: it is there, and another user's.
    return (error as { readonly code?: unknown }).code === 'ESRCH';
  }
}
