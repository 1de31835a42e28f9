import { afterEach, beforeEach, expect, test } from 'vitest';
import { prepareCounts } from '../../src/store/count_fleet.ts';
import { Sqlite } from '../../src/store/driver.ts';
import { migrate } from '../../src/store/migrate.ts';
import type { Store } from '../../src/store/port.ts';
import { openFreshStore } from '../support/local_store.ts';

let store: Store;
beforeEach(async () => {
  store = await openFreshStore();
});
afterEach(() => store.close());

const makeHosts = async (count: number, release?: string): Promise<void> => {
  for (let at = 0; at < count; at += 1) {
    const host = `node-${String(at).padStart(3, '0')}`;
    const kernel =
      release === undefined ? ({ kernel: 'v6.1' } as const) : { kernel_release: `${release}.${at + 1}` };
    await store.submit({ host, command: { type: 'create_host', name: host, ...kernel } });
    const device = { name: 'pmem0', mode: 'fsdax', size: 2 ** 30, tenant: `tenant-${at}` } as const;
    await store.submit({ host, command: { type: 'create_dax_device', ...device } });
  }
};
const verdicts = async () => (await store.countFleet()).dax_devices.verdict;

test('[FLEET1] a call assesses 16 hosts, and of more none: who counts does not wait', async () => {
  await makeHosts(17);
  expect(await verdicts()).toMatchObject({ contained: 0, not_assessed: 17 });
  expect(await verdicts()).toMatchObject({ contained: 0, not_assessed: 17 });
  await store.assess({ filters: {}, limit: 1 });
  expect(await verdicts()).toMatchObject({ contained: 17, not_assessed: 0 });
  // What has changed since is not counted as it was.
  for (const host of ['node-000', 'node-001']) await store.submit({ host, command: { type: 'delete_host' } });
  expect(await verdicts()).toMatchObject({ contained: 15, not_assessed: 0 });
});

test('[FLEET1] the assessment after counts is of the whole fleet', async () => {
  await makeHosts(70);
  expect(await verdicts()).toMatchObject({ contained: 0, not_assessed: 70 });
  const page = await store.assess({ filters: {}, limit: 500 });
  expect('items' in page && page.items.length).toBe(70);
  expect(await verdicts()).toMatchObject({ contained: 70, not_assessed: 0 });
});

test('[FLEET1] rows beyond the hundredth are counted', async () => {
  await makeHosts(101, '6.8');
  const { by_host, by_tenant, by_kernel_release, cut, hosts } = await store.countFleet();
  expect([by_host.length, by_tenant.length, by_kernel_release.length]).toEqual([100, 100, 100]);
  expect(cut).toEqual({ by_host: 101, by_tenant: 101, by_kernel_release: 101 });
  expect(hosts.total).toBe(101);
});

test('[FLEET1] what is counted is read in rows that are as few in the largest fleet', () => {
  const db = new Sqlite(':memory:');
  migrate(db);
  const texts: string[] = [];
  prepareCounts({
    prepare: (sql: string) => {
      texts.push(sql);
      return db.prepare(sql);
    },
  });
  expect(texts.length).toBeGreaterThan(5);
  for (const sql of texts) {
    const plan = db
      .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...(sql.includes('?') ? [100] : []))
      .map(({ detail }) => detail);
    // In the order that it is shown in: nothing is sorted, so that no more than the first 100 are read.
    expect([sql, plan]).toEqual([sql, expect.not.arrayContaining([expect.stringMatching(/TEMP B-TREE/)])]);
    const reads = plan.filter((detail) => /^(SCAN|SEARCH) (?!\(subquery)/.test(detail));
    expect(reads.length).toBeGreaterThan(0);
    const few = /^SCAN (counts_by_\w+|c|h USING COVERING INDEX \S+)$|^SEARCH c USING INTEGER PRIMARY KEY/;
    for (const detail of reads) expect([sql, detail]).toEqual([sql, expect.stringMatching(few)]);
    // Whole tables are read of what has few words, and counted without a look at their rows.
    expect(sql).toMatch(/LIMIT \?|FROM counts_by_word|^SELECT count\(\*\) FROM \w+$/);
  }
  db.close();
});
