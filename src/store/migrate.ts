import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Connection } from './connection.ts';
import { defineMigrationFunctions } from './migration_functions.ts';

/** Beside src/ and dist/ alike. */
export const MIGRATIONS = new URL('../../migrations/', import.meta.url);

const CREATE_SCHEMA_MIGRATIONS = `CREATE TABLE IF NOT EXISTS schema_migrations (
  version INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  applied_at TEXT NOT NULL
) STRICT`;

/** One file of migrations/, or the row that says that it was applied. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly sha256: string;
}

/**
 * Brings a database to the newest schema, or to one of before, forward only, all or nothing; returns its version. Throws
 * where the database is newer than this program, or was made by a migration whose text has changed since.
 */
export function migrate(db: Connection, directory: URL = MIGRATIONS, version?: number): number {
  const migrations = readMigrations(directory).slice(0, version);
  defineMigrationFunctions(db);
  const run = db.transaction(() => {
    db.exec(CREATE_SCHEMA_MIGRATIONS);
    const applied = db.prepare<[], Migration>('SELECT * FROM schema_migrations ORDER BY version').all();
    assertSameHistory(applied, migrations);
    const record = db.prepare(
      'INSERT INTO schema_migrations (version, name, sha256, applied_at) VALUES (?, ?, ?, ?)',
    );
    for (const { version: number, name, sql, sha256 } of migrations.slice(applied.length)) {
      db.exec(sql);
      record.run(number, name, sha256, new Date().toISOString());
    }
    db.pragma(`user_version = ${String(migrations.length)}`);
  });
  run.immediate();
  return schemaVersion(db);
}

/** The version of the newest migration that was applied, 0 for none. */
export function schemaVersion(db: Connection): number {
  return db.prepare<[], number>('SELECT coalesce(max(version), 0) FROM schema_migrations').pluck().get() ?? 0;
}

/** The migrations this program has, numbered from 1 without a gap. */
export function readMigrations(directory: URL = MIGRATIONS): Migration[] {
  const names = readdirSync(directory).filter((name) => /^\d{4}_\w+\.sql$/.test(name));
  return names.sort().map((name, position) => {
    const version = Number(name.slice(0, 4));
    if (version !== position + 1) throw new Error(`migration ${name} is not number ${position + 1}`);
    const sql = readFileSync(new URL(name, directory), 'utf8');
    return { version, name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
  });
}

/** Throws where a database has a migration that this program has not, or another text of one. */
export function assertSameHistory(applied: readonly Migration[], known: readonly Migration[]): void {
  for (const [position, { version, name, sha256 }] of applied.entries()) {
    const ours = known[position];
    if (ours === undefined)
      throw new Error(`the database has migration ${version} ${name}, newer than this program`);
    if (ours.sha256 !== sha256) throw new Error(`migration ${name} has changed since it was applied`);
  }
}
