import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StreamLimits } from '../../src/http/stream/limits.ts';
import { openSqliteStore } from '../../src/runtime/sqlite_store.ts';
import { openStream } from '../support/event_stream.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

/** More than what the sockets between a server and a client hold: 20 MB, in events of 50 kB. */
const EVENTS = 400;
const LABELS = Object.fromEntries(Array.from({ length: 64 }, (_, at) => [`l${at}`, '€'.repeat(250)]));

let directory: string;
let server: TestServer;
let url: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'daxplane-slow-'));
  await open({});
  await server.call('POST', '/v1/hosts', { name: 'a', kernel: 'v6.12' });
});
afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

async function open(streams: Partial<StreamLimits>, events: number | null = null): Promise<void> {
  const onFatal = (error: Error): void => {
    throw error;
  };
  const store = await openSqliteStore({
    path: join(directory, 'test.db'),
    onFatal,
    retention: { days: null, events },
  });
  server = await startTestServer({ store, streams });
  url = await server.listen();
}

const patch = (labels: object) => server.call('PATCH', '/v1/hosts/a', { labels });
const writeLarge = async (events = EVENTS): Promise<void> => {
  for (let at = 0; at < events; at += 1)
    expect((await patch({ ...LABELS, l0: String(at) })).status).toBe(200);
};

/** A client that has the header fields and reads no further. */
async function unread(query: string): Promise<IncomingMessage> {
  const [response] = (await once(get(`${url}/v1/events/stream?${query}`, { agent: false }), 'response')) as [
    IncomingMessage,
  ];
  response.pause();
  return response;
}

test('[STREAM6] a reader that never reads is cut off, and its place is free', async () => {
  await server.close();
  await open({ streams: 1, drain_ms: 1 });
  const response = await unread('');
  const head = () => fetch(`${url}/v1/events/stream`, { method: 'HEAD' });
  while ((await head()).status !== 200) await writeLarge(10);
  expect(response.complete).toBe(false);
  response.destroy();
});

test('[STREAM6] who leaves too much unread is told to begin anew, and goes on without a gap', async () => {
  const response = await unread('');
  await writeLarge();
  let [last, text] = ['', ''];
  const found: string[] = [];
  for await (const chunk of response.setEncoding('utf8')) {
    const frames = (text + String(chunk)).split('\n\n');
    text = frames.pop() ?? '';
    for (const frame of frames) {
      last = /^id: (\d+)$/m.exec(frame)?.[1] ?? last;
      if (frame.includes('\nevent: resync\n'))
        expect(frame).toContain(`"reason":"too_slow","after":${last},`);
      else if (frame.includes('\ndata: ')) found.push(last);
    }
  }
  expect(found.length).toBeLessThan(EVENTS);
  const again = await openStream(`${url}/v1/events/stream`, { 'last-event-id': last });
  for (const { id } of await again.events(EVENTS - found.length)) found.push(id!);
  again.close();
  expect(found).toEqual(Array.from({ length: EVENTS }, (_, at) => String(at + 2)));
});

test('[STREAM6] who reads is not slow, however much is committed at once', async () => {
  await server.close();
  await open({ coalesce_ms: 500 });
  const stream = await openStream(`${url}/v1/events/stream`);
  await stream.next();
  await Promise.all(Array.from({ length: 60 }, (_, at) => patch({ ...LABELS, l0: String(at) })));
  for (const { event } of await stream.events(60)) expect(event).toBeNull();
  stream.close();
});

test('[STREAM6] a reader that is behind is read on for at its own pace, whatever comes meanwhile', async () => {
  await writeLarge(EVENTS / 2);
  const stream = await openStream(`${url}/v1/events/stream?after=0`);
  await writeLarge(EVENTS / 2);
  const frames = await stream.events(EVENTS + 1);
  expect(frames.map(({ id, event }) => [id, event])).toEqual(frames.map((_, at) => [String(at + 1), null]));
  stream.close();
});

test('[STREAM7] a reader whose place goes from the journal is told from where it goes on', async () => {
  await writeLarge();
  await server.close();
  await open({}, 4);
  const stream = await openStream(`${url}/v1/events/stream?after=0`);
  // The first commit drops what is past the bound.
  await patch({});
  const as_of = EVENTS + 2;
  const { oldest_seq } = (await server.call('GET', '/v1/events')).json;
  expect(oldest_seq).toBeGreaterThan(EVENTS - 4);
  let last = 0;
  for await (const { id, event, data } of stream.frames()) {
    if (event === 'resync') {
      expect(JSON.parse(data!)).toEqual({ reason: 'events_gone', after: last, as_of, oldest_seq });
      expect(Number(id)).toBe(oldest_seq - 1);
    } else if (data !== null) expect(Number(id)).toBe(last + 1);
    last = Number(id);
  }
  expect(last).toBe(oldest_seq - 1);
  const again = await openStream(`${url}/v1/events/stream`, { 'last-event-id': String(last) });
  expect((await again.events(1))[0]?.id).toBe(String(oldest_seq));
  again.close();
});
