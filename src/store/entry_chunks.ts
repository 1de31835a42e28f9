import type { Host } from '../engine/model/host.ts';
import { differing, type Entries } from '../engine/model/mapping_table.ts';
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

/** Chunks that stand in rows of their own: a single one stands in its owner's. */
export function inRows<Chunk>(chunks: readonly Chunk[]): readonly Chunk[] {
  return chunks.length === 1 ? [] : chunks;
}

/** Writes what differs of an owner's entries; `from`: another owner of the same chunks, whose rows have been written. */
type WriteChunks = (hostKey: number, owner: string, before: Entries, after: Entries, from?: string) => void;

/**
 * Prepares writing the chunks in which two states of an owner's entries differ: a change shares all others between the
 * two, and so do entries that were loaded with the rows that they were loaded from. O(chunks) comparisons; those that go
 * and have none in their place go by one range of keys, and all of another owner's are copied by one statement.
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
    const was = inRows(before);
    const [gone, come] = differing(was, inRows(after));
    if (gone.length + come.length === 0) return;
    if (was.length === 0 && from !== undefined) {
      copy.run(owner, key, from);
      return;
    }
    if (come.length === 0) {
      removeRange.run(key, owner, firstOf(gone[0]!), firstOf(gone.at(-1)!));
      return;
    }
    const [stored, firsts] = [new Set(gone), new Set(come.map(firstOf))];
    for (const first of gone.map(firstOf)) if (!firsts.has(first)) remove.run(key, owner, first);
    for (const chunk of come) if (!stored.has(chunk)) put.run(key, owner, firstOf(chunk), packRuns(chunk));
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
