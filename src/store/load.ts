import { emptyHost, indexHost } from '../engine/model/apply.ts';
import type { Host, Kind } from '../engine/model/host.ts';
import type { Extents } from '../engine/model/inode.ts';
import type { Connection } from './connection.ts';
import { addChunk, type ChunkRow } from './entry_chunks.ts';
import { prepareHostKey } from './host_key.ts';
import { addMapped, type MappedRow } from './mapped_before.ts';
import { unpackRuns } from './packed_runs.ts';
import { hostColumn, KINDS, rowColumns } from './tables.ts';
import type { Table } from '../engine/model/table.ts';

/** A stored record: its JSON, the few runs of entries that some kinds have beside it, and the chunks of a file's extents. */
export interface Row {
  readonly id: string;
  readonly record: string;
  readonly runs?: Buffer;
  readonly extents?: string | null;
}

/** Prepares the reading of a whole host, empty where there is none. Records come in order of creation. */
export function prepareLoad(db: Connection): (host: string) => Host {
  const hostKey = prepareHostKey(db);
  const statements = KINDS.map((kind) => {
    const sql = `SELECT ${rowColumns(kind)} FROM ${kind} WHERE ${hostColumn(kind)} = ? ORDER BY key`;
    return [kind, db.prepare<[number], Row>(sql)] as const;
  });
  const chunks = db.prepare<[number], ChunkRow>(
    `SELECT owner, runs FROM entry_chunks WHERE host = ? ORDER BY owner, first`,
  );
  const mapped = db.prepare<[number], MappedRow>('SELECT removal, pfns FROM mapped_before WHERE host = ?');
  return (name) => {
    const host = emptyHost();
    const key = hostKey(name);
    if (key === undefined) return host;
    for (const [kind, statement] of statements) {
      for (const row of statement.iterate(key)) restore(host, kind, row);
    }
    for (const { owner, runs } of chunks.iterate(key)) addChunk(host, owner, runs);
    for (const row of mapped.iterate(key)) addMapped(host, row);
    return indexHost(host);
  };
}

/** Puts a row into its host. */
export function restore(host: Host, kind: Kind, row: Row): void {
  (host.tables[kind] as Table<unknown>).set(row.id, JSON.parse(row.record));
  if (row.runs !== undefined && row.runs.length > 0) host.entries.set(row.id, [unpackRuns(row.runs)]);
  addExtents(host, row);
}

/** Adds what stands apart of the extents of a file. */
export function addExtents(host: Host, { id, extents }: Row): void {
  if (typeof extents === 'string') host.extents.set(id, JSON.parse(extents) as Extents);
}
