import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHandClock, type HandClock } from '../support/hand_clock.ts';
import { startReceiver, withStatus, type Receiver } from '../support/receiver.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

let clock: HandClock;
let receiver: Receiver;
let elsewhere: Receiver;
let server: TestServer;
let at: string;
/** The messages of two events: the first of them was answered that nothing is to come for a day. */
beforeEach(async () => {
  clock = createHandClock();
  [receiver, elsewhere] = [await startReceiver(), await startReceiver()];
  server = await startTestServer({ webhooks: { clock, targets: ['127.0.0.1'] } });
  at = `/v1/webhooks/${(await server.call('POST', '/v1/webhooks', { url: receiver.url })).json.id}`;
  receiver.answer = withStatus(503, { 'retry-after': '86400' });
  await server.call('POST', '/v1/hosts', { name: 'node-a', kernel: 'v6.12' });
  await until(deliveries, ([first]) => (first?.['attempts'] as readonly unknown[] | undefined)?.length === 1);
  receiver.answer = withStatus(204);
  await server.call('POST', '/v1/hosts', { name: 'node-b', kernel: 'v6.12' });
  await until(deliveries, ({ length }) => length === 2);
});
afterEach(async () => {
  await receiver.close();
  await elsewhere.close();
  await server.close();
});

const deliveries = async () => (await server.call('GET', `${at}/deliveries`)).json.items;
const delivered = (n: number) =>
  until(
    async () => (await deliveries()).filter(({ state }) => state === 'delivered'),
    ({ length }) => length === n,
  );

test('[HOOK4] a test and a redelivery do not wait for what the receiver has asked for, all else does', async () => {
  const [first] = await deliveries();
  expect((await server.call('POST', `${at}/test`, {})).status).toBe(202);
  await delivered(1);
  expect((await server.call('POST', `${at}/deliveries/${first!.id}/redeliver`, {})).status).toBe(202);
  await delivered(2);
  expect(receiver.received).toHaveLength(3);
  clock.forward(86_400_000);
  await delivered(3);
});

test('[HOOK7] another URL is another receiver: it is sent everything at once', async () => {
  await server.call('PATCH', at, { url: elsewhere.url });
  await delivered(2);
  expect([receiver.received.length, elsewhere.received.length]).toEqual([1, 2]);
});

test('a webhook that is enabled again is sent everything at once', async () => {
  await server.call('PATCH', at, { enabled: false });
  await server.call('PATCH', at, { enabled: true });
  await delivered(2);
});

test('[HOOK7] what a former receiver answers is nothing to the present one: neither a day, nor that it is gone', async () => {
  for (const status of [410, 503]) {
    const former = status === 410 ? receiver : elsewhere;
    await server.call('PATCH', at, { url: former.url });
    let answer = (): void => undefined;
    former.answer = (_message, response) => {
      answer = () => response.writeHead(status, { 'retry-after': '86400' }).end();
    };
    const before = former.received.length;
    await server.call('POST', `${at}/test`, {});
    await until(
      () => former.received,
      ({ length }) => length > before,
    );
    former.answer = withStatus(204);
    const present = status === 410 ? elsewhere : receiver;
    await server.call('PATCH', at, { url: present.url });
    answer();
    await delivered(status === 410 ? 3 : 4);
    expect((await server.call('GET', at)).json['enabled']).toBe(true);
  }
});
