import { emptyHost, indexHost } from '../engine/model/apply.ts';
import type { Host } from '../engine/model/host.ts';
import type { Extents } from '../engine/model/inode.ts';
import type { Connection } from './connection.ts';
import { addChunk, type ChunkRow } from './entry_chunks.ts';
import { prepareHostKey } from './host_key.ts';
import { addMapped, type MappedRow } from './mapped_before.ts';
import { prepareJoined, restoreRows } from './joined_rows.ts';
import { KINDS } from './tables.ts';

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
  const kinds = KINDS.map((kind) => ({ kind, read: prepareJoined(db, kind, '= ?') }));
  const chunks = db.prepare<[number], ChunkRow>(
    `SELECT owner, runs FROM entry_chunks WHERE host = ? ORDER BY owner, first`,
  );
  const mapped = db.prepare<[number], MappedRow>('SELECT removal, pfns FROM mapped_before WHERE host = ?');
  return (name) => {
    const host = emptyHost();
    const key = hostKey(name);
    if (key === undefined) return host;
    for (const { kind, read } of kinds) for (const rows of read(key)) restoreRows(host, kind, rows);
    for (const { owner, runs } of chunks.iterate(key)) addChunk(host, owner, runs);
    for (const row of mapped.iterate(key)) addMapped(host, row);
    return indexHost(host);
  };
}

/** Adds what stands apart of the extents of a file. */
export function addExtents(host: Host, { id, extents }: Row): void {
  if (typeof extents === 'string') host.extents.set(id, JSON.parse(extents) as Extents);
}
