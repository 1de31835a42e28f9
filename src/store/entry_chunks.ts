import type { Host } from '../engine/model/host.ts';
import type { Entries } from '../engine/model/mapping_table.ts';
import { inRows, writeDiffering } from './chunk_rows.ts';
import type { Connection } from './connection.ts';
import { packRuns, unpackRuns } from './packed_runs.ts';

/** A chunk of the entries of one owner, a mapping or a file. */
export interface ChunkRow {
  readonly owner: string;
  readonly runs: Buffer;
}

const NONE = Buffer.alloc(0);

/** What stands in the owner's own row: the runs of the only chunk. */
export function inlineRuns(entries: Entries): Buffer {
  return entries.length === 1 ? packRuns(entries[0]!) : NONE;
}

/** Writes what differs of an owner's entries; `from`: another owner of the same chunks, whose rows have been written. */
type WriteChunks = (hostKey: number, owner: string, before: Entries, after: Entries, from?: string) => void;

/**
 * Prepares writing the chunks in which two states of an owner's entries differ; all of another owner's are copied by one
 * statement.
 */
export function prepareChunkRows(db: Connection): WriteChunks {
  const remove = db.prepare('DELETE FROM entry_chunks WHERE host = ? AND owner = ? AND first = ?');
  const removeRange = db.prepare(
    'DELETE FROM entry_chunks WHERE host = ? AND owner = ? AND first BETWEEN ? AND ?',
  );
  const put = db.prepare(
    `INSERT INTO entry_chunks (host, owner, first, runs) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET runs = excluded.runs`,
  );
  const copy = db.prepare(
    `INSERT INTO entry_chunks (host, owner, first, runs)
     SELECT host, ?, first, runs FROM entry_chunks WHERE host = ? AND owner = ? ORDER BY first`,
  );
  return (key, owner, before, after, from) => {
    if (inRows(before).length === 0 && inRows(after).length > 0 && from !== undefined) {
      copy.run(owner, key, from);
      return;
    }
    writeDiffering(before, after, firstOf, {
      put: (first, chunk) => put.run(key, owner, first, packRuns(chunk)),
      remove: (first) => remove.run(key, owner, first),
      removeRange: (first, last) => removeRange.run(key, owner, first, last),
    });
  };
}

/** Index of the first page that a chunk has an entry for: none of the owner's others has the same. */
function firstOf(chunk: Float64Array): number {
  return chunk[0]!;
}

/** Adds a chunk that was loaded; those of an owner come in their order. */
export function addChunk(host: Host, owner: string, runs: Buffer): void {
  const chunks = host.entries.get(owner) as Float64Array[] | undefined;
  if (chunks === undefined) host.entries.set(owner, [unpackRuns(runs)]);
  else chunks.push(unpackRuns(runs));
}

interface FleetChunkRow extends ChunkRow {
  readonly host: number;
}

/** Prepares reading the chunks of the hosts of these keys, an array as JSON. */
export function prepareFleetChunks(db: Connection): (keys: string) => Iterable<FleetChunkRow> {
  const select = db.prepare<[string], FleetChunkRow>(
    `SELECT host, owner, runs FROM entry_chunks WHERE host IN (SELECT value FROM json_each(?))
     ORDER BY host, owner, first`,
  );
  return (keys) => select.iterate(keys);
}
