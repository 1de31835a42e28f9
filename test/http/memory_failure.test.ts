import { afterAll, beforeAll, expect, test } from 'vitest';
import { MemoryFailureReport, PoisonedRange } from '../../src/http/schemas/memory_failure.ts';
import { pageOf } from '../../src/http/schemas/page.ts';
import { sqliteHarness, type SqliteHarness } from '../store/support/sqlite_harness.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const HOST = '/v1/hosts/node-a';
const AT = `${HOST}/dax-devices/dax0.0`;
const FAIL = `${AT}/memory-failure`;

let harness: SqliteHarness;
let server: TestServer;

/** A devdax that a process has mapped, on a medium that can clear poison. */
beforeAll(async () => {
  harness = sqliteHarness();
  server = await startTestServer({ store: await harness.open() });
  await done(`/v1/hosts`, { name: 'node-a', kernel: 'v6.12' });
  const device = {
    name: 'dax0.0',
    mode: 'devdax',
    size: '64MiB',
    phys_addr: '0x101400000',
    clears_poison: true,
  };
  await done(`${HOST}/dax-devices`, device);
  await done(`${HOST}/processes`, { pid: 7, comm: 'redis', mce_kill: 'early', sigbus: 'handled' });
  const how = { offset: 0, length: '2MiB', flags: ['shared'], prot: 'rw', populate: 'read' };
  await done(`${HOST}/mappings`, { pid: 7, dax_device: 'dax0.0', ...how });
});
afterAll(async () => {
  await server.close();
  await harness.cleanup();
});

async function done(url: string, body: object) {
  const answer = await server.call('POST', url, body);
  expect([url, answer.status < 300 ? 'done' : answer.text]).toEqual([url, 'done']);
  return answer;
}

test('a dry run of a machine check tells the same and poisons nothing', async () => {
  const dry = await done(`${FAIL}?dry_run=true`, { offset: '4KiB', length: 1, source: 'mce' });
  expect(dry.headers['dry-run']).toBe('true');
  expect((await server.call('GET', FAIL)).json.items).toEqual([]);
  const { json } = await done(FAIL, { offset: '4KiB', length: 1, source: 'mce' });
  expect(json).toEqual(dry.json);
  expect(MemoryFailureReport.safeParse(json).error?.issues ?? []).toEqual([]);
  expect(json).toMatchObject({
    result: 'ok',
    action_results: [{ type: 'dax page', result: 'Recovered', errno: null, pages: 1 }],
    processes: [
      { pid: 7, si_code: 'BUS_MCEERR_AO', si_addr_lsb: 21, count: 1, killed: false, fate: 'delivered' },
    ],
    unmapped_pages: 512,
    hwpoisoned_pages: 1,
    badblocks: [{ offset: 8, length: 8 }],
    counters: { HardwareCorrupted_kB: 4, memory_failure: { node0: { total: 1, recovered: 1 } } },
  });
});

test('poisoned ranges are listed and paged, and cleared where the device can', async () => {
  const { json } = await server.call('GET', `${FAIL}?limit=1`);
  expect(pageOf(PoisonedRange).safeParse(json).error?.issues ?? []).toEqual([]);
  expect(json.items).toEqual([
    { offset: 0, length: 4096, phys_addr: '0x101400000', hwpoison: true, badblock: false },
  ]);
  const next = await server.call('GET', `${FAIL}?limit=1&page_token=${String(json.next_page)}`);
  expect(next.json).toMatchObject({ items: [{ offset: 4096, badblock: true }], next_page: null });
  expect(next.json.items, 'bytes').toMatchObject([{ offset: 4096, length: 4096 }]);
  expect((await server.call('GET', AT)).json, 'sectors').toMatchObject({
    badblocks: [{ offset: 8, length: 8 }],
  });
  const cleared = await done(`${AT}/clear-errors`, { offset: 0, length: '2MiB' });
  expect(cleared.json).toMatchObject({ name: 'dax0.0', badblocks: [] });
});

test('an errno of the kernel is an outcome; what was asked badly names the field', async () => {
  const soft = await done(FAIL, { offset: 0, length: '4KiB', source: 'soft_offline' });
  expect(soft.json).toMatchObject({ result: 'errno', errno: 'EIO', processes: [], action_results: [] });
  const bad = [
    [{ offset: 0, length: '128MiB', source: 'mce' }, '/length'],
    [{ offset: '64MiB', length: 1, source: 'mce' }, '/offset'],
    [{ offset: 0, length: 1, source: 'rain' }, '/source'],
    [{ offset: 0, length: 1, source: 'madvise', by_pid: 9 }, '/by_pid'],
    [{ offset: 0, length: 1, source: 'debugfs', by_pid: 7 }, '/by_pid'],
  ] as const;
  for (const [body, pointer] of bad) {
    const { status, json } = await server.call('POST', FAIL, body);
    expect([body, status === 400 || status === 404, json.errors[0]?.pointer]).toEqual([body, true, pointer]);
  }
  expect((await server.call('GET', `${HOST}/dax-devices/dax9.0/memory-failure`)).status).toBe(404);
});
