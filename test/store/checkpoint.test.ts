import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { prepareAsk } from '../../src/runtime/asker.ts';
import { prepareDecide } from '../../src/runtime/decider.ts';
import type { Store } from '../../src/store/port.ts';
import { Sqlite } from '../../src/store/driver.ts';
import { emptyWal, walBytes } from '../../src/store/checkpoint.ts';
import { openReadConnection, openWriteConnection } from '../../src/store/connection.ts';
import { sqliteHarness, type SqliteHarness } from './support/sqlite_harness.ts';

const HOST = 'node-a';
const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const messages = (calls: typeof log.warn): unknown[] =>
  calls.mock.calls.map(([, message]) => message as unknown);

let harness: SqliteHarness;
let store: Store;
beforeEach(async () => {
  vi.clearAllMocks();
  harness = sqliteHarness();
  store = await harness.open({ walBytesMax: 2 ** 20, log });
  await store.submit({ host: HOST, command: { type: 'create_host', name: HOST, kernel: 'v6.12' } });
});
afterEach(() => harness.cleanup());

/** Some 8 MiB into the WAL, in commits of one each. */
async function writeMuch(first: number): Promise<void> {
  for (let pid = first; pid < first + 8; pid += 1) {
    const comm = 'x'.repeat(2 ** 20);
    const submitted = await store.submit({ host: HOST, command: { type: 'create_process', pid, comm } });
    expect(submitted.status).toBe('done');
  }
}

test('a WAL is worked off, and the time of it told', async () => {
  await writeMuch(1);
  const { wal_bytes, last_checkpoint_at, checkpoint_failures, degraded } = await store.status();
  expect(wal_bytes).toBeGreaterThan(0);
  expect(wal_bytes).toBeLessThan(24 * 2 ** 20);
  expect(last_checkpoint_at).not.toBeNull();
  expect([checkpoint_failures, degraded]).toEqual([0, null]);
});

test('a reader that never ends is told once, in the log and by the check, and so is its end', async () => {
  const reader = new Sqlite(harness.path, { readonly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM hosts').get();
  await writeMuch(1);
  await writeMuch(101);
  const foreign = {
    journal_mode: 'wal',
    degraded: expect.stringMatching(
      new RegExp(`^another program reads .*${harness.path}-wal cannot be emptied`),
    ) as string,
  };
  expect(await store.check()).toMatchObject(foreign);
  expect((await store.status()).checkpoint_failures).toBeGreaterThan(1);
  expect(messages(log.warn)).toEqual(['checkpoints fail']);
  // Whether the other one reads as well shows when that has ended.
  const asked = store.assess({ limit: 1, filters: {} });
  expect(await store.check()).toMatchObject({
    degraded: expect.stringMatching(/^a question of this service .* ends by itself/) as string,
  });
  await asked;
  expect(await store.check()).toMatchObject(foreign);
  expect(messages(log.warn)).toHaveLength(3);
  reader.close();
  // Nothing is written meanwhile: the check itself looks again.
  expect(await store.check()).toMatchObject({ degraded: null });
  expect(messages(log.info)).toEqual(['checkpoints work again']);
});

test('a question that takes long holds up no checkpoint while it is worked out', async () => {
  const [writer, reader] = [openWriteConnection(harness.path), openReadConnection(harness.path)];
  await writeMuch(1);
  const emptied: number[] = [];
  const context = () => {
    emptyWal(writer);
    emptied.push(walBytes(harness.path));
    return { now: '', uid: () => '' };
  };
  const work = { host: HOST, question: { type: 'survey_capacity' } } as const;
  prepareAsk(reader, context)(work);
  await writeMuch(101);
  prepareDecide(reader, context)({ work });
  expect(emptied).toEqual([0, 0]);
  for (const db of [writer, reader]) db.close();
});
