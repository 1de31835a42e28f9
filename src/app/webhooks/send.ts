import { lookup as lookUp } from 'node:dns';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { boundLookups } from './lookups.ts';
import { hostnameOf, lookupFor, refusesUrl, TargetRefused, type Resolve, type Targets } from './targets.ts';

/** How long an attempt may take, from the look-up of the name to the end of the answer. */
const TIMEOUT_MS = 15_000;
/** Of an answer that is read: only its status matters. */
const ANSWER_BYTES_MAX = 16 * 1024;

/** What came of an attempt: the status of an answer, or why there was none. */
export interface SendResult {
  readonly status: number | null;
  readonly error: string | null;
  /** What Retry-After asks for. */
  readonly retry_after_ms: number | null;
}

/** A POST. Its body is that of many, and is not copied. */
export interface Message {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Sends a message; never rejects but where it is aborted. */
export type Send = (message: Message, signal: AbortSignal) => Promise<SendResult>;

/** Where it may be sent to, and how long that may take; `resolve` stands for the system's resolver in tests. */
export interface SenderOptions {
  readonly targets: Targets;
  readonly timeout_ms?: number;
  readonly resolve?: Resolve;
}

/**
 * Prepares sending, each message by a connection of its own. Redirects are not followed: what they lead to nobody has
 * allowed.
 */
export function createSender({ targets, timeout_ms = TIMEOUT_MS, resolve = lookUp }: SenderOptions): Send {
  const bounded = boundLookups(resolve);
  return async (message, signal) => {
    const refused = refusesUrl(targets, message.url);
    if (refused !== null) return failed(`the target is refused: ${refused}`);
    const limit = limitOf(signal, timeout_ms);
    const lookup = lookupFor(targets, (name, _options, told) => bounded(name, limit.signal, told));
    try {
      return await post(message, lookup, limit.signal);
    } catch (error) {
      signal.throwIfAborted();
      if (limit.signal.aborted) return failed(`no answer within ${String(timeout_ms)} ms`);
      return failed(reasonOf(error));
    } finally {
      limit.end();
    }
  };
}

/** Aborted with the other signal, or when the time is up. AbortSignal.any() is not in each Node 20. */
function limitOf(
  signal: AbortSignal,
  ms: number,
): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const timer = setTimeout(abort, ms);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  return {
    signal: controller.signal,
    end: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    },
  };
}

/** Settles by what comes first: an answer, an error, the end of the connection, or the signal, whatever came before it. */
function post(
  { url: text, headers, body }: Message,
  lookup: ReturnType<typeof lookupFor>,
  signal: AbortSignal,
): Promise<SendResult> {
  const url = new URL(text);
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method: 'POST',
      agent: false,
      ...(isIP(hostnameOf(url)) === 0 ? { lookup } : {}),
      headers: { ...headers, 'content-length': body.length },
      signal,
    });
    let told: SendResult | null = null;
    const end = (error = new Error('the connection was closed without an answer')): void => {
      if (told === null) reject(error);
      else resolve(told);
      sent.destroy();
    };
    signal.addEventListener('abort', () => end(new Error('the attempt was ended')));
    sent.on('error', end);
    sent.on('close', () => end());
    sent.on('response', (answer) => {
      told = resultOf(answer);
      readToEnd(answer, () => end());
    });
    // 101 is an answer of its own to node: nobody asked for another protocol.
    sent.on('upgrade', (answer, socket) => {
      told = resultOf(answer);
      socket.destroy();
      end();
    });
    sent.end(body);
  });
}

function resultOf(answer: IncomingMessage): SendResult {
  return { status: answer.statusCode ?? null, error: null, retry_after_ms: retryAfterOf(answer) };
}

/** A little of the answer is read, so that the receiver is not cut off; how it ends does not change what it said. */
function readToEnd(answer: IncomingMessage, end: () => void): void {
  let bytes = 0;
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) end();
  });
  for (const event of ['end', 'error', 'close']) answer.on(event, end);
}

/** Seconds, or a date; what is neither asks for nothing. */
function retryAfterOf({ headers }: IncomingMessage): number | null {
  const text = headers['retry-after'];
  if (text === undefined) return null;
  if (/^[0-9]{1,9}$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}

function failed(error: string): SendResult {
  return { status: null, error, retry_after_ms: null };
}

const REASON_LENGTH_MAX = 200;

/** Of several addresses each has its own error: the first is told. */
function reasonOf(error: unknown): string {
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
  if (first instanceof TargetRefused) return `the target is refused: ${first.message}`;
  return (first instanceof Error ? first.message : String(first)).slice(0, REASON_LENGTH_MAX);
}
