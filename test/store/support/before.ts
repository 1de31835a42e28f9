import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Connection } from '../../../src/store/connection.ts';
import { Sqlite } from '../../../src/store/driver.ts';
import { MIGRATIONS, migrate } from '../../../src/store/migrate.ts';

/** A database as it was before the migration of that number. */
export function before(version: number): Connection {
  const directory = mkdtempSync(join(tmpdir(), 'daxplane-upgrade-'));
  try {
    const files = readdirSync(MIGRATIONS).filter((file) => Number(file.slice(0, 4)) < version);
    for (const file of files) cpSync(new URL(file, MIGRATIONS), join(directory, file));
    const db = new Sqlite(':memory:');
    db.pragma('foreign_keys = ON');
    migrate(db, pathToFileURL(`${directory}/`));
    return db;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
