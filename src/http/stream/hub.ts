import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { matchesEvent } from '../../service/event_filter.ts';
import type { Backend, EventPage, EventQuery, Seen } from '../backend.ts';
import { eventFrame } from './frame.ts';
import { inTurns } from '../../app/event_loop_turns.ts';

/** Events that are read, encoded and sent in one turn; fewer where they are large. */
const PAGE = 200;

/** Who is at the end of the journal, and is sent what comes. */
export interface LiveReader {
  /** Null for all events. */
  readonly filter: Omit<EventQuery, 'limit'> | null;
  /** Up to here it has been sent everything that is for it. */
  readonly at: () => number;
  /** Frames for it, none of which may be, and up to where that is everything. */
  readonly take: (frames: Buffer | null, at: number, seen: Seen) => void;
  /** Whether it has not taken yet what it was sent. */
  readonly isFull: () => boolean;
  /** The journal no longer has what comes next for it. */
  readonly lost: (seen: Seen) => void;
  /** The journal cannot be read or sent: the service stops, or has a fault. */
  readonly stop: () => void;
}

/** Sends what is committed to all who are at the end of the journal. */
export interface Hub {
  /** False where the reader is behind what was sent to the others: it has to read on by itself. */
  readonly join: (reader: LiveReader) => boolean;
  readonly leave: (reader: LiveReader) => void;
}

/** Who is live, and up to where everything was sent to them; of no meaning without any. */
interface Live {
  readonly readers: Set<LiveReader>;
  head: number;
}

interface Frame {
  readonly event: EventPage['items'][number];
  readonly bytes: Buffer;
}

/**
 * One reading of the journal for all: each event is read and encoded once, some milliseconds after its commit together
 * with those that came meanwhile, and goes as the same bytes to everybody. Without readers it listens to nothing. An error
 * stops them all, who connect again, and is told.
 *
 *   onCommit ─► due ─ coalesce_ms ─► page of the journal ─► frames ─┬─► all of them: one Buffer
 *                          ▲                            │            └─► filtered: those that match
 *                          └──── more has come ◄────────┘
 */
export function createHub(
  backend: Pick<Backend, 'events' | 'onCommit'>,
  coalesce_ms: number,
  onError: (error: unknown) => void,
): Hub {
  const live: Live = { readers: new Set(), head: 0 };
  const { readers } = live;
  let timer: NodeJS.Timeout | null = null;
  let [isReading, isDue] = [false, false];
  let unsubscribe: (() => void) | null = null;

  const wake = (): void => {
    isDue = true;
    if (timer !== null || isReading) return;
    timer = setTimeout(() => {
      timer = null;
      void read();
    }, coalesce_ms);
  };
  const read = async (): Promise<void> => {
    isReading = true;
    try {
      while (isDue && readers.size > 0) {
        isDue = false;
        if (await sendPage(backend, live)) isDue = true;
        // Of many events a page at a time, each with some time to be taken: nobody is slow who keeps up with that.
        if (isDue && [...readers].some((reader) => reader.isFull())) await sleep(coalesce_ms);
        else await setImmediate();
      }
    } catch (error) {
      for (const reader of [...readers]) reader.stop();
      onError(error);
    } finally {
      isReading = false;
    }
    if (isDue && readers.size > 0) wake();
  };
  return {
    join: (reader) => {
      if (readers.size === 0) {
        live.head = reader.at();
        // A commit of the service's own records has no event.
        unsubscribe = backend.onCommit(({ seq }) => {
          if (seq > live.head) wake();
        });
        // What was committed since the reader has looked was told to nobody.
        wake();
      } else if (reader.at() < live.head) return false;
      readers.add(reader);
      return true;
    },
    leave: (reader) => {
      if (!readers.delete(reader) || readers.size > 0) return;
      unsubscribe?.();
      unsubscribe = null;
      if (timer !== null) clearTimeout(timer);
      timer = null;
      isDue = false;
    },
  };
}

/** Sends what comes next; whether more follow. */
async function sendPage(backend: Pick<Backend, 'events'>, live: Live): Promise<boolean> {
  const from = live.head;
  const page = await backend.events({ after: from, limit: PAGE });
  // It was read for others than those who are there now.
  if (live.readers.size === 0 || live.head !== from) return true;
  // A reader that was further than the others may have its place still.
  for (const reader of live.readers) if (reader.at() + 1 < page.oldest_seq) reader.lost(page);
  const last = page.items.at(-1)?.seq;
  if (last === undefined) return false;
  live.head = last;
  const frames = page.items.map((event): Frame => ({ event, bytes: Buffer.from(eventFrame(event)) }));
  await send(live, frames, from, last, page);
  return last < page.as_of;
}

/**
 * A reader that was further than the others has what came before its place already; one that joins meanwhile is further,
 * and one that leaves meanwhile is sent nothing.
 */
async function send(
  { readers }: Live,
  frames: readonly Frame[],
  from: number,
  last: number,
  seen: Seen,
): Promise<void> {
  const all = bytesOf(frames);
  await inTurns([...readers], (reader) => {
    if (!readers.has(reader)) return;
    const { filter } = reader;
    const at = reader.at();
    if (filter === null && at === from) reader.take(all, last, seen);
    else if (at < last) {
      const own = frames.filter(
        ({ event }) => event.seq > at && (filter === null || matchesEvent(filter, event)),
      );
      reader.take(own.length === 0 ? null : bytesOf(own), last, seen);
    }
  });
}

/** One event may be megabytes, and is copied for nobody. */
function bytesOf(frames: readonly Frame[]): Buffer {
  const [first, ...others] = frames;
  if (first !== undefined && others.length === 0) return first.bytes;
  return Buffer.concat(frames.map(({ bytes }) => bytes));
}
