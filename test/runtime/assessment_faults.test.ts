import { afterEach, expect, test, vi } from 'vitest';
import { Sqlite } from '../../src/store/driver.ts';
import type { Store } from '../../src/store/port.ts';
import { sqliteHarness } from '../store/support/sqlite_harness.ts';

const harness = sqliteHarness(null);
afterEach(() => harness.cleanup());

const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };

/** Two hosts, of which one has lost the row that its device stands on: every question about that device throws. */
async function withOneBroken(): Promise<Store> {
  const before = await harness.open();
  for (const host of ['broken', 'whole']) {
    await before.submit({ host, command: { type: 'create_host', name: host, kernel: 'v6.12' } });
    const device = { name: 'dax0.0', mode: 'devdax', size: 2 ** 30, provider: 'CXL' } as const;
    await before.submit({ host, command: { type: 'create_dax_device', ...device } });
  }
  await before.close();
  const file = new Sqlite(harness.path);
  file.prepare("DELETE FROM cxl_regions WHERE host = (SELECT key FROM hosts WHERE id = 'broken')").run();
  file.close();
  return harness.open({ log });
}

test('[AS9] a host that cannot be assessed leaves every other one told, and is logged once', async () => {
  const store = await withOneBroken();
  const page = await store.assess({ filters: {}, limit: 10 });
  if ('refused' in page) throw new Error(page.detail);
  expect(page.items.map((item) => (JSON.parse(item) as { host: string }).host)).toEqual(['whole']);
  expect(page.summary).toMatchObject({ devices: 1, not_assessed: 1 });
  const counts = await store.countFleet();
  expect(counts.dax_devices).toMatchObject({ total: 2, verdict: { not_assessed: 1, contained: 1 } });
  expect(log.error.mock.calls).toMatchObject([
    [
      { host: 'broken', err: { message: expect.stringMatching('dangling reference') as string } },
      'host failed to be assessed',
    ],
  ]);
  await expect(store.assess({ filters: { host: 'broken' }, limit: 10 })).rejects.toThrow(
    'dangling reference',
  );
  await expect(store.assess({ filters: { host: 'whole' }, limit: 10 })).resolves.toMatchObject({
    summary: { devices: 1 },
  });
});
