import { expect, test } from 'vitest';
import type { Work } from '../../src/store/transact.ts';
import type { ServiceCommand, TakenEvents } from '../../src/service/command.ts';
import type { Submitted } from '../../src/store/port.ts';
import type { Webhook } from '../../src/service/webhook.ts';
import { memoryWriter } from './support/memory_writer.ts';

const HOUR_MS = 3_600_000;
const FIELDS = {
  ...{ url: 'https://hooks.example/', types: null, host: null, dax_device: null, tenant: null },
  ...{ description: null, enabled: true },
};

/** A writer that keeps one event, with the time in hand. */
function writer() {
  let ms = Date.UTC(2030, 0);
  const now = () => new Date(ms).toISOString();
  const { db, transact } = memoryWriter({ now, retention: { days: null, events: 1 } });
  const run = (work: Work): Submitted<unknown> => {
    const [settled] = transact([work]).settled;
    if (settled === undefined || !('submitted' in settled)) throw new Error('not settled');
    return settled.submitted as Submitted<unknown>;
  };
  const service = (command: ServiceCommand): unknown => {
    const submitted = run({ host: '', service: { command } });
    if (submitted.status !== 'done') throw new Error(JSON.stringify(submitted));
    return submitted.answer;
  };
  const makeHost = (name: string) =>
    run({ host: name, command: { type: 'create_host', name, kernel: 'v6.12' } });
  const take = (webhook: string, after = 0) =>
    (service({ type: 'take_events', from: [{ webhook, after }] }) as readonly (TakenEvents | null)[])[0];
  const count = (what: string) => db.prepare<[], number>(`SELECT count(*) FROM ${what}`).pluck().get();
  return {
    ...{ db, service, take, makeHost, count },
    /** Another batch, so many hours later: it purges. */
    later: (hours: number) => {
      ms += hours * HOUR_MS;
      transact([{ host: '', service: { command: { type: 'take_events', from: [] } } }]);
    },
    createWebhook: () => (service({ type: 'create_webhook', fields: FIELDS, secret: null }) as Webhook).id,
  };
}

test('the journal keeps what a webhook is still to be sent, and no more', () => {
  const { take, makeHost, count, later, createWebhook, service, db } = writer();
  makeHost('a');
  const webhook = createWebhook();
  makeHost('b');
  makeHost('c');
  later(1);
  expect(count('events')).toBe(2);
  take(webhook);
  later(1);
  expect(count('events')).toBe(2);
  const attempt = { at: '2030-01-01T00:00:00.000Z', status: 204, error: null, duration_ms: 1 };
  const [first] = db.prepare<[], string>('SELECT uid FROM webhook_deliveries ORDER BY key').pluck().all();
  service({
    ...{
      type: 'end_attempt',
      delivery: first!,
      redeliveries: 0,
      url: FIELDS.url,
      attempt,
      disable_after_ms: HOUR_MS,
    },
    outcome: { state: 'delivered' },
  });
  makeHost('d');
  later(1);
  expect(count('events')).toBe(2);
});

test('a webhook that is disabled holds nothing, and counts what it missed once it is enabled again', () => {
  const { take, makeHost, count, later, createWebhook, service } = writer();
  const webhook = createWebhook();
  service({ type: 'patch_webhook', webhook, fields: { enabled: false } });
  for (const name of ['a', 'b', 'c']) makeHost(name);
  later(1);
  expect(count('events')).toBe(1);
  service({ type: 'patch_webhook', webhook, fields: { enabled: true } });
  expect(take(webhook)).toEqual({
    cursor: 3,
    taken: 1,
    is_more: false,
    missed: 2,
  });
});

test('a delivery that has ended is logged for seven days, and 2 000 of a webhook are', () => {
  const { count, later, createWebhook, db } = writer();
  const webhook = createWebhook();
  const other = createWebhook();
  const insert =
    db.prepare(`INSERT INTO webhook_deliveries (uid, webhook, event_id, type, state, created_ms, ended_ms)
    SELECT @of || '-' || value, (SELECT key FROM webhooks WHERE uid = @of), 'e', 'host_created', @state, 0, @ended_ms
    FROM json_each(@ids)`);
  const make = (of: string, state: string, from: number, n: number, ended_ms: number | null) =>
    insert.run({
      of,
      state,
      ended_ms,
      ids: JSON.stringify(Array.from({ length: n }, (_e, at) => from + at)),
    });
  const today = Date.UTC(2030, 0);
  make(other, 'pending', 0, 10, null);
  make(other, 'delivered', 10, 10, today);
  make(webhook, 'pending', 0, 10, null);
  make(webhook, 'failed', 10, 4_000, today);
  later(1);
  // A thousand at a time: the batch waits for it.
  expect(count('webhook_deliveries')).toBe(3_030);
  later(0);
  expect(count('webhook_deliveries')).toBe(2_030);
  later(1);
  expect(count(`webhook_deliveries WHERE state = 'pending'`)).toBe(20);
  later(7 * 24);
  for (let more = 0; more < 3; more += 1) later(0);
  expect(count('webhook_deliveries')).toBe(20);
});

test('with each delivery that is made old ones go: a webhook never has many more than 2 000', () => {
  const { take, makeHost, count, createWebhook, service, db } = writer();
  const webhook = createWebhook();
  db.prepare(`INSERT INTO webhook_deliveries (uid, webhook, event_id, type, state, created_ms, ended_ms)
    SELECT 'd' || value, 1, 'e', 'host_created', 'delivered', 0, 0 FROM json_each(?)`).run(
    JSON.stringify(Array.from({ length: 2_010 }, (_each, at) => at)),
  );
  for (let host = 0; host < 12; host += 1) {
    makeHost(`h${String(host)}`);
    take(webhook);
  }
  expect([count('webhook_deliveries'), count(`webhook_deliveries WHERE state = 'pending'`)]).toEqual([
    2_000, 12,
  ]);
  for (let n = 0; n < 5; n += 1) service({ type: 'test_webhook', webhook });
  expect([count('webhook_deliveries'), db.prepare('SELECT pending FROM webhooks').pluck().get()]).toEqual([
    2_000, 17,
  ]);
});

test('tests are refused where 2 000 deliveries are pending', () => {
  const { createWebhook, service, db } = writer();
  const webhook = createWebhook();
  db.prepare('UPDATE webhooks SET pending = 1999').run();
  service({ type: 'test_webhook', webhook });
  expect(() => service({ type: 'test_webhook', webhook })).toThrow(/limit_reached/);
});

test('a cursor that only passes over events is written behind 500 of them, or an hour, and the journal goes on', () => {
  const { take, makeHost, count, later, service, db } = writer();
  const fields = { ...FIELDS, host: 'other' };
  const webhook = (service({ type: 'create_webhook', fields, secret: null }) as Webhook).id;
  const written = () => db.prepare('SELECT cursor FROM webhooks').pluck().get();
  makeHost('h0');
  expect(take(webhook)).toMatchObject({ cursor: 1, taken: 0 });
  makeHost('h1');
  expect([take(webhook, 1), written()]).toMatchObject([{ cursor: 2 }, 0]);
  later(2);
  expect(count('events')).toBe(2);
  take(webhook, 2);
  expect(written()).toBe(2);
  makeHost('h2');
  take(webhook, 2);
  expect(written()).toBe(2);
  later(2);
  expect(count('events')).toBe(1);
  for (let host = 3; host < 502; host += 1) makeHost(`h${String(host)}`);
  take(webhook, 3);
  expect(written()).toBe(502);
});
