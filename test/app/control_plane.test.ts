import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createControlPlane, type ControlPlane } from '../../src/app/control_plane.ts';
import type { NotTaken } from '../../src/app/inventory.ts';
import type { Exported } from '../../src/app/listing_job.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { Sqlite } from '../../src/store/driver.ts';
import type { Submitted } from '../../src/store/port.ts';
import { until } from '../support/until.ts';
import { mappedAndPinned, submitAll } from '../store/support/scenario.ts';
import { sqliteHarness, type SqliteHarness } from '../store/support/sqlite_harness.ts';

const HOST = 'node-a';
/** Whoever waits is woken; only a hang would take so long. */
const LONG_MS = 600_000;
const LISTING = JSON.stringify([
  {
    dev: 'namespace0.0',
    mode: 'fsdax',
    map: 'dev',
    size: 268435456,
    uuid: 'a0000000-0000-4000-8000-000000000001',
    sector_size: 512,
    align: 2097152,
    blockdev: 'pmem0',
  },
]);
const silent = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };

let harness: SqliteHarness;
let plane: ControlPlane;
beforeEach(async () => {
  harness = sqliteHarness();
  plane = createControlPlane(await harness.open(), silent);
  await plane.start();
});
afterEach(async () => {
  await plane.close();
  await harness.cleanup();
});

