import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CloudEvent } from 'cloudevents';
import { openStream, type Frame } from '../support/event_stream.ts';
import { tokensOf } from '../../src/http/edge/tokens.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

let server: TestServer;
let url: string;
beforeEach(async () => {
  server = await startTestServer();
  url = await server.listen();
});
afterEach(() => server.close());

let pid = 0;
/** Each makes one event; returns its seq. */
async function write(many = 1, host = 'a', more: object = {}): Promise<number> {
  for (let made = 0; made < many; made += 1) {
    pid += 1;
    const { status } = await server.call('POST', `/v1/hosts/${host}/processes`, { pid, comm: 'p', ...more });
    expect(status).toBe(201);
  }
  return (await server.call('GET', '/v1/events?order=desc&limit=1')).json.as_of;
}
const createHost = (name = 'a') => server.call('POST', '/v1/hosts', { name, kernel: 'v6.12' });
const seqs = (frames: readonly Frame[]): number[] => frames.map(({ id }) => Number(id));
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

test('[STREAM1] a stream begins where it says, and sends each event behind that once, in order', async () => {
  await createHost();
  await write(300);
  const stream = await openStream(`${url}/v1/events/stream?after=5`);
  expect(await stream.next()).toMatchObject({ id: '5', retry: 1000, data: null });
  expect(seqs(await stream.events(296))).toEqual(range(6, 301));
  await write(20);
  expect(seqs(await stream.events(20))).toEqual(range(302, 321));
  stream.close();
});

test('[STREAM1] without a place it begins now, with 0 at the oldest event', async () => {
  await createHost();
  const now = await openStream(`${url}/v1/events/stream`);
  expect((await now.next()).id).toBe('1');
  const all = await openStream(`${url}/v1/events/stream?after=0`);
  expect((await all.next()).id).toBe('0');
  const seq = await write();
  expect(seqs(await now.events(1))).toEqual([seq]);
  expect(seqs(await all.events(2))).toEqual([1, seq]);
  now.close();
  all.close();
});

test('[STREAM2] the place in Last-Event-ID goes before that in the URL', async () => {
  await createHost();
  await write(5);
  const stream = await openStream(`${url}/v1/events/stream?after=1`, { 'last-event-id': '4' });
  expect(seqs(await stream.events(2))).toEqual([5, 6]);
  stream.close();
  const first = await openStream(`${url}/v1/events/stream?after=3`, { 'last-event-id': '' });
  expect((await first.next()).id).toBe('3');
  first.close();
});

test.each([
  ['after=x', {}, '/after'],
  ['after=-1', {}, '/after'],
  ['type=what', {}, '/type'],
  ['host=', {}, '/host'],
  ['order=desc', {}, '/order'],
  ['', { 'last-event-id': 'x' }, '/Last-Event-ID'],
  ['', { 'last-event-id': '99999999999999999999' }, '/Last-Event-ID'],
] as const)(
  '[STREAM2] a place or filter that is malformed is refused: %s %j',
  async (query, headers, pointer) => {
    const { status, json } = await server.call('GET', `/v1/events/stream?${query}`, undefined, headers);
    expect([status, json.errors[0]?.pointer.replace(/\/\d+$/, '')]).toEqual([400, pointer]);
  },
);

test('[STREAM3] each event is a CloudEvent whose data is the event as it is listed', async () => {
  await createHost();
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await server.call(
    'POST',
    '/v1/hosts/a/processes',
    { pid: 7, comm: 'p' },
    { traceparent, 'x-request-id': 'mine' },
  );
  const stream = await openStream(`${url}/v1/events/stream?after=0`);
  const listed = (await server.call('GET', '/v1/events')).json.items;
  for (const [at, frame] of (await stream.events(2)).entries()) {
    expect(frame.event).toBeNull();
    const event = new CloudEvent(JSON.parse(frame.data!) as object, true);
    expect(event.validate()).toBe(true);
    expect(event.data).toEqual(listed[at]);
    expect(event).toMatchObject({
      specversion: '1.0',
      id: listed[at]!.id,
      source: '/v1/hosts/a',
      type: listed[at]!['type'],
      subject: listed[at]!['subject'],
      time: listed[at]!['at'],
      sequence: String(listed[at]!['seq']).padStart(16, '0'),
      actor: 'anonymous@127.0.0.1',
    });
    expect(JSON.parse(frame.data!)).toEqual(
      expect.objectContaining(at === 1 ? { requestid: 'mine', traceparent } : {}),
    );
    expect('traceparent' in (JSON.parse(frame.data!) as object)).toBe(at === 1);
  }
  stream.close();
});

test('[STREAM4] a filter lets through what /v1/events lists by it, before and after the end of the journal', async () => {
  await createHost('a');
  await createHost('b');
  const filters = ['host=b', 'tenant=blue', 'type=host_created&type=process_created', 'host=a&tenant=blue'];
  await write(3, 'a', { tenant: 'blue' });
  await write(2, 'b');
  const streams = await Promise.all(
    filters.map((filter) => openStream(`${url}/v1/events/stream?after=0&${filter}`)),
  );
  await write(2, 'b', { tenant: 'blue' });
  await write(2, 'a');
  for (const [at, stream] of streams.entries()) {
    const { items } = (await server.call('GET', `/v1/events?${filters[at]!}`)).json;
    expect(seqs(await stream.events(items.length))).toEqual(items.map(({ seq }) => seq));
    stream.close();
  }
});

