import type { Entries } from '../engine/model/mapping_table.ts';
import type { Connection } from './connection.ts';
import { keyOfHost } from './host_key.ts';
import { unpackChunks } from './packed_runs.ts';

/** Chunks of entries that are read at once where it is not said otherwise: of 128 entries each, in 2 … 6 ms. */
const CHUNKS_AT_ONCE = 1_024;

/** Reads a part of what a host needs; whether more of it is left. */
export type LoadMore = () => boolean;

/** Entries of owners, of which so many are read at once, of all that one asks for, as takes a few milliseconds. */
export interface EntriesAhead {
  /** Those of an owner that has rows of chunks, or none. */
  readonly of: (host: string, owner: string) => Entries;
  /**
   * What is looked at, or, where it asks for entries that take longer to read, how to go on with these: once they are there
   * it is to be done again. What it does has to be taken back where it throws.
   */
  readonly unlessMuch: <Seen>(look: () => Seen) => { readonly seen: Seen } | { readonly more: LoadMore };
  /** What was read of a host and kept for who waits: its rows may be others from now on. */
  readonly forget: (host: string) => void;
  /** The same of all hosts. Who has waited for one of these does not wait again: that may go on for ever. */
  readonly forgetAll: () => void;
}

/** Entries that are being read: those of the rows so far. */
interface Begun {
  readonly chunks: Float64Array[];
  isWhole: boolean;
}

/** Thrown to who waits for entries that are not read yet. */
class TooMuch extends Error {
  readonly more: LoadMore;

  constructor(more: LoadMore) {
    super('entries are to be read first');
    this.more = more;
  }
}

/** Prepares reading entries. What is read for who can wait is kept until it is forgotten, so that it need not be read again. */
export function prepareEntriesAhead(db: Connection, chunksAtOnce = CHUNKS_AT_ONCE): EntriesAhead {
  const select = db
    .prepare<[string, string, number, number], Buffer>(
      `SELECT runs FROM entry_chunks WHERE host = ${keyOfHost()} AND owner = ? AND first > ? ORDER BY first LIMIT ?`,
    )
    .pluck();
  const kept = new Map<string, Map<string, Begun>>();
  /** Hosts somebody has waited for in vain. */
  const hurried = new Set<string>();
  /** How many chunks who looks may still read; infinite for who does not wait. */
  let left = Number.POSITIVE_INFINITY;
  /** Reads the next rows; how many. */
  const goOn = (host: string, owner: string, begun: Begun, most: number): number => {
    const last = begun.chunks.at(-1)?.[0] ?? -1;
    const rows = select.all(host, owner, last, most);
    for (const chunk of unpackChunks(rows)) begun.chunks.push(chunk);
    begun.isWhole = rows.length < most;
    return rows.length;
  };
  const keep = (host: string, owner: string, begun: Begun): void => {
    const owners = kept.get(host) ?? new Map<string, Begun>();
    kept.set(host, owners.set(owner, begun));
  };
  return {
    of: (host, owner) => {
      const begun = kept.get(host)?.get(owner) ?? { chunks: [], isWhole: false };
      const waits = Number.isFinite(left) && !hurried.has(host);
      if (waits) keep(host, owner, begun);
      while (!begun.isWhole) {
        if (waits && left === 0)
          throw new TooMuch(() => {
            goOn(host, owner, begun, chunksAtOnce);
            return !begun.isWhole;
          });
        const read = goOn(host, owner, begun, waits ? Math.min(left, chunksAtOnce) : chunksAtOnce);
        if (waits) left -= read;
      }
      return begun.chunks;
    },
    unlessMuch: (look) => {
      left = chunksAtOnce;
      try {
        return { seen: look() };
      } catch (error) {
        if (error instanceof TooMuch) return { more: error.more };
        throw error;
      } finally {
        left = Number.POSITIVE_INFINITY;
      }
    },
    forget: (host) => {
      kept.delete(host);
      hurried.delete(host);
    },
    forgetAll: () => {
      for (const host of kept.keys()) hurried.add(host);
      kept.clear();
    },
  };
}
