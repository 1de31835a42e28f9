import type { components, operations } from './generated_schema.ts';
import { DaxplaneError, problemIn } from './problem.ts';
import { goneBehind, ResyncError, type Resync } from './resync.ts';
import { framesOf, type Frame } from './sse.ts';

/** An event as it is streamed: CloudEvents 1.0. */
export type CloudEvent = components['schemas']['CloudEvent'];

type StreamQuery = NonNullable<operations['streamEvents']['parameters']['query']>;

/** Which events are followed, and from where. */
export interface FollowOptions {
  /** The `as_of` of a list, or the seq of the last event that was read: the stream begins behind it; absent, from now on. */
  readonly after?: number;
  /** The filters of GET /v1/events. */
  readonly filters?: Omit<StreamQuery, 'after'>;
  /** Ends it: the iteration is over, without an error. */
  readonly signal?: AbortSignal;
  /**
   * A connection that brings nothing for so long is dead, and another is made; 45 s by default, of which the service is
   * silent for 15 at most. Only while the next event is waited for.
   */
  readonly silence_ms?: number;
  /** Told each time before it connects again: what has failed, or nothing of a stream that has ended, and the pause before it. */
  readonly onRetry?: (retry: Retry) => void;
}

/** Why it connects again, and after how many milliseconds. */
export interface Retry {
  /** What fetch has thrown, or a DaxplaneError of what was answered; absent of a stream that was open. */
  readonly error?: unknown;
  readonly pause_ms: number;
}

/** What was answered is no stream of events, so that no retry mends it: the address is that of something else. */
export class NotAStreamError extends Error {
  override readonly name = 'NotAStreamError';

  constructor(status: number, type: string | null) {
    super(`no stream of events, but ${type ?? 'no content-type'} (${String(status)}): is baseUrl right?`);
  }
}

/** How the service is reached. */
export interface Connection {
  readonly baseUrl: string;
  readonly fetch: typeof globalThis.fetch;
  readonly headers: Readonly<Record<string, string>>;
}

/** What has failed, and how long to wait at least. */
interface Refused {
  readonly error: unknown;
  readonly pause_ms?: number;
}

const RETRY_MS = 1_000;
const RETRY_MAX_MS = 30_000;
/** Three times as long as the service is silent. */
const SILENCE_MS = 45_000;
const LASTING: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 406, 421]);

/**
 * Events in the order of their seq, none missing and none twice, as long as they are asked for. Where the connection ends,
 * or falls silent, it is made again, by Last-Event-ID, after the time that the service says, and after longer where that
 * fails. The stream is read as its events are taken: who is slow holds the connection back, is let go by the service, and
 * goes on from his place. Throws ResyncError where the place is gone (also for a 410), and where asking again does not
 * help: DaxplaneError, NotAStreamError of an answer that is no stream of events, and what fetch throws as long as it has
 * never been answered.
 */
export async function* followEvents(
  connection: Connection,
  { after, filters = {}, signal, silence_ms = SILENCE_MS, onRetry }: FollowOptions = {},
): AsyncGenerator<CloudEvent, void, undefined> {
  const url = urlOf(connection.baseUrl, { ...filters, ...(after === undefined ? {} : { after }) });
  let place: string | undefined;
  let retry = RETRY_MS;
  let failures = 0;
  let isReached = false;
  while (signal?.aborted !== true) {
    let pause_ms = Math.min(retry * 2 ** failures, RETRY_MAX_MS);
    failures += 1;
    const asked = await ask(connection, url, place, signal);
    // An address that is wrong and a certificate that is unknown are so for ever; so is what was never there.
    if ('error' in asked && !isReached && !isStopped(signal)) throw asked.error;
    const refused = 'error' in asked ? asked : await refusalOf(asked, place ?? after);
    isReached = true;
    if (refused !== null) pause_ms = Math.max(pause_ms, refused.pause_ms ?? 0);
    else if ('body' in asked && asked.body !== null) {
      for await (const frame of unlessCut(framesOf(asked.body, silence_ms))) {
        failures = 0;
        retry = frame.retry ?? retry;
        if (frame.event === 'resync') throwUnlessSlow(frame);
        else if (frame.data !== undefined) yield JSON.parse(frame.data) as CloudEvent;
        // After the event was taken: one that was not is sent again.
        place = frame.id ?? place;
      }
      if (failures === 0) pause_ms = Math.min(retry, RETRY_MAX_MS);
    }
    if (isStopped(signal)) return;
    onRetry?.({ pause_ms, ...(refused === null ? {} : { error: refused.error }) });
    await sleep(pause_ms, signal);
  }
}

function urlOf(baseUrl: string, query: StreamQuery): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const word of [value].flat()) words.append(name, String(word));
  const text = words.toString();
  return `${baseUrl.replace(/\/+$/, '')}/v1/events/stream${text === '' ? '' : `?${text}`}`;
}

function isStopped(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** What was thrown, where the service is not reached, or who asks has stopped. */
function ask(
  { fetch, headers }: Connection,
  url: string,
  place: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Response | Refused> {
  const at = place === undefined ? {} : { 'Last-Event-ID': place };
  return fetch(url, {
    headers: { ...headers, Accept: 'text/event-stream', ...at },
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => ({ error }));
}

/** What was not a stream: why, and when it may be one; null where it is. Throws where asking again does not help. */
async function refusalOf(response: Response, place: number | string | undefined): Promise<Refused | null> {
  const type = response.headers.get('content-type');
  if (response.ok) {
    if (/^text\/event-stream(?:\s*;|$)/i.test(type ?? '')) return null;
    await response.body?.cancel().catch(() => undefined);
    throw new NotAStreamError(response.status, type);
  }
  const problem = await problemIn(response);
  if (response.status === 410) throw goneBehind(place, problem);
  const error = new DaxplaneError(response.status, problem);
  if (LASTING.has(response.status)) throw error;
  return { error, pause_ms: retryAfterIn(response.headers) };
}

/** Milliseconds, at most as long as any pause; 0 where nothing is said that is understood. Source: RFC 9110, 10.2.3. */
function retryAfterIn(headers: Headers): number {
  const said = headers.get('retry-after')?.trim() ?? '';
  const ms = /^[0-9]+$/.test(said) ? Number(said) * 1_000 : Date.parse(said) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), RETRY_MAX_MS);
}

/** Who was too slow goes on from his place; every other place is lost. */
function throwUnlessSlow({ data = '{}' }: Frame): void {
  const resync = JSON.parse(data) as Resync;
  if (resync.reason !== 'too_slow') throw new ResyncError(resync);
}

/** A connection that breaks ends what it brings: another is made. */
async function* unlessCut(
  frames: AsyncGenerator<Frame, void, undefined>,
): AsyncGenerator<Frame, void, undefined> {
  try {
    for (;;) {
      const next = await frames.next().catch(() => null);
      if (next === null || next.done === true) return;
      yield next.value;
    }
  } finally {
    await frames.return();
  }
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}
