import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { EventQuery, Seen } from '../backend.ts';
import { firstFrame, placeFrame, resyncFrame, type ResyncReason } from './frame.ts';
import type { Hub, LiveReader } from './hub.ts';
import type { StreamLimits } from './limits.ts';
import type { PageReader } from './read_page.ts';

/** From where a stream begins, and what it is of. */
export interface Start {
  readonly at: number;
  readonly filter: Omit<EventQuery, 'limit' | 'after' | 'newest_first'>;
}

interface Parts {
  readonly pages: PageReader;
  readonly hub: Hub;
  readonly limits: StreamLimits;
  /** Told what has ended a stream. */
  readonly onError: (error: unknown) => void;
}

/** A stream that is open. */
export interface Stream {
  /** Up to here its client has been sent everything that is for it. */
  readonly at: () => number;
  /** Says how far it has come, unless the reader has enough to read. */
  readonly beat: () => void;
  /** Ends it: the client connects again and goes on from where it was. */
  readonly end: () => void;
  /** Ends it with a word that the reader has to begin anew. */
  readonly resync: (reason: ResyncReason, from: number, seen: Seen) => void;
  /** Reads the journal on from its start, then sends what comes; resolves when it is at the end of the journal, or over. */
  readonly run: () => Promise<void>;
}

/**
 * Writes events to one client, in order, each once:
 *
 *   behind ── page of the journal ─► write ─► drained? ─┐          live ◄── hub: frames ─► unsent > bound? ─► write
 *     ▲                                                 │            ▲                 │
 *     └──────────── more, or the hub is further ◄───────┴── joined ──┘     resync, end ◄┘
 *
 * Who is behind is never sent more than a page that it has not taken: it reads at its own pace. At the end of the journal
 * it shares what the hub reads, and is let go where it falls behind that.
 */
export function createStream(response: ServerResponse, { at: first, filter }: Start, parts: Parts): Stream {
  const { pages, hub, limits, onError } = parts;
  // `sent`: bytes that it was sent last of what is shared.
  let [at, sent, isOver] = [first, 0, false];
  const over = (): void => {
    isOver = true;
    hub.leave(reader);
  };
  const isRead = (): boolean => !isOver;
  const end = (): void => {
    if (isOver) return;
    over();
    endSoon(response, limits.drain_ms);
  };
  const resync = (reason: ResyncReason, from: number, { as_of, oldest_seq }: Seen): void => {
    if (isOver) return;
    response.write(resyncFrame(from, { reason, after: at, as_of, oldest_seq }));
    end();
  };
  const lost = (seen: Seen): void => resync('events_gone', seen.oldest_seq - 1, seen);
  const reader: LiveReader = {
    filter: Object.keys(filter).length === 0 ? null : filter,
    at: () => at,
    take: (frames, upTo, seen) => {
      // What was sent last may be one event of any size, and nobody has had time for it who is asked at once.
      if (response.writableLength - sent > limits.unsent_bytes) resync('too_slow', at, seen);
      if (isOver) return;
      send(response, frames);
      [sent, at] = [frames?.length ?? sent, upTo];
    },
    isFull: () => response.writableNeedDrain,
    lost,
    stop: end,
  };
  /** Whether it is to read on. */
  const readPage = async (): Promise<boolean> => {
    const page = await pages.read(filter, at);
    if (at + 1 < page.oldest_seq) lost(page);
    if (isOver) return false;
    await pages.inTurn(() => send(response, page.frames));
    at = page.is_full ? page.last! : Math.max(at, page.as_of);
    await drained(response);
    // Whoever left meanwhile joins nobody.
    return isRead() && (page.is_full || !hub.join(reader));
  };
  response.once('close', over);
  response.write(firstFrame(at));
  return {
    at: () => at,
    beat: () => {
      if (isRead() && !response.writableNeedDrain) response.write(placeFrame(at));
    },
    end,
    resync,
    run: async () => {
      try {
        while (!isOver && (await readPage())) await setImmediate();
      } catch (error) {
        end();
        onError(error);
      }
    },
  };
}

function send(response: ServerResponse, frames: Buffer | null): void {
  if (frames !== null && !response.writableEnded) response.write(frames);
}

/** Ends an answer, whose client has that long to read the rest. */
function endSoon(response: ServerResponse, drain_ms: number): void {
  response.end();
  const cut = setTimeout(() => response.destroy(), drain_ms);
  response.once('close', () => clearTimeout(cut));
}

/** Resolves once what was written is taken, or nobody takes it any more. */
async function drained(response: ServerResponse): Promise<void> {
  if (!response.writableNeedDrain) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
