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
export function addHost(
  db: Connection,
  host = 'h',
  { kernel = 'v6.12', revision = 1, record = {} } = {},
): void {
  db.prepare(
    `INSERT INTO hosts (host, id, uid, revision, kernel, health, record) VALUES (?, ?, ?, ?, ?, 'ok', ?)`,
  ).run(host, host, host, revision, kernel, JSON.stringify(record));
}

/** Puts a mount there, of revision 3, that is named by its state. */
export function addMount(db: Connection, host: string, state: string): void {
  db.prepare(
    `INSERT INTO mounts (host, id, uid, revision, dax_device, fs_type, state, fs_state, file_system, path, record)
     VALUES (@host, @state, @host || @state, 3, 'pmem0', 'ext4', @state, 'alive', 's1', '/mnt', '{"revision":3}')`,
  ).run({ host, state });
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
