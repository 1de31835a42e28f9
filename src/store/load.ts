import { emptyHost, indexHost } from '../engine/model/apply.ts';
import type { Host, Kind } from '../engine/model/host.ts';
import type { Connection } from './connection.ts';
import { addChunk, type ChunkRow } from './entry_chunks.ts';
import { prepareHostKey } from './host_key.ts';
import { addMapped, type MappedRow } from './mapped_before.ts';
import { unpackRuns } from './packed_runs.ts';
import { hostColumn, KINDS, ownsEntries, wholeRecord } from './tables.ts';
import type { Table } from '../engine/model/table.ts';

/** A stored record: its JSON, and the few runs of entries that some kinds have beside it. */
export interface Row {
  readonly id: string;
  readonly record: string;
  readonly runs?: Buffer;
}

/** Prepares the reading of a whole host, empty where there is none. Records come in order of creation. */
export function prepareLoad(db: Connection): (host: string) => Host {
  const hostKey = prepareHostKey(db);
  const statements = KINDS.map((kind) => {
    const columns = `id, ${wholeRecord(kind)} AS record${ownsEntries(kind) ? ', runs' : ''}`;
    return [
      kind,
      db.prepare<[number], Row>(`SELECT ${columns} FROM ${kind} WHERE ${hostColumn(kind)} = ? ORDER BY key`),
    ] as const;
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
}
