import { afterAll, beforeAll, expect, test } from 'vitest';
import { Problem } from '../../src/http/schemas/problem.ts';
import { sqliteHarness, type SqliteHarness } from '../store/support/sqlite_harness.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const HOST = '/v1/hosts/real';
const BLOCKS = `${HOST}/dax-devices/dax0.0/memory-blocks`;

let harness: SqliteHarness;
let server: TestServer;

/** A machine whose listing shows system RAM that is online, and not in ZONE_MOVABLE. */
beforeAll(async () => {
  harness = sqliteHarness();
  server = await startTestServer({ store: await harness.open() });
  await server.call('POST', '/v1/hosts', { name: 'real', kernel: 'v6.12' });
  const size = 2 ** 30;
  const start = 0x108000000;
  const device = {
    ...{ chardev: 'dax0.0', size, target_node: 1, align: 2097152, mode: 'system-ram' },
    ...{ online_memblocks: 8, total_memblocks: 8, movable: false },
    mappings: [{ page_offset: 0, start, end: start + size - 1, size }],
  };
  const path = '/platform/e820_pmem/ndbus0/region0/dax0.0';
  const listing = [{ path, id: 0, size, align: 2097152, devices: [device] }];
  expect(await server.call('POST', `${HOST}/inventory`, listing)).toMatchObject({ status: 200 });
});
afterAll(async () => {
  await server.close();
  await harness.cleanup();
});

test('[KM6] the offline of a listed block outside ZONE_MOVABLE says what is possible, until it is told', async () => {
  const [block] = (await server.call('GET', `${BLOCKS}?limit=1`)).json.items;
  expect(block).toMatchObject({ zone: 'Normal', kernel_pages: null });
  const at = `${BLOCKS}/${String(block?.['name'])}`;
  for (const url of [at, `${at}?dry_run=true`]) {
    const { status, json } = await server.call('PATCH', url, { state: 'offline' });
    expect(Problem.safeParse(json).error?.issues ?? []).toEqual([]);
    expect([status, json]).toMatchObject([
      409,
      { code: 'outcome_unknown', possible: [{ outcome: 'EBUSY' }, { outcome: 'offline' }] },
    ]);
  }
  expect((await server.call('PATCH', at, { kernel_pages: true })).json).toMatchObject({
    ...{ kernel_pages: true, state: 'online', result: 'ok' },
  });
  const refused = await server.call('PATCH', at, { state: 'offline' });
  expect(refused.json).toMatchObject({ code: 'kernel_refused', errno: 'EBUSY' });
  const done = await server.call('PATCH', at, { kernel_pages: false, state: 'offline' });
  expect([done.status, done.json]).toMatchObject([200, { state: 'offline', kernel_pages: false }]);
});

test('a patch of a memory block that says nothing is refused, and so is what is in one that is offline', async () => {
  const [block] = (await server.call('GET', `${BLOCKS}?limit=1`)).json.items;
  const at = `${BLOCKS}/${String(block?.['name'])}`;
  expect((await server.call('PATCH', at, {})).status).toBe(400);
  const inside = await server.call('PATCH', at, { kernel_pages: true });
  expect([inside.status, inside.json]).toMatchObject([400, { errors: [{ pointer: '/kernel_pages' }] }]);
});

test('[KM27] sysfs of a block is taken as it prints it, and told again', async () => {
  const second = `${BLOCKS}/memory34`;
  const told = await server.call('PATCH', second, { removable: 0, valid_zones: 'Normal\n' });
  expect([told.status, told.json]).toMatchObject([200, { removable: false, valid_zones: 'Normal' }]);
  expect((await server.call('GET', second)).json).toMatchObject({ removable: false, valid_zones: 'Normal' });
  const refused = await server.call('PATCH', second, { state: 'offline' });
  expect(refused.json).toMatchObject({ code: 'outcome_unknown', possible: [{ outcome: 'EBUSY' }, {}, {}] });
  for (const bad of [{ removable: 2 }, { valid_zones: 'Device' }, { valid_zones: 'Normal Movable' }]) {
    const { status, json } = await server.call('PATCH', second, bad);
    expect([status, json]).toMatchObject([400, { errors: [{ pointer: `/${Object.keys(bad)[0]!}` }] }]);
  }
});
