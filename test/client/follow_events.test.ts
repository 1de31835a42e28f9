import { createServer, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDaxplane, type Daxplane } from '../../src/client/daxplane.ts';
import { DaxplaneError } from '../../src/client/problem.ts';
import { ResyncError } from '../../src/client/resync.ts';
import { framesOf, type Frame } from '../../src/client/sse.ts';

/** What a service answers, a connection after the other; the last one again and again. */
type Answer = (response: ServerResponse) => void;

let server: Server;
let answers: Answer[];
let asked: { readonly url: string; readonly place: string | undefined }[];
let daxplane: Daxplane;
beforeEach(async () => {
  answers = [];
  asked = [];
  server = createServer((request, response) => {
    const place = request.headers['last-event-id'];
    asked.push({ url: request.url ?? '', place: typeof place === 'string' ? place : undefined });
    (answers.length > 1 ? answers.shift()! : answers[0]!)(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  daxplane = createDaxplane({ baseUrl: `http://127.0.0.1:${String(port)}/`, token: 't'.repeat(32) });
});
afterEach(() => {
  vi.useRealTimers();
  server.closeAllConnections();
  server.close();
});

const event = (seq: number): string => `id: ${String(seq)}\ndata: {"sequence":"${String(seq)}"}\n\n`;

/** A stream that says how soon to come again, then this, and ends, or is cut. */
const stream =
  (text: string, isCut = false): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`retry: 1\nid: 0\n\n${text}`, () => (isCut ? response.destroy() : response.end()));
  };

const problem =
  (status: number, body: object, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/problem+json', ...headers });
    response.end(JSON.stringify(body));
  };

async function take(count: number, options = {}): Promise<string[]> {
  const taken: string[] = [];
  for await (const { sequence } of daxplane.followEvents(options)) {
    taken.push(sequence);
    if (taken.length === count) break;
  }
  return taken;
}

test('a stream that ends, or is cut within an event, goes on from the last one, by Last-Event-ID', async () => {
  answers = [
    stream(event(1) + event(2)),
    stream(`${event(3)}id: 4\ndata: {"sequ`, true),
    stream('id: 7\n\n'),
    stream(event(8)),
  ];
  expect(await take(4, { after: 0, filters: { host: 'a', type: ['host_created'] } })).toEqual([
    '1',
    '2',
    '3',
    '8',
  ]);
  expect(asked.map(({ place }) => place)).toEqual([undefined, '2', '3', '7']);
  expect(new Set(asked.map(({ url }) => url))).toEqual(
    new Set(['/v1/events/stream?host=a&type=host_created&after=0']),
  );
});

test('who was too slow goes on; a place that is gone is told, in the stream and by 410', async () => {
  const told = (reason: string): string =>
    `id: 2\nevent: resync\ndata: {"reason":"${reason}","after":2,"as_of":9,"oldest_seq":5}\n\n`;
  answers = [stream(event(1) + told('too_slow')), stream(event(3)), stream(told('events_gone'))];
  await expect(take(9)).rejects.toMatchObject({
    name: 'ResyncError',
    resync: { reason: 'events_gone', after: 2, as_of: 9, oldest_seq: 5 },
  });
  expect(asked.map(({ place }) => place)).toEqual([undefined, '2', '3']);
  answers = [problem(410, { code: 'events_gone', detail: 'gone', oldest_seq: 5 })];
  await expect(take(1, { after: 3 })).rejects.toBeInstanceOf(ResyncError);
});

test('what asking again does not mend is thrown; a service that is busy is asked again', async () => {
  answers = [problem(401, { code: 'unauthorized', detail: 'who?' })];
  await expect(take(1)).rejects.toMatchObject({ name: 'DaxplaneError', status: 401, message: 'who?' });
  answers = [problem(503, { code: 'unavailable' }, { 'retry-after': '0' }), stream(event(1))];
  expect(await take(1)).toEqual(['1']);
});

test.each(['Wed, 21 Oct 2015 07:28:00 GMT', 'soon', '0'])(
  'a service that is busy is asked again after a pause, whatever it says of it: %s',
  async (retryAfter) => {
    const pauses: number[] = [];
    answers = [stream(event(1)), problem(503, {}, { 'retry-after': retryAfter }), stream(event(2))];
    const onRetry = ({ pause_ms }: { readonly pause_ms: number }) => pauses.push(pause_ms);
    expect(await take(2, { onRetry })).toEqual(['1', '2']);
    expect(pauses).toEqual([1, 1]);
  },
);

test('a pause is never longer than half a minute, also until a date', async () => {
  for (const retryAfter of ['Fri, 31 Dec 9999 23:59:59 GMT', '99999999']) {
    answers = [problem(503, { detail: 'busy', code: 'unavailable' }, { 'retry-after': retryAfter })];
    const stop = new AbortController();
    const told: unknown[] = [];
    const onRetry = (retry: unknown) => {
      told.push(retry);
      stop.abort();
    };
    expect(await take(1, { onRetry, signal: stop.signal })).toEqual([]);
    expect(told).toMatchObject([{ pause_ms: 30_000, error: { status: 503, message: 'busy' } }]);
  }
});

test('a 410 after it has connected again tells the place that it had come to', async () => {
  answers = [stream(event(7)), problem(410, { code: 'events_gone', detail: 'gone', oldest_seq: 9 })];
  await expect(take(2, { after: 3 })).rejects.toMatchObject({
    resync: { reason: 'events_gone', after: 7, oldest_seq: 9 },
  });
});

test('an answer that is no stream is an error, a problem that is cut off none of its own', async () => {
  answers = [
    (response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<p>hello');
    },
  ];
  await expect(take(1)).rejects.toMatchObject({
    name: 'NotAStreamError',
    message: expect.stringContaining('text/html') as string,
  });
  answers = [
    (response) => {
      response.writeHead(503, { 'content-type': 'application/problem+json' }).end('{"det');
    },
    stream(event(1)),
  ];
  expect(await take(1)).toEqual(['1']);
});

test('who was never answered is told so at once; later it is a reason to connect again', async () => {
  const fetchOnce = createDaxplane({
    baseUrl: 'http://127.0.0.1:1',
    fetch: () => Promise.reject(new TypeError('refused')),
  });
  await expect(fetchOnce.followEvents().next()).rejects.toThrow('refused');
  answers = [stream(event(1)), (response) => response.destroy(), stream(event(2))];
  const errors: unknown[] = [];
  const onRetry = ({ error }: { readonly error?: unknown }) => errors.push(error);
  expect(await take(2, { onRetry })).toEqual(['1', '2']);
  expect(errors).toEqual([undefined, expect.any(TypeError)]);
});

test('a signal ends it without an error, in a stream and before', async () => {
  const stop = new AbortController();
  answers = [
    (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event(1));
    },
  ];
  const taken: string[] = [];
  for await (const { sequence } of daxplane.followEvents({ signal: stop.signal })) {
    taken.push(sequence);
    stop.abort();
  }
  expect(taken).toEqual(['1']);
  expect(await take(1, { signal: stop.signal })).toEqual([]);
});