test('[STREAM5] a stream that has nothing to send says how far it has come', async () => {
  await server.close();
  server = await startTestServer({ streams: { heartbeat_ms: 1 } });
  url = await server.listen();
  await createHost();
  const stream = await openStream(`${url}/v1/events/stream?host=nobody`);
  const seq = await write(3);
  for (let frame = await stream.next(); Number(frame.id) < seq; frame = await stream.next())
    expect(frame.data).toBeNull();
  stream.close();
  const again = await openStream(`${url}/v1/events/stream`, { 'last-event-id': String(seq) });
  expect((await again.next()).id).toBe(String(seq));
  again.close();
});

test('[STREAM7] a place behind the end of the journal is no place', async () => {
  await createHost();
  const stream = await openStream(`${url}/v1/events/stream?after=99`);
  const frames: Frame[] = [];
  for await (const frame of stream.frames()) frames.push(frame);
  const [, resync] = frames;
  expect([frames.length, resync?.event, resync?.id]).toEqual([2, 'resync', '1']);
  expect(JSON.parse(resync!.data!)).toEqual({ reason: 'after_end', after: 99, as_of: 1, oldest_seq: 1 });
});

test('[STREAM8] no more streams are open than may be', async () => {
  await server.close();
  server = await startTestServer({ streams: { streams: 2 }, limits: { requests_in_work: 1 } });
  url = await server.listen();
  const open = [await openStream(`${url}/v1/events/stream`), await openStream(`${url}/v1/events/stream`)];
  const { status, headers, json } = await server.call('GET', '/v1/events/stream');
  expect([status, headers['retry-after'], json.code]).toEqual([503, '1', 'unavailable']);
  // They are not counted as work.
  expect((await createHost()).status).toBe(201);
  open[0]!.close();
  while ((await fetch(`${url}/v1/events/stream`, { method: 'HEAD' })).status !== 200);
  open[1]!.close();
});

test('[STREAM8] one client has no more streams open than one may, and others have theirs', async () => {
  await server.close();
  server = await startTestServer({ streams: { streams_per_client: 2 } });
  url = await server.listen();
  const open = [await openStream(`${url}/v1/events/stream`), await openStream(`${url}/v1/events/stream`)];
  const refused = await fetch(`${url}/v1/events/stream`);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
  expect(await refused.json()).toMatchObject({ code: 'rate_limited', status: 429 });
  const from = async (remoteAddress: string) =>
    (await server.app.inject({ method: 'HEAD', url: '/v1/events/stream', remoteAddress })).statusCode;
  expect([await from('127.0.0.1'), await from('127.0.0.2')]).toEqual([429, 200]);
  open[0]!.close();
  await until(
    () => from('127.0.0.1'),
    (status) => status === 200,
  );
  open[1]!.close();
});

test('[STREAM8] with tokens each has its own streams, wherever it is used', async () => {
  await server.close();
  const tokens = ['1', '2'].map((digit) => digit.repeat(32));
  server = await startTestServer({ streams: { streams_per_client: 1 }, tokens: tokensOf(tokens) });
  url = await server.listen();
  const [one, two] = tokens.map((token) => ({ authorization: `Bearer ${token}` }));
  const stream = await openStream(`${url}/v1/events/stream`, one);
  const by = (headers = {}) => server.call('HEAD', '/v1/events/stream', undefined, headers);
  expect([(await by(one)).status, (await by(two)).status]).toEqual([429, 200]);
  stream.close();
});

test('[STREAM9] a stream is not kept, not held back, and has the fields of every answer', async () => {
  await createHost();
  const stream = await openStream(`${url}/v1/events/stream`, {
    'accept-encoding': 'gzip',
    'x-request-id': 'mine',
  });
  expect(stream.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
    'x-request-id': 'mine',
    'x-content-type-options': 'nosniff',
  });
  expect(stream.headers['content-encoding']).toBeUndefined();
  stream.close();
  const head = await server.call('HEAD', '/v1/events/stream');
  expect([head.status, head.headers['content-type'], head.text]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
    '',
  ]);
  expect(head.headers['content-length']).toBeUndefined();
});

test('[STREAM9] an older client gets it, too, as a body that ends with the connection', async () => {
  await createHost();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.write('GET /v1/events/stream?after=0 HTTP/1.0\r\n\r\n');
  await until(
    () => answer,
    (told) => told.includes('data: '),
  );
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  expect(head.toLowerCase()).toContain('connection: close');
  expect(head.toLowerCase()).not.toContain('transfer-encoding');
  expect(body).toMatch(/^retry: 1000\nid: 0\n\nid: 1\ndata: \{/);
  socket.destroy();
});

test('[STREAM10] streams end at once as the service stops', async () => {
  await createHost();
  const stream = await openStream(`${url}/v1/events/stream`);
  await stream.next();
  const seq = await write();
  expect(seqs(await stream.events(1))).toEqual([seq]);
  await server.app.close();
  for await (const frame of stream.frames()) expect(frame.event).toBeNull();
});
