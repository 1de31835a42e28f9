import { afterAll, beforeAll, expect, test } from 'vitest';
import { BoundDaxDevice } from '../../src/http/schemas/dax_device.ts';
import { sqliteHarness, type SqliteHarness } from '../store/support/sqlite_harness.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const HOST = '/v1/hosts/node-a';

let harness: SqliteHarness;
let server: TestServer;

beforeAll(async () => {
  harness = sqliteHarness();
  server = await startTestServer({ store: await harness.open() });
  await server.call('POST', '/v1/hosts', { name: 'node-a', kernel: 'v6.12', auto_online_blocks: 'online' });
  const device = { name: 'dax0.0', mode: 'devdax', size: '1GiB', phys_addr: '0x100000000', target_node: 1 };
  await server.call('POST', `${HOST}/dax-devices`, device);
  const cxl = { name: 'dax1.0', mode: 'devdax', size: '1GiB', provider: 'CXL' };
  await server.call('POST', `${HOST}/dax-devices`, cxl);
});
afterAll(async () => {
  await server.close();
  await harness.cleanup();
});

test('[M89] a bind by daxctl is refused by the tool with its errno, in a dry run as well', async () => {
  const bind = `${HOST}/dax-devices/dax0.0/bind`;
  const asked = { mode: 'system-ram', via: 'daxctl_reconfigure_device' };
  for (const url of [bind, `${bind}?dry_run=true`])
    expect(await server.call('POST', url, asked)).toMatchObject({
      status: 409,
      json: {
        code: 'tool_refused',
        errno: 'EBUSY',
        detail: expect.stringContaining('auto-online') as string,
      },
    });
  const unbind = { trigger: 'unbind', via: 'daxctl_disable_device' };
  await server.call('POST', `${HOST}/dax-devices/dax0.0/remove`, unbind, { prefer: 'wait=60' });
  const { json } = await server.call('POST', bind, { ...asked, via: 'daxctl_reconfigure_device_force' });
  expect(BoundDaxDevice.safeParse(json).error?.issues ?? []).toEqual([]);
  expect(json).toMatchObject({ mode: 'system-ram', driver: 'kmem', result: 'ok' });
  expect((await server.call('POST', bind, { via: 'ipmctl' })).json).toMatchObject({
    errors: [{ pointer: '/via' }],
  });
});

test('[CX20] cxl destroy-region wants -f while the region has its driver', async () => {
  const remove = `${HOST}/dax-devices/dax1.0/remove`;
  const refused = await server.call('POST', remove, { trigger: 'unbind', via: 'cxl_destroy_region' });
  expect(refused).toMatchObject({ status: 409, json: { code: 'tool_refused', errno: 'EBUSY' } });
  const forced = { trigger: 'unbind', via: 'cxl_destroy_region_force' };
  const { json } = await server.call('POST', remove, forced, { prefer: 'wait=60' });
  expect(json).toMatchObject({ state: 'completed', via: 'cxl_destroy_region_force' });
  expect((await server.call('GET', `${HOST}/cxl-regions/region0`)).json).toMatchObject({
    ...{ state: 'disabled', decode_state: 'reset', mappings: [] },
  });
});