test('a connection that is silent while an event is waited for is let go, and another made', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let [begun, isLetGo] = [0, false];
  const following = createDaxplane({
    baseUrl: 'http://daxplane.test',
    fetch: async () => {
      begun += 1;
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode(`retry: 1\n${event(begun)}`)),
        cancel: () => {
          isLetGo = true;
        },
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    },
  }).followEvents();
  expect((await following.next()).value).toMatchObject({ sequence: '1' });
  // Who takes long over an event waits for none.
  await vi.advanceTimersByTimeAsync(60_000);
  const next = following.next();
  await vi.advanceTimersByTimeAsync(44_999);
  expect([begun, isLetGo]).toEqual([1, false]);
  await vi.advanceTimersByTimeAsync(2);
  expect((await next).value).toMatchObject({ sequence: '2' });
  expect([begun, isLetGo]).toEqual([2, true]);
  await following.return();
  expect(vi.getTimerCount()).toBe(0);
});

test('a list goes on as long as there is a next page, and a no is thrown', async () => {
  const page =
    (items: readonly number[], next_page: string | null): Answer =>
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ items, next_page }));
    };
  answers = [page([1], 'x'), page([2], null)];
  const seen: unknown[] = [];
  for await (const { items } of daxplane.pages('/v1/hosts', { query: { limit: 1 } })) seen.push(...items);
  expect(seen).toEqual([1, 2]);
  expect(asked.map(({ url }) => url)).toEqual(['/v1/hosts?limit=1', '/v1/hosts?limit=1&page_token=x']);
  answers = [problem(404, { code: 'host_not_found', detail: 'there is no host b' })];
  const path = { host: 'b' };
  await expect(daxplane.pages('/v1/hosts/{host}/pins', { path }).next()).rejects.toBeInstanceOf(
    DaxplaneError,
  );
});

test('a page of events behind a place that is gone is told as a stream tells it', async () => {
  const gone = problem(410, { code: 'events_gone', detail: 'gone', oldest_seq: 9 });
  answers = [gone];
  await expect(daxplane.pages('/v1/events', { query: { after: 3 } }).next()).rejects.toMatchObject({
    name: 'ResyncError',
    resync: { reason: 'events_gone', after: 3, oldest_seq: 9 },
  });
  answers = [
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ items: [], next_page: '5' }));
    },
    gone,
  ];
  const pages = daxplane.pages('/v1/events', { query: { after: 3 } });
  await pages.next();
  await expect(pages.next()).rejects.toMatchObject({ name: 'ResyncError', resync: { after: 5 } });
});

test('frames come whole, however their bytes are cut', async () => {
  const text =
    'retry: 5\r\nid: 1\r\n\r\n: hello\n\nid: 2\ndata: a\ndata:é\rdata\r\revent: e\ndata: {}\n\ndata: cut';
  const whole = await framesIn(text, text.length);
  expect(whole).toEqual([
    { retry: 5, id: '1' },
    { id: '2', data: 'a\né\n' },
    { event: 'e', data: '{}' },
  ]);
  for (let size = 1; size < 9; size += 1) expect([size, await framesIn(text, size)]).toEqual([size, whole]);
});

async function framesIn(text: string, size: number): Promise<Frame[]> {
  const bytes = new TextEncoder().encode(text);
  const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_each, at) =>
    bytes.slice(at * size, (at + 1) * size),
  );
  const frames: Frame[] = [];
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const part = parts.shift();
      if (part === undefined) controller.close();
      else controller.enqueue(part);
    },
  });
  for await (const frame of framesOf(body, Infinity)) frames.push(frame);
  return frames;
}
