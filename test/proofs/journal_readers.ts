import { setImmediate } from 'node:timers/promises';
import { openStream } from '../support/event_stream.ts';

/** An event as GET /v1/events lists it, as far as the proof reads it. */
export interface ListedEvent {
  readonly seq: number;
  readonly host: string;
  readonly type: string;
  readonly dax_device: string | null;
  readonly tenant: string | null;
}

/** Who reads the stream, again and again. */
export interface ReaderKind {
  readonly name: string;
  /** The filter, in the query and by itself. */
  readonly query: string;
  readonly matches: (event: ListedEvent) => boolean;
  /** Asks something else behind each event, and so falls behind. */
  readonly is_slow: boolean;
}

/** What a reader has read, over all its connections. */
export interface Reader {
  readonly kind: ReaderKind;
  /** The data of each event, as JSON, in the order in which they came. */
  readonly read: string[];
  /** Reasons of `resync`. */
  readonly resyncs: string[];
  last: string;
  disconnects: number;
}

const ONE_HOST: ReaderKind['matches'] = ({ host }) => host === 'node-a';

export const READERS: readonly ReaderKind[] = [
  { name: 'all', query: '', matches: () => true, is_slow: false },
  { name: 'all, slow', query: '', matches: () => true, is_slow: true },
  { name: 'one host', query: '&host=node-a', matches: ONE_HOST, is_slow: false },
  {
    name: 'two types',
    query: '&type=process_created&type=removal_step_done',
    matches: ({ type }) => type === 'process_created' || type === 'removal_step_done',
    is_slow: false,
  },
  { name: 'one tenant', query: '&tenant=blue', matches: ({ tenant }) => tenant === 'blue', is_slow: true },
  {
    name: 'one device of one host',
    query: '&dax_device=pmem0&host=node-b',
    matches: ({ dax_device, host }) => dax_device === 'pmem0' && host === 'node-b',
    is_slow: false,
  },
];

/** Frames that a reader takes of a connection before it leaves: of each connection another number. */
const framesOf = ({ disconnects }: Reader, place: number): number => 1 + ((disconnects * 7 + place * 5) % 23);

/** How the readers are driven. */
export interface Drive {
  readonly url: () => Promise<string>;
  /** Whether a reader has read all there is for it, now that nobody writes; false while somebody does. */
  readonly isAtEnd: (reader: Reader) => boolean;
  /** Called as a reader leaves a connection that it had. */
  readonly left: () => void;
}

/** Reads from the first event on, leaving and coming back, until it is at the end. */
export async function readOn(kind: ReaderKind, place: number, drive: Drive): Promise<Reader> {
  const reader: Reader = { kind, read: [], resyncs: [], last: '0', disconnects: 0 };
  while (!drive.isAtEnd(reader)) {
    // Between two services there is none.
    const isOver = await readOnce(reader, framesOf(reader, place), drive).catch(() => null);
    if (isOver === null) await setImmediate();
    else {
      reader.disconnects += 1;
      drive.left();
    }
  }
  return reader;
}

/** One connection: leaves it after so many frames, or when it ends. */
async function readOnce(reader: Reader, frames: number, { url, isAtEnd }: Drive): Promise<true> {
  const { kind } = reader;
  const service = await url();
  const stream = await openStream(`${service}/v1/events/stream?after=0${kind.query}`, {
    'last-event-id': reader.last,
  });
  let left = frames;
  try {
    if (stream.status !== 200) throw new Error(`the stream was answered ${String(stream.status)}`);
    for await (const { id, event, data } of stream.frames()) {
      if (event === 'resync') reader.resyncs.push((JSON.parse(data!) as { reason: string }).reason);
      else if (data !== null) {
        reader.read.push(JSON.stringify((JSON.parse(data) as { data: unknown }).data));
        if (kind.is_slow) await fetch(`${service}/livez`).catch(() => undefined);
      }
      if (id !== null) reader.last = id;
      left -= 1;
      if (left <= 0 || isAtEnd(reader)) break;
    }
  } finally {
    stream.close();
  }
  return true;
}
