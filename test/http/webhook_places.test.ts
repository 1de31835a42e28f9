import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHandClock } from '../support/hand_clock.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

/** Longer than any test. */
const NEVER_MS = 2 ** 30;
/** With the one that answers there are as many webhooks as there may be. */
const HUNG = 99;

let hung: Receiver;
let good: Receiver;
let server: TestServer;
beforeEach(async () => {
  [hung, good] = [await startReceiver(), await startReceiver()];
  server = await startTestServer({
    webhooks: { clock: createHandClock(), targets: ['127.0.0.1'], timeout_ms: NEVER_MS },
  });
  for (let n = 0; n < HUNG; n += 1) await server.call('POST', '/v1/webhooks', { url: hung.url });
  await server.call('POST', '/v1/webhooks', { url: good.url });
});
afterEach(async () => {
  // Attempts that are under way end with them.
  await hung.close();
  await good.close();
  await server.close();
});

const makeHosts = async (from: number, to: number): Promise<void> => {
  for (let host = from; host < to; host += 1)
    await server.call('POST', '/v1/hosts', { name: `node-${String(host)}`, kernel: 'v6.12' });
};
const received = (receiver: Receiver, n: number) =>
  until(
    () => receiver.received,
    ({ length }) => length === n,
  );
const hang = (): void => {
  hung.answer = () => undefined;
};

test('one webhook is sent to while 99 others hang, which hold a place each', async () => {
  hang();
  await makeHosts(0, 3);
  await received(good, 3);
  await received(hung, HUNG);
  await makeHosts(3, 12);
  await received(good, 12);
  expect(hung.received).toHaveLength(HUNG);
});

test('and while 99 hang that have answered before, whose host has 16 further ones', async () => {
  await makeHosts(0, 3);
  await received(hung, 3 * HUNG);
  hang();
  hung.received.length = 0;
  await makeHosts(3, 12);
  await received(good, 12);
  await received(hung, HUNG + 16);
  await makeHosts(12, 15);
  await received(good, 15);
  expect(hung.received).toHaveLength(HUNG + 16);
});
