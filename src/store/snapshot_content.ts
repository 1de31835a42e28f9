import { gunzipSync, gzipSync } from 'node:zlib';
import type { Host } from '../engine/model/host.ts';
import type { Connection } from './connection.ts';
import { Sqlite } from './driver.ts';
import { prepareHostKey } from './host_key.ts';
import { prepareLoad } from './load.ts';
import { migrate, schemaVersion } from './migrate.ts';
import { KINDS } from './tables.ts';

/**
 * The content of a snapshot: the rows of one host as they stand, and of which version of the schema they are, as JSON,
 * compressed. It is read by putting them into an empty database of that version in memory, which the migrations since then
 * bring to the newest one, as they do with a file of that age: so a snapshot lives as long as a database.
 */
interface Content {
  readonly schema_version: number;
  readonly host: string;
  readonly tables: readonly TableRows[];
}

interface TableRows {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
}

/** A value as JSON has it: of an integer beyond 2^53, and of bytes, a text in an array. */
type Value = string | number | null | readonly ['integer' | 'bytes', string];

/** What is stored beside the records of a host, and the column that says of which host, or file, it is. */
const BESIDE = [
  ['host_counts', 'host'],
  ['labels', 'host'],
  ['entry_chunks', 'host'],
  ['mapped_before', 'host'],
] as const;

/** Prepares reading the rows of a host, as text: to be packed once nothing is read any more. */
export function prepareDump(db: Connection): (host: string) => string {
  const hostKey = prepareHostKey(db);
  const tables = [
    ['hosts', 'key = ?'] as const,
    ...KINDS.filter((kind) => kind !== 'hosts' && kind !== 'snapshots').map(
      (kind) => [kind, 'host = ? ORDER BY key'] as const,
    ),
    ...BESIDE.map(([table, column]) => [table, `${column} = ?`] as const),
    ['extent_chunks', 'file IN (SELECT key FROM files WHERE host = ?)'] as const,
  ].map(([table, where]) => {
    const columns = columnsOf(db, table);
    const select = db.prepare<[number], unknown[]>(
      `SELECT ${columns.map(quote).join(', ')} FROM ${table} WHERE ${where}`,
    );
    return { table, columns, select: select.raw().safeIntegers() };
  });
  return (host) => {
    const key = hostKey(host);
    const dumped = tables.map(({ table, columns, select }): TableRows => {
      const rows = key === undefined ? [] : select.all(key).map((row) => row.map(toldValue));
      return { table, columns, rows };
    });
    const content: Content = { schema_version: schemaVersion(db), host, tables: dumped };
    return JSON.stringify(content);
  };
}

/** Columns that are stored: none that is computed. */
function columnsOf(db: Connection, table: string): string[] {
  return (db.pragma(`table_info(${table})`) as { readonly name: string }[]).map(({ name }) => name);
}

function toldValue(value: unknown): Value {
  if (typeof value === 'bigint')
    return Number.isSafeInteger(Number(value)) ? Number(value) : ['integer', String(value)];
  return Buffer.isBuffer(value) ? ['bytes', value.toString('base64')] : (value as string | number | null);
}

function storedValue(value: Value): string | number | bigint | Buffer | null {
  if (!Array.isArray(value)) return value as string | number | null;
  const [type, text] = value as readonly ['integer' | 'bytes', string];
  return type === 'integer' ? BigInt(text) : Buffer.from(text, 'base64');
}

/** Packs a dump. */
export function packContent(dump: string): Buffer {
  return gzipSync(dump);
}

/** The host that was packed, as this version has it. Throws where it cannot be read. */
export function hostIn(packed: Buffer): Host {
  const content = JSON.parse(gunzipSync(packed).toString('utf8')) as Content;
  const db = new Sqlite(':memory:');
  try {
    const known = migrate(db, undefined, content.schema_version);
    if (known !== content.schema_version)
      throw new Error(
        `its schema is ${String(content.schema_version)}, and this program knows ${String(known)}`,
      );
    db.pragma('foreign_keys = OFF');
    db.transaction(insertAll)(db, content.tables);
    migrate(db);
    const host = prepareLoad(db)(content.host);
    if (host.tables.hosts.size === 0) throw new Error('it has no host');
    return host;
  } finally {
    db.close();
  }
}

function insertAll(db: Connection, tables: readonly TableRows[]): void {
  for (const { table, columns, rows } of tables) {
    if (rows.length === 0) continue;
    const names = columns.map(quote).join(', ');
    const insert = db.prepare(
      `INSERT INTO ${quote(table)} (${names}) VALUES (${columns.map(() => '?').join(', ')})`,
    );
    for (const row of rows) insert.run(...row.map(storedValue));
  }
}

function quote(name: string): string {
  return `"${name}"`;
}

/** Bytes of a row of a content. */
const CHUNK_BYTES = 64 * 1024;

/** Prepares writing the content of a snapshot that has its record. */
export function prepareWriteContent(db: Connection): (hostKey: number, id: string, packed: Buffer) => void {
  const insert = db.prepare(
    `INSERT INTO snapshot_chunks (snapshot, number, bytes)
     VALUES ((SELECT key FROM snapshots WHERE host = ? AND id = ?), ?, ?)`,
  );
  return (hostKey, id, packed) => {
    for (let at = 0; at < packed.length; at += CHUNK_BYTES)
      insert.run(hostKey, id, at / CHUNK_BYTES, packed.subarray(at, at + CHUNK_BYTES));
  };
}

/** Prepares reading the content of a snapshot of a host; null where there is none. */
export function prepareReadContent(db: Connection): (host: string, id: string) => Buffer | null {
  const select = db
    .prepare<[string, string], Buffer>(
      `SELECT c.bytes FROM snapshot_chunks AS c JOIN snapshots AS s ON s.key = c.snapshot
       JOIN hosts AS h ON h.key = s.host WHERE h.id = ? AND s.id = ? ORDER BY c.number`,
    )
    .pluck();
  return (host, id) => {
    const chunks = select.all(host, id);
    return chunks.length === 0 ? null : Buffer.concat(chunks);
  };
}
