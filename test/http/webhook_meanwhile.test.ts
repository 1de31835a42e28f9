import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHandClock } from '../support/hand_clock.ts';
import { startReceiver, withStatus, type Receiver } from '../support/receiver.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

let receiver: Receiver;
let server: TestServer;
let at: string;
/** Answers the attempt that is under way. */
let answer: (status: number) => void;
beforeEach(async () => {
  receiver = await startReceiver();
  // Nobody puts it forward: what is sent was due at once.
  server = await startTestServer({ webhooks: { clock: createHandClock(), targets: ['127.0.0.1'] } });
  at = `/v1/webhooks/${(await server.call('POST', '/v1/webhooks', { url: receiver.url })).json.id}`;
  receiver.answer = (_message, response) => {
    answer = (status) => response.writeHead(status).end();
  };
  await server.call('POST', '/v1/hosts', { name: 'node-a', kernel: 'v6.12' });
  await until(
    () => receiver.received,
    ({ length }) => length === 1,
  );
  receiver.answer = withStatus(204);
});
afterEach(async () => {
  await receiver.close();
  await server.close();
});

const deliveries = async () => (await server.call('GET', `${at}/deliveries`)).json.items;
/** The answers to the one delivery, once it is delivered. */
const delivered = async () => {
  const [delivery] = await until(deliveries, ([first]) => first?.['state'] === 'delivered');
  return (delivery?.['attempts'] as readonly { readonly status: number }[]).map(({ status }) => status);
};

test('what is asked for again in the middle of an attempt is sent at once when that has failed', async () => {
  const [delivery] = await deliveries();
  const asked = await server.call('POST', `${at}/deliveries/${delivery!.id}/redeliver`, {});
  expect(asked.status).toBe(202);
  answer(500);
  expect(await delivered()).toEqual([500, 204]);
  expect(receiver.received).toHaveLength(2);
});
