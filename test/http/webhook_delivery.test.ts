import type { ServerResponse } from 'node:http';
import { CloudEvent } from 'cloudevents';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DOCUMENT } from '../support/document.ts';
import { createHandClock, type HandClock } from '../support/hand_clock.ts';
import { judgeBy } from '../support/judge.ts';
import { startReceiver, withStatus, type Receiver } from '../support/receiver.ts';
import { startTestServer, type TestBody, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const HOUR_MS = 3_600_000;
const { webhooks: WEBHOOKS } = DOCUMENT as unknown as {
  readonly webhooks: Readonly<
    Record<string, { readonly post: { readonly parameters: readonly { readonly name: string }[] } }>
  >;
};

let clock: HandClock;
let receiver: Receiver;
let server: TestServer;
beforeEach(async () => {
  clock = createHandClock();
  receiver = await startReceiver();
  server = await startTestServer({
    webhooks: { clock, targets: ['127.0.0.1'], random: () => 0.5, timeout_ms: 60_000 },
  });
});
afterEach(async () => {
  // Attempts that are under way end with it.
  await receiver.close();
  await server.close();
});

const create = async (more: object = {}): Promise<TestBody & { readonly secret: string }> => {
  const answer = await server.call('POST', '/v1/webhooks', { url: receiver.url, ...more });
  expect([answer.status, answer.text.slice(0, 200)]).toEqual([201, expect.anything()]);
  return answer.json as TestBody & { readonly secret: string };
};
const get = async (path: string) => (await server.call('GET', `/v1/webhooks/${path}`)).json;
const makeHost = (name: string) => server.call('POST', '/v1/hosts', { name, kernel: 'v6.12' });
const received = (n: number) =>
  until(
    () => receiver.received,
    (all) => all.length >= n,
  );
const counters = (id: string, wanted: object) =>
  until(
    async () => (await get(id))['counters'] as Record<string, number>,
    (now) => Object.entries(wanted).every(([name, count]) => now[name] === count),
  );
/** The attempts of the one delivery, once there are so many. */
const attempts = (id: string, n: number) =>
  until(
    async () =>
      ((await get(`${id}/deliveries`)).items[0]?.['attempts'] ?? []) as readonly {
        readonly status: number;
      }[],
    (made) => made.length === n,
  );
const verify = (secret: string, at = 0): unknown => {
  const { body, headers } = receiver.received[at]!;
  return new Webhook(secret).verify(body, headers as Record<string, string>);
};

const judge = judgeBy(DOCUMENT as unknown as { readonly openapi: string });
/** What of a message is not as the document has it of this kind. */
function faultsIn({ body, headers }: Receiver['received'][number], kind: 'event' | 'test'): string[] {
  const place = ['webhooks', kind, 'post'];
  const content = ['requestBody', 'content', 'application/cloudevents+json'];
  const { parameters } = WEBHOOKS[kind]!.post;
  expect(parameters.map(({ name }) => name)).toEqual([
    'webhook-id',
    'webhook-timestamp',
    'webhook-signature',
  ]);
  return [
    ...judge([...place, ...content, 'schema'], JSON.parse(body)),
    ...parameters.flatMap(({ name }, at) =>
      judge([...place, 'parameters', String(at), 'schema'], headers[name]),
    ),
  ];
}

describe('a message', () => {
  test('[HOOK2] is the event as CloudEvents has it, signed as the public package verifies', async () => {
    const { id, secret } = await create();
    await makeHost('node-a');
    const [message] = await received(1);
    const [event] = (await server.call('GET', '/v1/events')).json.items;
    expect(verify(secret)).toMatchObject({ specversion: '1.0', id: event?.id, data: event });
    expect(new CloudEvent(JSON.parse(message!.body) as object).validate()).toBe(true);
    expect(faultsIn(message!, 'event')).toEqual([]);
    expect(message?.headers).toMatchObject({
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'user-agent': expect.stringMatching(/^daxplane\/\d+\.\d+\.\d+$/) as string,
    });
    await counters(id, { pending: 0, delivered: 1 });
    const { items } = await get(`${id}/deliveries`);
    expect(items).toMatchObject([
      {
        id: message?.headers['webhook-id'],
        event_seq: 1,
        event_id: event?.id,
        type: 'host_created',
        state: 'delivered',
        next_attempt_at: null,
        attempts: [{ status: 204, error: null }],
      },
    ]);
  });

  test('[HOOK1] is sent of what the filters let through, and of nothing before the webhook', async () => {
    await makeHost('node-a');
    const { id } = await create({ types: ['host_changed'], host: 'node-b' });
    await makeHost('node-b');
    await server.call('PATCH', '/v1/hosts/node-a', { labels: { rack: '1' } });
    await server.call('PATCH', '/v1/hosts/node-b', { labels: { rack: '2' } });
    await counters(id, { delivered: 1 });
    expect(receiver.received.map(({ body }) => (JSON.parse(body) as TestBody)['subject'])).toEqual([
      'hosts/node-b',
    ]);
  });

  test('[HOOK1] [HOOK3] that fails comes again by the schedule, under the same id, and with the time of then', async () => {
    const { id, secret } = await create();
    receiver.answer = withStatus(500);
    await makeHost('node-a');
    await attempts(id, 1);
    clock.forward(4_000);
    clock.forward(2_000);
    await attempts(id, 2);
    receiver.answer = withStatus(204);
    clock.forward(31_000);
    const made = await attempts(id, 3);
    expect(made.map(({ status }) => status)).toEqual([500, 500, 204]);
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect([ids.length, new Set(ids).size]).toEqual([3, 1]);
    const times = receiver.received.map(({ headers }) => Number(headers['webhook-timestamp']));
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(5);
    expect(verify(secret)).toBeTruthy();
    await counters(id, { delivered: 1, pending: 0 });
    expect((await get(id))['failing_since']).toBeNull();
  });

  test('[HOOK3] [HOOK6] is given up behind the schedule, and sent again by request', async () => {
    await server.close();
    server = await startTestServer({ webhooks: { clock, targets: ['127.0.0.1'], schedule_ms: [1_000] } });
    const { id } = await create();
    receiver.answer = withStatus(500);
    await makeHost('node-a');
    await received(1);
    await attempts(id, 1);
    clock.forward(2_000);
    await counters(id, { failed: 1, pending: 0 });
    const [delivery] = (await get(`${id}/deliveries?state=failed`)).items;
    receiver.answer = withStatus(204);
    const again = await server.call('POST', `/v1/webhooks/${id}/deliveries/${delivery!.id}/redeliver`, {});
    expect([again.status, again.headers['location'], again.json['state']]).toEqual([
      202,
      `/v1/webhooks/${id}/deliveries/${delivery!.id}`,
      'pending',
    ]);
    await counters(id, { failed: 0, delivered: 1, pending: 0 });
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  test('of the test is sent at once, and is of no event', async () => {
    const { id, secret } = await create({ types: ['host_deleted'] });
    const asked = await server.call('POST', `/v1/webhooks/${id}/test`, {});
    await received(1);
    expect(verify(secret)).toMatchObject({
      type: expect.stringMatching(/webhook_test$/) as string,
      id: asked.json.id,
    });
    expect(faultsIn(receiver.received[0]!, 'test')).toEqual([]);
    await counters(id, { delivered: 1 });
    expect((await server.call('GET', asked.headers['location'] ?? '')).json).toMatchObject({
      event_seq: null,
      type: 'webhook_test',
      state: 'delivered',
    });
  });

  test('[HOOK2] is signed by the former secret too, for a day after the rotation', async () => {
    const { id, secret } = await create();
    const rotated = await server.call('PATCH', `/v1/webhooks/${id}`, { rotate_secret: true });
    const next = rotated.json['secret'] as string;
    await makeHost('node-a');
    await received(1);
    for (const known of [secret, next]) expect(verify(known)).toBeTruthy();
    clock.forward(25 * HOUR_MS);
    await server.call('POST', `/v1/webhooks/${id}/test`, {});
    const message = (await received(2))[1]!;
    expect((message.headers['webhook-signature'] as string).split(' ')).toHaveLength(1);
  });
});

describe('a receiver', () => {
  const hold = () => {
    const held: ServerResponse[] = [];
    receiver.answer = (_received, response) => void held.push(response);
    return held;
  };

  test('[HOOK5] that answers 410 is sent nothing more, until it is enabled again: then what was pending goes on', async () => {
    const { id } = await create();
    receiver.answer = withStatus(410);
    await makeHost('node-a');
    const disabled = await until(
      () => get(id),
      (webhook) => webhook['enabled'] === false,
    );
    expect(disabled).toMatchObject({ disabled_reason: 'gone', revision: 2, counters: { pending: 1 } });
    await makeHost('node-b');
    expect(receiver.received).toHaveLength(1);
    receiver.answer = withStatus(204);
    await server.call('PATCH', `/v1/webhooks/${id}`, { enabled: true });
    await counters(id, { delivered: 2, pending: 0, missed_events: 0 });
  });

  test('[HOOK5] that has failed for days is disabled, and that is told', async () => {
    const { id } = await create();
    receiver.answer = withStatus(500);
    await makeHost('node-a');
    await until(
      () => get(id),
      (webhook) => webhook['failing_since'] !== null,
    );
    clock.forward(6 * 24 * HOUR_MS);
    expect(
      await until(
        () => get(id),
        (webhook) => webhook['enabled'] === false,
      ),
    ).toMatchObject({
      disabled_reason: 'failing',
    });
  });

  test('[HOOK4] that says when to come again is left alone until then, by all messages', async () => {
    const { id } = await create();
    receiver.answer = withStatus(429, { 'retry-after': '3600' });
    await makeHost('node-a');
    await attempts(id, 1);
    receiver.answer = withStatus(204);
    await makeHost('node-b');
    await counters(id, { pending: 2 });
    clock.forward(HOUR_MS / 2);
    await server.controlPlane.check();
    expect(receiver.received).toHaveLength(1);
    clock.forward(HOUR_MS);
    await counters(id, { delivered: 2 });
  });

  test('[HOOK8] that is slow holds up nobody else: it has one place until it answers, and one more with each answer, up to eight', async () => {
    const held = hold();
    const quick = await startReceiver();
    const { id } = await create();
    const other = await create({ url: quick.url });
    const make = async (responses: ServerResponse[], places: number, from: number): Promise<void> => {
      const to = from + 12;
      for (let host = from; host < to; host += 1) await makeHost(`node-${String(host)}`);
      await counters(other.id, { delivered: to });
      await counters(id, { delivered: from, pending: 12 });
      await until(
        () => responses.length,
        (length) => length >= places,
      );
      expect([responses.length, quick.received.length]).toEqual([places, to]);
      receiver.answer = withStatus(204);
      for (const response of responses) response.writeHead(204).end();
      await counters(id, { delivered: to });
    };
    await make(held, 1, 0);
    await make(hold(), 8, 12);
    await quick.close();
  });

  test('[HOOK1] is asked once by each restart for what it had not answered, and then for nothing', async () => {
    await server.close();
    const { openLocalStore } = await import('../support/local_store.ts');
    const { mkdtempSync, rmSync } = await import('node:fs');
    const directory = mkdtempSync('/tmp/daxplane-webhooks-');
    const start = async () =>
      startTestServer({
        store: await openLocalStore(`${directory}/test.db`),
        webhooks: { clock, targets: ['127.0.0.1'], timeout_ms: 60_000 },
      });
    server = await start();
    const held = hold();
    const { id } = await create();
    await makeHost('node-a');
    await until(
      () => held,
      (responses) => responses.length === 1,
    );
    const closing = server.close();
    await until(
      () => clock.forward(1_000),
      () => held[0]!.destroyed,
    );
    await closing;
    receiver.answer = withStatus(204);
    server = await start();
    await counters(id, { delivered: 1, pending: 0 });
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual(
      Array(2).fill(receiver.received[0]?.headers['webhook-id']),
    );
    expect((await get(`${id}/deliveries`)).items[0]?.['attempts']).toHaveLength(1);
    rmSync(directory, { recursive: true });
  });

  test('[HOOK7] is left in the middle of an attempt: deleted, or moved before the next one', async () => {
    const held = hold();
    const [gone, moved] = [await create(), await create()];
    await makeHost('node-a');
    await until(
      () => held,
      (responses) => responses.length === 2,
    );
    expect((await server.call('DELETE', `/v1/webhooks/${gone.id}`)).status).toBe(204);
    const elsewhere = await startReceiver();
    await server.call('PATCH', `/v1/webhooks/${moved.id}`, { url: elsewhere.url });
    for (const response of held) response.writeHead(500).end();
    await counters(moved.id, { delivered: 1, pending: 0 });
    expect((await attempts(moved.id, 2)).map(({ status }) => status)).toEqual([500, 204]);
    expect([elsewhere.received.length, receiver.received.length]).toEqual([1, 2]);
    expect((await server.call('GET', `/v1/webhooks/${gone.id}`)).status).toBe(404);
    await elsewhere.close();
  });

  test('that is disabled and enabled again in the middle of an attempt is not sent it a second time', async () => {
    const held = hold();
    const { id } = await create();
    await makeHost('node-a');
    await until(
      () => held,
      (responses) => responses.length === 1,
    );
    for (const enabled of [false, true]) await server.call('PATCH', `/v1/webhooks/${id}`, { enabled });
    await makeHost('node-b');
    await counters(id, { pending: 2 });
    receiver.answer = withStatus(204);
    held[0]!.writeHead(204).end();
    await counters(id, { delivered: 2 });
    expect(receiver.received).toHaveLength(2);
  });

  test('[HOOK3] that redirects has failed: nobody has allowed where that leads', async () => {
    const { id } = await create();
    receiver.answer = withStatus(307, { location: receiver.url.replace('/in', '/elsewhere') });
    await makeHost('node-a');
    const [attempt] = await attempts(id, 1);
    expect([attempt?.status, receiver.received.map(({ path }) => path)]).toEqual([307, ['/in']]);
  });
});
