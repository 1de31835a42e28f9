import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ServiceCommandType } from '../../../src/service/command.ts';
import type { Store } from '../../../src/store/port.ts';
import { createHandClock, type HandClock } from '../../support/hand_clock.ts';
import { openFreshStore } from '../../support/local_store.ts';
import { startReceiver, type Receiver } from '../../support/receiver.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { until } from '../../support/until.ts';

const HOUR_S = 3_600;

let clock: HandClock;
let receiver: Receiver;
let server: TestServer;
/** What the store does not take, how it says so, and how often it still will, and has. */
let refusing: { type: ServiceCommandType; by: 'answer' | 'error'; left: number; refused: number };
/** How often the webhooks cannot be read from now on. */
let unreadable: number;
beforeEach(async () => {
  unreadable = 0;
  clock = createHandClock();
  receiver = await startReceiver();
  refusing = { type: 'take_events', by: 'answer', left: 0, refused: 0 };
  const store = refusingSome(await openFreshStore());
  server = await startTestServer({ store, webhooks: { clock, targets: ['127.0.0.1'] } });
});
afterEach(async () => {
  await receiver.close();
  await server.close();
});

function refusingSome(store: Store): Store {
  const submit: Store['service']['submit'] = async (submission) => {
    if (submission.command.type !== refusing.type || refusing.left === 0)
      return store.service.submit(submission);
    refusing.left -= 1;
    refusing.refused += 1;
    if (refusing.by === 'error') throw new Error('a bug');
    const why = { code: 'store_full', detail: 'the disk is full', retry_after_s: HOUR_S } as const;
    return { status: 'unavailable', why: { unavailable: true, ...why } };
  };
  const webhookTargets: Store['service']['webhookTargets'] = async () => {
    if (unreadable === 0) return store.service.webhookTargets();
    unreadable -= 1;
    throw new Error('a bug');
  };
  return { ...store, service: { ...store.service, submit, webhookTargets } };
}

/** A webhook, and an event for it. */
const begin = async (): Promise<string> => {
  const { id } = (await server.call('POST', '/v1/webhooks', { url: receiver.url })).json;
  await server.call('POST', '/v1/hosts', { name: 'node-a', kernel: 'v6.12' });
  return `/v1/webhooks/${id}`;
};
const refusedFor = (times: number) =>
  until(
    () => refusing.refused,
    (refused) => refused === times,
  );
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('events that the store would not give are taken a second later, though nothing else happens', async () => {
  refusing.left = 1;
  await begin();
  await until(
    () => clock.forward(1_000),
    () => receiver.received.length === 1,
  );
  expect(refusing.refused).toBe(1);
});

test('webhooks that could not be read are read a second later, though nothing else happens', async () => {
  unreadable = 1;
  await begin();
  await until(
    () => clock.forward(1_000),
    () => receiver.received.length === 1,
  );
  expect(unreadable).toBe(0);
});

test.each(['answer', 'error'] as const)(
  '[HOOK10] a message whose end the store would not note, by an %s, is sent once: the note alone is tried again',
  async (by) => {
    Object.assign(refusing, { type: 'end_attempt', by, left: 3 });
    const at = await begin();
    await until(
      async () => {
        clock.forward(1_000 * HOUR_S);
        return (await server.call('GET', at)).json as { readonly counters?: object };
      },
      ({ counters }) => counters !== undefined && 'delivered' in counters && counters.delivered === 1,
    );
    expect([refusing.refused, receiver.received.length]).toEqual([3, 1]);
  },
);

test('a store that says when to ask it again is not asked before', async () => {
  Object.assign(refusing, { type: 'end_attempt', left: 100 });
  await begin();
  await refusedFor(1);
  await turn();
  clock.forward((1_000 * HOUR_S) / 2);
  await turn();
  expect(refusing.refused).toBe(1);
  clock.forward(1_000 * HOUR_S);
  await refusedFor(2);
});

test('a stop has it noted once more, and then gives up', async () => {
  Object.assign(refusing, { type: 'end_attempt', left: Number.POSITIVE_INFINITY });
  await begin();
  await refusedFor(1);
  await turn();
  await server.close();
  expect([refusing.refused, receiver.received.length]).toEqual([2, 1]);
});
