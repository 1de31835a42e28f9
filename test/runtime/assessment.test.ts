import { afterAll, beforeAll, expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import type { Assessment } from '../../src/engine/questions/record.ts';
import type { AssessmentPage, AssessmentQuery, Store } from '../../src/store/port.ts';
import { until } from '../support/until.ts';
import { sqliteHarness } from '../store/support/sqlite_harness.ts';

const HOSTS = 1_000;
const MODES = ['fsdax', 'devdax', 'raw'] as const;
const harness = sqliteHarness();
let store: Store;

/** What the time may be is for bench/assessment.ts to say: here it is whether a large fleet is told right. */
beforeAll(async () => {
  store = await harness.open({ turnMs: 0 });
  const hosts = Array.from({ length: HOSTS }, (_, at) => `node-${String(at)}`);
  await Promise.all(
    hosts.map(async (host, at) => {
      const kernel = KERNEL_NAMES[at % KERNEL_NAMES.length]!;
      await store.submit({ host, command: { type: 'create_host', name: host, kernel } });
      for (const mode of MODES)
        await store.submit({ host, command: { type: 'create_dax_device', name: mode, mode, size: 2 ** 30 } });
    }),
  );
});
afterAll(() => harness.cleanup());

async function assess(query: Partial<AssessmentQuery> = {}): Promise<AssessmentPage> {
  const page = await store.assess({ filters: {}, limit: 500, ...query });
  if ('refused' in page) throw new Error(page.detail);
  return page;
}

test('a fleet of 1 000 hosts is told whole, page by page, each device once', async () => {
  const seen = new Set<string>();
  let page = await assess();
  for (;;) {
    for (const item of page.items) {
      const { host, dax_device } = JSON.parse(item) as Assessment;
      seen.add(`${host}/${dax_device}`);
    }
    if (page.last === null) break;
    page = await assess({ after: page.last });
  }
  expect(seen.size).toBe(HOSTS * MODES.length);
  expect(page.summary).toMatchObject({ contained: HOSTS * MODES.length, pending: 0 });
});

test('[AS11] what no page comes to is assessed between requests', async () => {
  const labels = { rack: '1' };
  await Promise.all(
    Array.from({ length: HOSTS }, (_, at) =>
      store.submit({ host: `node-${String(at)}`, command: { type: 'patch_host', labels } }),
    ),
  );
  const { summary } = await assess({ limit: 1 });
  expect(summary.pending).toBeGreaterThan(0);
  expect(summary.devices + summary.pending).toBe(HOSTS * MODES.length);
  const whole = await until(
    () => assess({ limit: 1 }),
    (page) => page.summary.pending === 0,
  );
  expect(whole.summary.devices).toBe(HOSTS * MODES.length);
});

test('one host of it changes, and is told anew', async () => {
  const host = 'node-7';
  await store.submit({ host, command: { type: 'remove_dax_device', dax_device: 'raw', trigger: 'unbind' } });
  const { summary, items } = await assess({ filters: { host } });
  // It has begun, and ends well (AS5).
  expect(summary).toMatchObject({ devices: 3, contained: 3, refused: 0 });
  expect(items.map((item) => (JSON.parse(item) as Assessment).refused?.code)).toEqual([
    undefined,
    undefined,
    'removal_in_progress',
  ]);
});

test('[AS4] a host that is not there, or no more, is no empty page', async () => {
  const host = 'short-lived';
  const query = { filters: { host }, limit: 1 };
  expect(await store.assess(query)).toMatchObject({ code: 'host_not_found' });
  await store.submit({ host, command: { type: 'create_host', name: host, kernel: 'v6.1' } });
  expect(await store.assess(query)).toMatchObject({ items: [], summary: { devices: 0 } });
  await store.submit({ host, command: { type: 'delete_host' } });
  expect(await store.assess(query)).toMatchObject({ code: 'host_not_found' });
});

test('filters are those of the fields that an assessment shows', async () => {
  const kernel = 'v7.3';
  const { summary } = await assess({ filters: { kernel, mode: 'devdax' } });
  expect(summary.devices).toBe(Math.floor(HOSTS / KERNEL_NAMES.length));
});
