import { describe, expect, test } from 'vitest';
import type { Commit } from '../../src/store/port.ts';
import type { ServiceCommandOf } from '../../src/service/command.ts';
import type { Attempt, Webhook, WebhookFields } from '../../src/service/webhook.ts';
import { rigOf, type StoreHarness } from './rig.ts';

const FIELDS: WebhookFields = {
  url: 'https://hooks.example/in',
  types: null,
  host: null,
  dax_device: null,
  tenant: null,
  description: null,
  enabled: true,
};
const SECRET = 'whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0';
const DAY_MS = 86_400_000;

/** What every implementation of the port has to do with records that are of no host. */
export function serviceContract(name: string, makeHarness: () => StoreHarness): void {
  describe(`${name} keeps the service's own records`, () => {
    const rig = rigOf(makeHarness);
    const { store, restart, createHost, submitService: submit, doneByService: done } = rig;
    const create = (fields: Partial<WebhookFields> = {}): Promise<Webhook> =>
      done<'create_webhook'>({ type: 'create_webhook', fields: { ...FIELDS, ...fields }, secret: SECRET });
    const take = async (webhook: string) =>
      (await done<'take_events'>({ type: 'take_events', from: [{ webhook, after: 0 }] }))[0];
    const due = async (webhook: string) =>
      (await store.service.dueDeliveries({ webhook, now_ms: new Date().getTime() + DAY_MS, limit: 100 })).due;
    const attempt = (at_ms: number, status: number | null): Attempt => ({
      at: new Date(at_ms).toISOString(),
      status,
      error: status === null ? 'it did not answer' : null,
      duration_ms: 3,
    });
    const end = (
      delivery: string,
      outcome: ServiceCommandOf<'end_attempt'>['outcome'],
      at_ms = Date.UTC(2030, 0),
      { redeliveries = 0, url = FIELDS.url } = {},
    ) =>
      done<'end_attempt'>({
        type: 'end_attempt',
        ...{ delivery, redeliveries, url },
        attempt: attempt(at_ms, outcome.state === 'delivered' ? 204 : 500),
        outcome,
        disable_after_ms: DAY_MS,
      });

    test('what is created is read back without its secret, and after a restart', async () => {
      const created = await create({ types: ['host_created'], host: 'node-a' });
      expect(created).toMatchObject({ revision: 1, secret: SECRET, types: ['host_created'], enabled: true });
      const { secret: _secret, ...shown } = created as Webhook & { secret: string };
      expect(await store.service.webhook(created.id)).toEqual(shown);
      expect((await store.service.webhooks({ limit: 10 })).items).toEqual([shown]);
      await restart();
      expect(await store.service.webhook(created.id)).toEqual(shown);
      expect(await store.service.webhook('other')).toBeNull();
    });

    test('a dry run answers the same and stores nothing', async () => {
      const submitted = await submit<'create_webhook'>(
        { type: 'create_webhook', fields: FIELDS, secret: SECRET },
        { dry_run: true },
      );
      expect(submitted).toMatchObject({ status: 'done', answer: { url: FIELDS.url, secret: SECRET } });
      expect((await store.service.webhooks({ limit: 10 })).items).toEqual([]);
    });

    test('a key answers the same again, and nothing else', async () => {
      const idempotency = { key: 'k', fingerprint: 'one' };
      const command = { type: 'create_webhook', fields: FIELDS, secret: SECRET } as const;
      const first = await done<'create_webhook'>(command, { idempotency });
      const again = await submit<'create_webhook'>(command, { idempotency });
      expect(again).toMatchObject({ status: 'done', replayed: true, answer: first });
      const other = await submit<'create_webhook'>(command, {
        idempotency: { key: 'k', fingerprint: 'two' },
      });
      expect(other).toEqual({ status: 'idempotency_mismatch' });
      expect((await store.service.webhooks({ limit: 10 })).items).toHaveLength(1);
    });

    test('If-Match takes the present state alone, and what is not there stays not found', async () => {
      const { id, uid } = await create();
      const patch = { type: 'patch_webhook', webhook: id, fields: { description: 'x' } } as const;
      const state = (revision: number) => ({ precondition: { states: [{ uid, revision }] } });
      expect(await submit<'patch_webhook'>(patch, state(2))).toEqual({ status: 'precondition_failed' });
      expect(await done<'patch_webhook'>(patch, state(1))).toMatchObject({ revision: 2, description: 'x' });
      expect(await submit<'patch_webhook'>(patch, state(1))).toEqual({ status: 'precondition_failed' });
      const missing = await submit<'patch_webhook'>({ ...patch, webhook: 'none' }, state(1));
      expect(missing).toMatchObject({ status: 'refused', refusal: { code: 'webhook_not_found' } });
      const all = { precondition: { states: '*' } } as const;
      expect(await done<'delete_webhook'>({ type: 'delete_webhook', webhook: id }, all)).toBeNull();
    });

    test('[HOOK1] a webhook gets the events behind its creation that its filters let through', async () => {
      await createHost('before');
      const { id } = await create({ types: ['host_created'], host: 'node-b' });
      await createHost('node-a');
      await createHost('node-b');
      const { as_of } = await store.events({ after: 0, limit: 1 });
      expect(await take(id)).toEqual({ cursor: as_of, taken: 1, is_more: false, missed: 0 });
      expect(await take(id)).toMatchObject({ taken: 0 });
      const { items } = await store.service.deliveries({ webhook: id, limit: 10 });
      const events = (await store.events({ after: 0, limit: 10 })).items.filter(
        ({ host }) => host === 'node-b',
      );
      expect(items).toMatchObject([
        {
          webhook: id,
          event_seq: events[0]?.seq,
          event_id: events[0]?.id,
          type: 'host_created',
          state: 'pending',
        },
      ]);
      expect(await due(id)).toMatchObject([{ id: items[0]?.id, event_seq: events[0]?.seq, tries: 0 }]);
    });

    test('an attempt is logged with its delivery, which is tried again, delivered, or given up', async () => {
      const { id } = await create();
      await createHost('node-a');
      await take(id);
      const [{ id: delivery } = { id: '' }] = await due(id);
      const { items } = await store.events({ limit: 1 });
      expect(await due(id)).toMatchObject([{ event_bytes: items[0]!.data.length }]);
      const at = Date.UTC(2030, 0);
      await end(delivery, { state: 'pending', next_attempt_ms: at + 5_000, is_gone: false });
      expect(await store.service.delivery(id, delivery)).toMatchObject({
        state: 'pending',
        attempts: [attempt(at, 500)],
        next_attempt_at: '2030-01-01T00:00:05.000Z',
      });
      const early = await store.service.dueDeliveries({ webhook: id, now_ms: at, limit: 10 });
      expect(early).toEqual({ due: [], next_ms: at + 5_000 });
      expect(await store.service.webhook(id)).toMatchObject({ failing_since: '2030-01-01T00:00:00.000Z' });
      await end(delivery, { state: 'delivered' });
      const after = await store.service.webhook(id);
      expect(after).toMatchObject({ failing_since: null, counters: { pending: 0, delivered: 1, failed: 0 } });
      const list = async (state: 'pending' | 'delivered') =>
        (await store.service.deliveries({ webhook: id, state, limit: 10 })).items.length;
      expect([await list('pending'), await list('delivered')]).toEqual([0, 1]);
      await done<'redeliver'>({ type: 'redeliver', webhook: id, delivery });
      expect(await due(id)).toMatchObject([{ id: delivery, tries: 0 }]);
      await end(delivery, { state: 'failed' }, at, { redeliveries: 1 });
      // One delivery, counted once: as what it has become in the end.
      const counters = { pending: 0, delivered: 0, failed: 1 };
      expect((await store.service.webhook(id))?.counters).toMatchObject(counters);
    });

    test('[HOOK6] what was asked for again in the middle of an attempt is sent, whatever came of that', async () => {
      const { id } = await create();
      await createHost('node-a');
      await take(id);
      const at = Date.UTC(2030, 0);
      const later = { state: 'pending', next_attempt_ms: 0, is_gone: false } as const;
      const [{ id: delivery } = { id: '' }] = await due(id);
      await end(delivery, later);
      for (const outcome of [{ state: 'delivered' }, { state: 'failed' }, later] as const) {
        const before = (await due(id))[0]!;
        const asked = await done<'redeliver'>({ type: 'redeliver', webhook: id, delivery });
        await end(delivery, outcome, at, { redeliveries: before.redeliveries });
        const attempts = [...asked.attempts, expect.objectContaining({ at: '2030-01-01T00:00:00.000Z' })];
        expect(await store.service.delivery(id, delivery)).toEqual({ ...asked, attempts });
        expect(await due(id)).toEqual([{ ...before, tries: 0, redeliveries: before.redeliveries + 1 }]);
      }
      const query = { webhook: id, now_ms: at, limit: 10, asked_only: true };
      expect(await store.service.dueDeliveries(query)).toMatchObject({ due: [{ id: delivery }] });
      const counters = { pending: 1, delivered: 0, failed: 0 };
      expect((await store.service.webhook(id))?.counters).toMatchObject(counters);
    });

    test('[HOOK7] another URL is a receiver that has failed at nothing, and what the former one still does is logged', async () => {
      const { id } = await create();
      const { id: delivery } = await done<'test_webhook'>({ type: 'test_webhook', webhook: id });
      const later = { state: 'pending', next_attempt_ms: 0, is_gone: false } as const;
      await end(delivery, later, DAY_MS);
      const url = 'https://hooks.example/other';
      const moved = await done<'patch_webhook'>({ type: 'patch_webhook', webhook: id, fields: { url } });
      expect(moved).toMatchObject({ failing_since: null, counters: { pending: 1 } });
      const pending = await due(id);
      expect(pending).toMatchObject([{ id: delivery, tries: 0 }]);
      for (const outcome of [later, { ...later, is_gone: true }, { state: 'failed' } as const])
        expect(await end(delivery, outcome)).toBeNull();
      const { secret: _secret, ...shown } = moved as Webhook & { secret?: string };
      expect([await store.service.webhook(id), await due(id)]).toEqual([shown, pending]);
      expect((await store.service.delivery(id, delivery))?.attempts).toHaveLength(4);
      await end(delivery, later, DAY_MS, { url });
      await end(delivery, { state: 'delivered' });
      expect(await store.service.webhook(id)).toMatchObject({
        failing_since: '1970-01-02T00:00:00.000Z',
        counters: { pending: 0, delivered: 1 },
      });
    });

    test('[HOOK5] a webhook is disabled by 410, and by failing for as long as is asked', async () => {
      const { id } = await create();
      const test = async () => (await done<'test_webhook'>({ type: 'test_webhook', webhook: id })).id;
      const later = { state: 'pending', next_attempt_ms: 0, is_gone: false } as const;
      const first = await test();
      expect(await end(first, later, DAY_MS)).toBeNull();
      expect(await end(first, later, 2 * DAY_MS - 1)).toBeNull();
      expect(await end(first, later, 2 * DAY_MS)).toMatchObject({
        enabled: false,
        disabled_reason: 'failing',
        revision: 2,
      });
      expect([await store.service.webhookTargets(), await due(id)]).toEqual([[], []]);
      const refused = await submit<'test_webhook'>({ type: 'test_webhook', webhook: id });
      expect(refused).toMatchObject({ refusal: { code: 'webhook_disabled' } });
      const enabled = await done<'patch_webhook'>({
        type: 'patch_webhook',
        webhook: id,
        fields: { enabled: true },
      });
      expect(enabled).toMatchObject({ disabled_reason: null, failing_since: null, counters: { pending: 1 } });
      expect(await end(first, { ...later, is_gone: true })).toMatchObject({ disabled_reason: 'gone' });
    });

    test('the former secret stays until its time, and only those who send see either', async () => {
      const { id } = await create();
      const secret = `${SECRET}AAAA`;
      const rotate = (given: string | null) =>
        done<'patch_webhook'>({
          type: 'patch_webhook',
          webhook: id,
          fields: {},
          rotation: { secret: given },
        });
      const rotated = await rotate(secret);
      expect(rotated).toMatchObject({
        secret,
        revision: 2,
        former_secret_until: expect.any(String) as string,
      });
      expect(await store.service.webhookTargets()).toMatchObject([
        {
          id,
          secret,
          former_secret: SECRET,
          former_secret_until_ms: Date.parse(rotated.former_secret_until ?? ''),
        },
      ]);
      const made = await rotate(null);
      expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
      expect(JSON.stringify(await store.service.webhook(id))).not.toContain('whsec_');
    });

    test('with a webhook its deliveries go, and an attempt that ends then is nothing', async () => {
      const { id } = await create();
      const delivery = await done<'test_webhook'>({ type: 'test_webhook', webhook: id });
      await done<'delete_webhook'>({ type: 'delete_webhook', webhook: id });
      expect(await end(delivery.id, { state: 'delivered' })).toBeNull();
      expect((await store.service.deliveries({ webhook: id, limit: 10 })).items).toEqual([]);
      expect(await take(id)).toBeNull();
    });

    test('lists are paged in order of creation', async () => {
      const ids: string[] = [];
      for (let at = 0; at < 3; at += 1) ids.push((await create()).id);
      const first = await store.service.webhooks({ limit: 2 });
      expect([first.items.map(({ id }) => id), first.last]).toEqual([ids.slice(0, 2), expect.any(Number)]);
      const rest = await store.service.webhooks({ limit: 2, after: first.last! });
      expect([rest.items.map(({ id }) => id), rest.last]).toEqual([ids.slice(2), null]);
    });

    test('a commit tells which kinds have changed, and nothing of a dry run or a refusal', async () => {
      const commits: Commit['service'][] = [];
      store.onCommit(({ service }) => void commits.push(service));
      const { id } = await create();
      await submit({ type: 'delete_webhook', webhook: id }, { dry_run: true });
      await submit({ type: 'delete_webhook', webhook: 'none' });
      await store.check();
      expect(commits).toEqual([['webhooks']]);
      await createHost('node-a');
      await take(id);
      await take(id);
      expect(commits).toEqual([['webhooks'], [], []]);
    });

    test('there are 100 webhooks at most', async () => {
      await Promise.all(Array.from({ length: 100 }, () => create()));
      const refused = await submit<'create_webhook'>({
        type: 'create_webhook',
        fields: FIELDS,
        secret: SECRET,
      });
      expect(refused).toMatchObject({ refusal: { code: 'limit_reached' } });
    });
  });
}
