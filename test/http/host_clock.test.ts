import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Store } from '../../src/store/port.ts';
import { openFreshStore } from '../support/local_store.ts';
import { startTestServer, type TestAnswer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const HOUR_MS = 3_600_000;
const at = '/v1/hosts/node-a';

let server: TestServer;
/** Whether a clock can be read. */
let isFaulty: boolean;
beforeEach(async () => {
  isFaulty = false;
  const store = await openFreshStore();
  const clock: Store['service']['clock'] = async (host) => {
    if (isFaulty) throw new Error('the disk is gone');
    return store.service.clock(host);
  };
  server = await startTestServer({ store: { ...store, service: { ...store.service, clock } } });
  await server.call('POST', '/v1/hosts', { name: 'node-a', kernel: 'v6.12' });
});
afterEach(() => server.close());

const clock = () => server.call('GET', `${at}/clock`);
const set = (body: object, headers = {}) => server.call('POST', `${at}/clock`, body, headers);
const waiting = (n: number) => until(clock, ({ json }) => json['waiting'] === n);

/** A request that a millisecond holds up, by a clock that has been put forward by an hour. */
async function beginWaiting(delay_ms = 1): Promise<{ readonly answer: Promise<TestAnswer> }> {
  await set({ mode: 'manual', advance_ms: HOUR_MS });
  const action = { kind: 'delay', delay_ms, at: 'before_effect' };
  await server.call('POST', '/v1/fault-rules', {
    selector: { operation: 'getHost', host: 'node-a' },
    action,
  });
  const answer = server.call('GET', at);
  await waiting(1);
  return { answer };
}

test('a clock that goes on leaves what is left, not the time that it was put forward by', async () => {
  const { answer } = await beginWaiting();
  await set({ mode: 'real' });
  expect((await answer).status).toBe(200);
});

test('a clock that is stopped again before anybody looked has gone on all the same', async () => {
  const { answer } = await beginWaiting();
  await Promise.all([set({ mode: 'real' }), set({ mode: 'manual' })]);
  expect((await answer).status).toBe(200);
  expect((await clock()).json).toMatchObject({ mode: 'manual', advanced_ms: 0, waiting: 0 });
});

test('[FAULT6] whoever waits for a host that is deleted goes on', async () => {
  const { answer } = await beginWaiting();
  expect((await server.call('DELETE', at)).status).toBe(204);
  expect((await answer).status).toBe(404);
});

test('whoever waits for a host that is deleted, and made again, goes on', async () => {
  const { answer } = await beginWaiting();
  const [, made] = await Promise.all([
    server.call('DELETE', at),
    server.call('POST', '/v1/hosts', { name: 'node-a', kernel: 'v6.12' }),
  ]);
  expect([made.status, (await answer).status]).toEqual([201, 200]);
});

test('whoever waits by a clock that cannot be read any more goes on', async () => {
  const { answer } = await beginWaiting();
  isFaulty = true;
  expect((await server.call('POST', '/v1/hosts', { name: 'node-b', kernel: 'v6.12' })).status).toBe(201);
  expect((await answer).status).toBe(200);
});

test('[FAULT6] whoever waits is let go when the service stops, whatever the clock says', async () => {
  const { answer } = await beginWaiting(HOUR_MS);
  const closing = server.app.close();
  expect((await answer).status).toBe(200);
  await closing;
});

test('a tag of the clock names no state of its host, and one of the host none of the clock', async () => {
  const tagOf = async (path: string) => (await server.call('GET', path)).headers['etag'] ?? '';
  const [ofHost, ofClock] = [await tagOf(at), await tagOf(`${at}/clock`)];
  const patch = (tag: string) => server.call('PATCH', at, { labels: { a: 'b' } }, { 'if-match': tag });
  const stop = (tag: string) => set({ mode: 'manual' }, { 'if-match': tag });
  expect([(await stop(ofHost)).status, (await patch(ofClock)).status]).toEqual([412, 412]);
  expect([(await stop(ofClock)).status, (await patch(ofHost)).status]).toEqual([200, 200]);
});