async function remove(kernel: KernelName): Promise<string> {
  await submitAll(plane, HOST, mappedAndPinned(HOST, kernel));
  const removed = await plane.submit({
    host: HOST,
    command: { type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' },
  });
  return answerOf(removed).uid;
}

function answerOf<Answer>(submitted: Submitted<Answer> | NotTaken): Answer {
  if (submitted.status !== 'done') throw new Error(JSON.stringify(submitted));
  return submitted.answer;
}

const stateOf = async (uid: string): Promise<string | undefined> =>
  (await plane.getByUid('removals', uid))?.state;

test('a removal is advanced to its end, and who waits for it is woken then', async () => {
  const ended = await plane.waitForRemoval(await remove('v6.12'), LONG_MS);
  expect(ended?.state).toBe('completed');
  expect(ended?.steps.every(({ state }) => state === 'done')).toBe(true);
});

test('waiting for one that has ended, or for none, does not wait', async () => {
  const uid = await remove('v6.12');
  await plane.waitForRemoval(uid, LONG_MS);
  expect((await plane.waitForRemoval(uid, LONG_MS))?.state).toBe('completed');
  expect(await plane.waitForRemoval('none', LONG_MS)).toBeNull();
});

test('[UNK13] a removal whose step fails comes to rest, is logged, and goes on when it is tried again', async () => {
  await submitAll(plane, HOST, mappedAndPinned(HOST, 'v6.12'));
  const label = async (labels: Readonly<Record<string, string>>): Promise<void> => {
    answerOf(await plane.submit({ host: HOST, command: { type: 'patch_host', labels } }));
  };
  await label({ fault: 'step' });
  const command = { type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' } as const;
  const { uid, id } = answerOf(await plane.submit({ host: HOST, command }));
  await until(
    () => stateOf(uid),
    (state) => state === 'undetermined',
  );
  const rests = await plane.getByUid('removals', uid);
  expect(rests).toMatchObject({ state: 'undetermined', verdict: 'undetermined', depends_on: [] });
  expect(rests?.steps[0]?.result).toHaveProperty('failed');
  const logged = expect.objectContaining({ host: HOST, removal: id }) as unknown;
  expect(silent.error).toHaveBeenCalledWith(logged, 'removal failed to advance');
  await label({});
  expect((await plane.waitForRemoval(uid, LONG_MS))?.state).toBe('completed');
});

test('a pin holds a removal waiting, the time runs out on who waits, its release lets it go on', async () => {
  const uid = await remove('v5.10');
  await until(
    () => stateOf(uid),
    (state) => state === 'waiting',
  );
  expect((await plane.waitForRemoval(uid, 1))?.state).toBe('waiting');
  const ended = plane.waitForRemoval(uid, LONG_MS);
  answerOf(await plane.submit({ host: HOST, command: { type: 'unpin', pin: 'p5' } }));
  expect((await ended)?.state).toBe('completed');
});

test('the end of a removal is logged once, also where its report is changed afterwards', async () => {
  // Stale entries survive the removal on v5.10, and another tenant's bind opens an exposure that its report names.
  const uid = await remove('v5.10');
  answerOf(await plane.submit({ host: HOST, command: { type: 'unpin', pin: 'p5' } }));
  await plane.waitForRemoval(uid, LONG_MS);
  const ended = await plane.getByUid('removals', uid);
  answerOf(
    await plane.submit({ host: HOST, command: { type: 'bind', dax_device: 'pmem0', tenant: 'blue' } }),
  );
  await plane.check();
  expect((await plane.getByUid('removals', uid))?.report).not.toEqual(ended?.report);
  const lines = silent.info.mock.calls.filter(([fields]) => (fields as { removal?: string }).removal === uid);
  const states = lines.map(([fields]) => (fields as { state: string }).state);
  expect(states.filter((state) => state === 'completed')).toHaveLength(1);
});

test('closing lets those go who wait', async () => {
  const uid = await remove('v5.10');
  await until(
    () => stateOf(uid),
    (state) => state === 'waiting',
  );
  const waiting = plane.waitForRemoval(uid, LONG_MS);
  await plane.close();
  expect((await waiting)?.state).toBe('waiting');
});

test('a removal that was running when the process stopped is taken up by the next', async () => {
  await plane.close();
  const store = await harness.open({ turnMs: 0 });
  await submitAll(store, HOST, mappedAndPinned(HOST, 'v6.12'));
  const removed = await store.submit({
    host: HOST,
    command: { type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' },
  });
  const { uid } = answerOf(removed);
  await store.close();
  const next = createControlPlane(await harness.open(), silent);
  expect((await next.getByUid('removals', uid))?.state).toBe('running');
  const ended = next.waitForRemoval(uid, LONG_MS);
  await next.start();
  expect((await ended)?.state).toBe('completed');
  await next.close();
});

test('a step that a busy store refused is taken again, with nobody asking', async () => {
  await submitAll(plane, HOST, mappedAndPinned(HOST, 'v5.10').slice(0, -1));
  await plane.close();
  const store = await harness.open({ turnMs: 0 });
  const removed = await store.submit({
    host: HOST,
    command: { type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' },
  });
  const { uid } = answerOf(removed);
  await store.close();
  let free = (): void => undefined;
  const refused = new Promise<void>((resolve) => (free = resolve));
  const log = { ...silent, error: () => free() };
  const next = createControlPlane(await harness.open({ busyTimeoutMs: 20, log }), silent);
  const other = new Sqlite(harness.path);
  other.exec('BEGIN IMMEDIATE');
  const ended = next.waitForRemoval(uid, LONG_MS);
  await next.start();
  await refused;
  other.close();
  expect((await ended)?.state).toBe('completed');
  await next.close();
});

test('a listing is imported, again without effect, and exported as it was', async () => {
  await plane.submit({ host: HOST, command: { type: 'create_host', name: HOST, kernel: 'v6.12' } });
  const idempotency = { key: 'k', fingerprint: 'f' };
  const first = answerOf(
    await plane.importInventory({ host: HOST, bytes: Buffer.from(LISTING), idempotency }),
  );
  expect(JSON.parse(first)).toMatchObject({
    format: 'ndctl',
    devices: [{ name: 'pmem0', change: 'created' }],
  });
  expect(await plane.get('dax_devices', HOST, 'pmem0')).toMatchObject({ mode: 'fsdax', size: 268435456 });
  const replay = await plane.importInventory({ host: HOST, bytes: Buffer.from(LISTING), idempotency });
  expect(replay).toMatchObject({ replayed: true, answer: first });
  const second = answerOf(await plane.importInventory({ host: HOST, bytes: Buffer.from(LISTING) }));
  expect(JSON.parse(second)).toMatchObject({ devices: [{ name: 'pmem0', change: 'unchanged' }] });
  const exported = await plane.exportInventory(HOST, 'ndctl');
  const { text } = exported as Exported;
  expect(JSON.parse(Buffer.from(text).toString())).toBeDefined();
  const again = answerOf(await plane.importInventory({ host: HOST, bytes: new Uint8Array(text) }));
  expect(JSON.parse(again)).toMatchObject({ devices: [{ change: 'unchanged' }] });
});

test('what is no listing, and a host that is not there, are refused', async () => {
  expect(await plane.importInventory({ host: HOST, bytes: Buffer.from(LISTING) })).toMatchObject({
    refusal: { code: 'host_not_found' },
  });
  expect(await plane.exportInventory(HOST, 'ndctl')).toMatchObject({ code: 'host_not_found' });
  await plane.submit({ host: HOST, command: { type: 'create_host', name: HOST, kernel: 'v6.12' } });
  expect(await plane.importInventory({ host: HOST, bytes: Buffer.from('{') })).toMatchObject({
    refusal: { code: 'malformed_inventory' },
  });
});
