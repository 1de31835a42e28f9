import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Connection } from '../../../src/store/connection.ts';
import { Sqlite } from '../../../src/store/driver.ts';
import { MIGRATIONS, migrate } from '../../../src/store/migrate.ts';

/** A database as it was before the migration of that number. */
export function before(version: number): Connection {
  const db = new Sqlite(':memory:');
  db.pragma('foreign_keys = ON');
  migrateTo(db, version - 1);
  return db;
}

/** Puts a host there that has nothing yet, for the rows of what it has. */
export function addHost(db: Connection, host = 'h'): void {
  db.prepare(
    `INSERT INTO hosts (host, id, uid, revision, kernel, health, record) VALUES (?, ?, ?, 1, 'v6.12', 'ok', '{}')`,
  ).run(host, host, host);
}

/** A database as the first release left it. */
export function firstRelease(): Connection {
  const db = before(2);
  db.exec(readFileSync(new URL('../fixtures/v1.sql', import.meta.url), 'utf8'));
  return db;
}

/** Brings a database to that version and no further. */
export function migrateTo(db: Connection, version: number): void {
  const directory = mkdtempSync(join(tmpdir(), 'daxplane-upgrade-'));
  try {
    const files = readdirSync(MIGRATIONS).filter((file) => Number(file.slice(0, 4)) <= version);
    for (const file of files) cpSync(new URL(file, MIGRATIONS), join(directory, file));
    migrate(db, pathToFileURL(`${directory}/`));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
