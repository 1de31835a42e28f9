import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Store } from '../../src/store/port.ts';
import { createHandClock } from '../support/hand_clock.ts';
import { openFreshStore } from '../support/local_store.ts';
import { startReceiver, withStatus, type Receiver } from '../support/receiver.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

let receiver: Receiver;
let server: TestServer;
let at: string;
/** Answers the attempt that is under way. */
let answer: (status: number) => void;
/** Whether the webhook is enabled in the batch of the writer that has the end of an attempt. */
let isEnabledThen: boolean;
beforeEach(async () => {
  isEnabledThen = false;
  receiver = await startReceiver();
  // Nobody puts it forward: what is sent was due at once.
  server = await startTestServer({
    store: enablingThen(await openFreshStore()),
    webhooks: { clock: createHandClock(), targets: ['127.0.0.1'] },
  });
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

function enablingThen(store: Store): Store {
  const submit: Store['service']['submit'] = (submission) => {
    const submitted = store.service.submit(submission);
    if (submission.command.type === 'end_attempt' && isEnabledThen) {
      const webhook = at.split('/').at(-1)!;
      void store.service.submit({ command: { type: 'patch_webhook', webhook, fields: { enabled: true } } });
    }
    return submitted;
  };
  return { ...store, service: { ...store.service, submit } };
}

const deliveries = async () => (await server.call('GET', `${at}/deliveries`)).json.items;
/** The answers to the one delivery, once it is delivered. */
const delivered = async () => {
  const [delivery] = await until(deliveries, ([first]) => first?.['state'] === 'delivered');
  return (delivery?.['attempts'] as readonly { readonly status: number }[]).map(({ status }) => status);
};

test('[HOOK6] what is asked for again in the middle of an attempt is sent at once when that has failed', async () => {
  const [delivery] = await deliveries();
  const asked = await server.call('POST', `${at}/deliveries/${delivery!.id}/redeliver`, {});
  expect(asked.status).toBe(202);
  answer(500);
  expect(await delivered()).toEqual([500, 204]);
  expect(receiver.received).toHaveLength(2);
});

test('a webhook that the end of an attempt disables is sent to when it is enabled in the same batch', async () => {
  isEnabledThen = true;
  answer(410);
  expect(await delivered()).toEqual([410, 204]);
  expect((await server.call('GET', at)).json).toMatchObject({ enabled: true });
});
