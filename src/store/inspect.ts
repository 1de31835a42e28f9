import { statSync } from 'node:fs';
import type { Connection } from './connection.ts';
import { StoreFault } from './fault.ts';
import { assertSameHistory, type Migration } from './migrate.ts';
import { lookInto, readHeader, type Header } from './untouched.ts';

/** "DAXP": the application_id in the header of our files, set by a migration. */
const APPLICATION_ID = 0x44415850;
/** Tables of the first schema: a file from before the application_id is known by them. */
const FIRST_TABLES = ['schema_migrations', 'hosts', 'dax_devices', 'events', 'idempotency_keys'];
const NEWER_REMEDY =
  'start it with the version of daxplane that wrote it, or put a backup from before in its place';

interface SchemaRow {
  readonly type: 'table' | 'index';
  readonly name: string;
  readonly tbl_name: string;
  /** Null of an index that SQLite made for a constraint. */
  readonly sql: string | null;
}

/**
 * Looks at a file before anything is changed in it, and leaves what is beside it as it was. Throws where it is another
 * program's, newer than this one, or damaged in the pages that everything hangs from. A file that is not there or
 * has nothing in it is a new one.
 */
export function inspect(path: string, known: readonly Migration[]): void {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return;
  const header = readHeader(path);
  if (header !== null) assertServable(path, header, known);
  lookInto(path, header, (db) => {
    const schema = db
      .prepare<[], SchemaRow>('SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE rootpage > 0')
      .all();
    const tables = schema.flatMap(({ type, name }) => (type === 'table' ? [name] : []));
    // A WAL may be ahead of the header.
    const [user_version = 0, application_id = 0] = ['user_version', 'application_id'].map((name) =>
      Number(db.pragma(name, { simple: true })),
    );
    if (tables.length === 0 && application_id === 0) return;
    assertServable(path, { user_version, application_id }, known);
    if (application_id === 0 && !FIRST_TABLES.every((table) => tables.includes(table)))
      throw notOurs(path, `tables ${tables.slice(0, 5).join(', ')}`);
    assertHistory(db, path, known);
    for (const row of schema) readFirst(db, row);
  });
}

/** Throws where the header alone says that the file is another program's or newer. */
function assertServable(
  path: string,
  { application_id, user_version }: Omit<Header, 'is_wal'>,
  known: readonly Migration[],
): void {
  if (application_id !== APPLICATION_ID && application_id !== 0)
    throw notOurs(path, `application_id 0x${(application_id >>> 0).toString(16)}`);
  if (application_id === APPLICATION_ID && user_version > known.length) {
    throw new StoreFault(
      `${path} has schema version ${String(user_version)}, newer than this program's ${String(known.length)}; ${NEWER_REMEDY}`,
      { code: 'newer' },
    );
  }
}

function notOurs(path: string, whose: string): StoreFault {
  return new StoreFault(
    `${path} is a database of another program (${whose}); set DAXPLANE_DB to another path, or move the file away`,
    { code: 'not_ours' },
  );
}

function assertHistory(db: Connection, path: string, known: readonly Migration[]): void {
  const applied = db.prepare<[], Migration>('SELECT * FROM schema_migrations ORDER BY version').all();
  try {
    assertSameHistory(applied, known);
  } catch (error) {
    throw new StoreFault(`${path} has another history than this program; ${NEWER_REMEDY}`, {
      code: 'newer',
      cause: error,
    });
  }
}

/** Goes down a tree from its root to its first row: a damaged root is found now and not by the first who reads. */
function readFirst(db: Connection, { type, name, tbl_name, sql }: SchemaRow): void {
  const tree = type === 'table' ? 'NOT INDEXED' : `INDEXED BY "${name}"`;
  // SQLite takes a partial index only for who asks for rows that are in it.
  const rows = type === 'index' ? (/ WHERE .*$/is.exec(sql ?? '')?.[0] ?? '') : '';
  db.prepare(`SELECT * FROM "${tbl_name}" ${tree}${rows} LIMIT 1`).get();
}
