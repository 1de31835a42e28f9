import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Store } from '../../../src/store/port.ts';
import { createHandClock, type HandClock } from '../../support/hand_clock.ts';
import { openFreshStore } from '../../support/local_store.ts';
import { startReceiver, type Receiver } from '../../support/receiver.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { until } from '../../support/until.ts';

let clock: HandClock;
let receiver: Receiver;
let server: TestServer;
let refused: number;
beforeEach(async () => {
  clock = createHandClock();
  receiver = await startReceiver();
  refused = 0;
  const store = refusingOnce(await openFreshStore());
  server = await startTestServer({ store, webhooks: { clock, targets: ['127.0.0.1'] } });
});
afterEach(async () => {
  await receiver.close();
  await server.close();
});

/** A store that is full when events are taken from it for the first time. */
function refusingOnce(store: Store): Store {
  const submit: Store['service']['submit'] = async (submission) => {
    if (submission.command.type !== 'take_events' || refused > 0) return store.service.submit(submission);
    refused += 1;
    const why = { code: 'store_full', detail: 'the disk is full', retry_after_s: 1 } as const;
    return { status: 'unavailable', why: { unavailable: true, ...why } };
  };
  return { ...store, service: { ...store.service, submit } };
}

test('events that the store would not give are taken a second later, though nothing else happens', async () => {
  await server.call('POST', '/v1/webhooks', { url: receiver.url });
  await server.call('POST', '/v1/hosts', { name: 'node-a', kernel: 'v6.12' });
  await until(
    () => clock.forward(1_000),
    () => receiver.received.length === 1,
  );
  expect(refused).toBe(1);
});
