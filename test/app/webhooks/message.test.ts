import { afterEach, beforeEach, expect, test } from 'vitest';
import { attempt, type AttemptOptions } from '../../../src/app/webhooks/attempt.ts';
import { createBodies, type BodyOf } from '../../../src/app/webhooks/message.ts';
import type { Message } from '../../../src/app/webhooks/send.ts';
import type { DueDelivery } from '../../../src/service/webhook.ts';
import type { Store } from '../../../src/store/port.ts';
import { createHandClock } from '../../support/hand_clock.ts';
import { openFreshStore } from '../../support/local_store.ts';

let store: Store;
/** How often the journal was read, and how many pieces of work had a turn. */
let counts: { read: number; turns: number };
beforeEach(async () => {
  store = await openFreshStore();
  counts = { read: 0, turns: 0 };
  for (const host of ['node-a', 'node-b'])
    await store.submit({ host, command: { type: 'create_host', name: host, kernel: 'v6.12' } });
});
afterEach(() => store.close());

const inTurn: AttemptOptions['inTurn'] = async (work) => {
  counts.turns += 1;
  return work();
};
const bodies = (kept_bytes_max?: number): BodyOf => {
  const events: Store['events'] = async (query) => {
    counts.read += 1;
    return store.events(query);
  };
  return createBodies({ events }, inTurn, kept_bytes_max);
};
const due = (event_seq: number): DueDelivery => ({
  ...{ id: `to-${String(event_seq)}`, event_seq, event_bytes: 0 },
  ...{ created_at: '2030-01-01T00:00:00.000Z', tries: 0, redeliveries: 0 },
});

test('the body of an event is made once for all who are sent it, and each is signed in a turn of its own', async () => {
  const sent: Message[] = [];
  const options: AttemptOptions = {
    ...{ store, clock: createHandClock(), bodyOf: bodies(), inTurn },
    log: { warn: () => undefined } as unknown as AttemptOptions['log'],
    send: async (message) => {
      sent.push(message);
      return { status: 204, error: null, retry_after_ms: null };
    },
    retries: { schedule_ms: [], random: () => 0 },
    ...{ disable_after_ms: 1, user_agent: 'daxplane/0', signal: new AbortController().signal },
    stopping: new AbortController().signal,
  };
  const target = {
    ...{ url: 'https://hooks.invalid/', secret: 'whsec_AAAA', cursor: 0 },
    ...{ former_secret: null, former_secret_until_ms: null },
  };
  const send = (id: string) => attempt(options, () => ({ ...target, id }), due(1));
  await Promise.all(['a', 'b', 'c'].map(send));
  await send('d');
  expect(counts).toEqual({ read: 1, turns: 1 + 4 });
  expect(new Set(sent.map(({ body }) => body)).size).toBe(1);
});

test('of the bodies so many bytes are kept, and one that is larger is had by those who wait for it alone', async () => {
  const one = await bodies()('a', due(1));
  counts.read = 0;
  const ofOne = bodies(one!.length);
  for (const seq of [1, 1, 2, 1]) await ofOne('a', due(seq));
  expect(counts.read).toBe(3);
  // One pushes out another that is being made, which is that of its event all the same.
  const both = await Promise.all(
    [bodies(one!.length), bodies()].map((of) => Promise.all([2, 1].map((seq) => of('a', due(seq))))),
  );
  expect(both[0]).toEqual(both[1]);
  counts.read = 3;
  const ofNone = bodies(1);
  const had = await Promise.all([ofNone('a', due(1)), ofNone('b', due(1))]);
  expect([had[0]?.equals(one!), had[1] === had[0], counts.read]).toEqual([true, true, 4]);
  await ofNone('a', due(1));
  expect(counts.read).toBe(5);
});

test('an event that the journal has no more has no body', async () => {
  expect(await bodies()('a', due(9))).toBeNull();
});
