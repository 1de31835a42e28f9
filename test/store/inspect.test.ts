import { createHash } from 'node:crypto';
import {
  copyFileSync,
  readdirSync,
  renameSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sqlite } from '../../src/store/driver.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MIGRATIONS } from '../../src/store/migrate.ts';
import { openOwned, type OwnedDatabase } from '../../src/store/open.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'daxplane-inspect-'));
  path = join(directory, 'file.db');
});
afterEach(() => rmSync(directory, { recursive: true }));

const open = (): OwnedDatabase => openOwned(path, 0);
const make = (): void => open().close();

function change(...sql: readonly string[]): void {
  const db = new Sqlite(path);
  for (const statement of sql) db.exec(statement);
  db.close();
}

/** Refused, and byte for byte as it was, with nothing new beside it. */
function expectRefused(message: string | RegExp): void {
  const before = contents();
  expect(open).toThrow(message);
  expect(contents()).toEqual(before);
}

/** Every file in the folder, by what is in it. An index of a WAL is made anew by whoever opens it first. */
function contents(): unknown {
  return readdirSync(directory).map((name) => [
    name,
    name.endsWith('-shm') ||
      createHash('sha256')
        .update(readFileSync(join(directory, name)))
        .digest('hex'),
  ]);
}

/** Leaves the database as a program does that ends without closing it. */
function abandon(...suffixes: readonly string[]): void {
  const db = new Sqlite(path);
  for (const sql of ['PRAGMA journal_mode = wal', 'PRAGMA wal_autocheckpoint = 0', 'CREATE TABLE late (a)'])
    db.exec(sql);
  const kept = join(directory, 'kept');
  for (const suffix of ['', ...suffixes]) copyFileSync(path + suffix, kept + suffix);
  db.close();
  for (const suffix of ['', ...suffixes]) renameSync(kept + suffix, path + suffix);
}

describe('what is not ours is refused, untouched', () => {
  test('a newer schema, by user_version', () => {
    make();
    const db = new Sqlite(path);
    const version = Number(db.pragma('user_version', { simple: true }));
    db.pragma(`user_version = ${String(version + 1)}`);
    db.close();
    expectRefused(`schema version ${String(version + 1)}, newer than this program's ${String(version)}`);
  });

  test('a newer schema, by its migrations', () => {
    make();
    change(`INSERT INTO schema_migrations VALUES (9999, '9999_more.sql', '', '')`);
    expectRefused('has another history than this program');
  });

  test('a migration of another text', () => {
    make();
    change(`UPDATE schema_migrations SET sha256 = 'x' WHERE version = 1`);
    expectRefused('has another history than this program');
  });

  test("another program's application_id", () => {
    change('CREATE TABLE t (a)', 'PRAGMA application_id = 252006675');
    expectRefused(`${path} is a database of another program (application_id 0xf055113`);
  });

  test("another program's application_id before it has tables", () => {
    change('PRAGMA application_id = 252006675');
    expectRefused('is a database of another program');
  });

  test('a newer schema whose header is not written yet', () => {
    make();
    abandon('-wal', '-shm');
    const db = new Sqlite(path);
    db.pragma('user_version = 9999');
    expectRefused('schema version 9999, newer');
    db.close();
  });

  describe.each([[['-wal', '-shm']], [['-wal']], [[]]])(
    "another program's file with %j beside it",
    (beside) => {
      test.each([0, 252006675])('and application_id %i', (id) => {
        change('CREATE TABLE t (a)', `PRAGMA application_id = ${String(id)}`);
        abandon(...beside);
        expect(readdirSync(directory)).toHaveLength(1 + beside.length);
        expectRefused(`${path} is a database of another program`);
      });
    },
  );

  test("another program's file that is in use", () => {
    change('PRAGMA journal_mode = wal', 'CREATE TABLE t (a)');
    const db = new Sqlite(path);
    db.exec('INSERT INTO t VALUES (1)');
    expectRefused(`${path} is a database of another program (tables t)`);
    db.exec('INSERT INTO t VALUES (2)');
    db.close();
    const after = new Sqlite(path);
    expect(after.prepare('SELECT a FROM t').pluck().all()).toEqual([1, 2]);
    after.close();
  });

  test.each(['delete', 'wal'])("another program's tables, in journal mode %s", (mode) => {
    change(
      `PRAGMA journal_mode = ${mode}`,
      'CREATE TABLE schema_migrations (version)',
      'CREATE TABLE hosts (a)',
    );
    expectRefused(`${path} is a database of another program`);
  });

  test('what is no database', () => {
    writeFileSync(path, 'Dear diary\n'.repeat(1000));
    expectRefused(`there is no SQLite database in ${path} (SQLITE_NOTADB); set DAXPLANE_DB`);
  });

  test('a folder', () => {
    mkdirSync(path);
    expect(open).toThrow(`${path} is not a file`);
  });
});

test('an empty file is a new database', () => {
  writeFileSync(path, '');
  make();
  change(`INSERT INTO hosts (id, uid_lo, kernel, health, record) VALUES ('a', 'u', 'v6.1', 'ok', '{}')`);
});

test('a database from before the application_id is adopted', () => {
  const first = readFileSync(new URL('0001_init.sql', MIGRATIONS), 'utf8');
  make();
  const db = new Sqlite(path, { readonly: true });
  const row = db.prepare('SELECT * FROM schema_migrations WHERE version = 1').get() as Record<string, string>;
  db.close();
  rmSync(path);
  change(
    first,
    'CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT',
    `INSERT INTO schema_migrations VALUES (1, '${row['name'] ?? ''}', '${row['sha256'] ?? ''}', '${row['applied_at'] ?? ''}')`,
  );
  make();
  const adopted = new Sqlite(path, { readonly: true });
  expect(adopted.pragma('application_id', { simple: true })).toBe(0x44415850);
  expect(Number(adopted.pragma('user_version', { simple: true }))).toBeGreaterThan(2);
  adopted.close();
});

test('a damaged root page of any table or index is found at the start', () => {
  make();
  const db = new Sqlite(path, { readonly: true });
  const pageSize = Number(db.pragma('page_size', { simple: true }));
  const roots = db
    .prepare<[], { name: string; rootpage: number }>(
      'SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0',
    )
    .all();
  db.close();
  const sound = readFileSync(path);
  expect(roots.length).toBeGreaterThan(30);
  for (const { name, rootpage } of roots) {
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(pageSize, 0xff), 0, pageSize, (rootpage - 1) * pageSize);
    closeSync(file);
    expect(open, name).toThrow(`there is damage in ${path} (SQLITE_CORRUPT`);
    writeFileSync(path, sound);
  }
});
