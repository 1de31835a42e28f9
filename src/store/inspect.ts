import { statSync } from 'node:fs';
import { openReadConnection, type Connection } from './connection.ts';
import { StoreFault } from './fault.ts';
import { assertSameHistory, type Migration } from './migrate.ts';

/** "DAXP": the application_id in the header of our files, set by a migration. */
const APPLICATION_ID = 0x44415850;
/** Tables of the first schema: a file from before the application_id is known by them. */
const FIRST_TABLES = ['schema_migrations', 'hosts', 'dax_devices', 'events', 'idempotency_keys'];

interface SchemaRow {
  readonly type: 'table' | 'index';
  readonly name: string;
  readonly tbl_name: string;
}

/**
 * Looks at a file, over a connection that only reads, before anything is changed in it. Throws where it is another
 * program's, newer than this one, or damaged in the pages that everything hangs from. A file that is not there or
 * has nothing in it is a new one.
 */
export function inspect(path: string, known: readonly Migration[]): void {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return;
  const db = openReadConnection(path);
  try {
    const schema = db
      .prepare<[], SchemaRow>('SELECT type, name, tbl_name FROM sqlite_schema WHERE rootpage > 0')
      .all();
    const tables = schema.flatMap(({ type, name }) => (type === 'table' ? [name] : []));
    const application_id = Number(db.pragma('application_id', { simple: true }));
    if (tables.length === 0 && application_id === 0) return;
    assertOurs(path, application_id, tables);
    assertKnown(db, path, known);
    for (const row of schema) readFirst(db, row);
  } finally {
    db.close();
  }
}

function assertOurs(path: string, application_id: number, tables: readonly string[]): void {
  const isOurs =
    application_id === APPLICATION_ID ||
    (application_id === 0 && FIRST_TABLES.every((table) => tables.includes(table)));
  if (isOurs) return;
  const id = `0x${(application_id >>> 0).toString(16)}`;
  const whose = `application_id ${id}, tables ${tables.slice(0, 5).join(', ')}`;
  throw new StoreFault(
    `${path} is a database of another program (${whose}); set DAXPLANE_DB to another path, or move the file away`,
    { code: 'not_ours' },
  );
}

function assertKnown(db: Connection, path: string, known: readonly Migration[]): void {
  const user_version = Number(db.pragma('user_version', { simple: true }));
  const remedy =
    'start it with the version of daxplane that wrote it, or put a backup from before in its place';
  if (user_version > known.length) {
    throw new StoreFault(
      `${path} has schema version ${String(user_version)}, newer than this program's ${String(known.length)}; ${remedy}`,
      { code: 'newer' },
    );
  }
  const applied = db.prepare<[], Migration>('SELECT * FROM schema_migrations ORDER BY version').all();
  try {
    assertSameHistory(applied, known);
  } catch (error) {
    throw new StoreFault(`${path} has another history than this program; ${remedy}`, {
      code: 'newer',
      cause: error,
    });
  }
}

/** Goes down a tree from its root to its first row: a damaged root is found now and not by the first who reads. */
function readFirst(db: Connection, { type, name, tbl_name }: SchemaRow): void {
  const tree = type === 'table' ? 'NOT INDEXED' : `INDEXED BY "${name}"`;
  db.prepare(`SELECT * FROM "${tbl_name}" ${tree} LIMIT 1`).get();
}
