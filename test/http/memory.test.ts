import { afterAll, beforeAll, expect, test } from 'vitest';
import { BoundDaxDevice } from '../../src/http/schemas/dax_device.ts';
import { Capacity, MemoryBlock, WrittenMemoryBlock } from '../../src/http/schemas/memory.ts';
import { pageOf } from '../../src/http/schemas/page.ts';
import { sqliteHarness, type SqliteHarness } from '../store/support/sqlite_harness.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const MIB = 2 ** 20;
const HOST = '/v1/hosts/node-a';
const AT = `${HOST}/dax-devices/dax0.0`;

let harness: SqliteHarness;
let server: TestServer;

/** The device of the recordings, given to kmem, with a process that has filled 4 MiB of it. */
beforeAll(async () => {
  harness = sqliteHarness();
  server = await startTestServer({ store: await harness.open() });
  await done('POST', '/v1/hosts', { name: 'node-a', kernel: 'v5.10' });
  const device = { name: 'dax0.0', mode: 'devdax', size: 1054867456, phys_addr: '0x101200000' };
  await done('POST', `${HOST}/dax-devices`, { ...device, target_node: 1 });
  await done('POST', `${AT}/remove`, { trigger: 'unbind' }, { prefer: 'wait=60' });
  const { json } = await done('POST', `${AT}/bind`, { mode: 'system-ram' });
  expect(BoundDaxDevice.safeParse(json).error?.issues ?? []).toEqual([]);
});
afterAll(async () => {
  await server.close();
  await harness.cleanup();
});

async function done(method: 'POST' | 'PATCH', url: string, body: object, headers = {}) {
  const answer = await server.call(method, url, body, headers);
  expect([url, answer.status < 300 ? 'done' : answer.text]).toEqual([url, 'done']);
  return answer;
}

test('memory blocks are paged, named by number or name, and come online by PATCH', async () => {
  const first = await server.call('GET', `${AT}/memory-blocks?limit=4`);
  expect(pageOf(MemoryBlock).safeParse(first.json).error?.issues ?? []).toEqual([]);
  const token = String(first.json.next_page);
  const second = await server.call('GET', `${AT}/memory-blocks?limit=4&page_token=${token}`);
  const names = [...first.json.items, ...second.json.items].map(({ name }) => name);
  expect(names).toEqual([33, 34, 35, 36, 37, 38, 39].map((n) => `memory${String(n)}`));
  expect(second.json.next_page).toBe(null);
  const { json } = await done('PATCH', `${AT}/memory-blocks/memory33`, { state: 'online_movable' });
  expect(WrittenMemoryBlock.safeParse(json).error?.issues ?? []).toEqual([]);
  expect(json).toMatchObject({ state: 'online_movable', zone: 'Movable', result: 'ok', blocked_in: null });
  const block = await server.call('GET', `${AT}/memory-blocks/33`);
  expect(block.json).toMatchObject({ name: 'memory33', phys_addr: '0x108000000', size: 128 * MIB });
  const etag = String(block.headers['etag']);
  const same = await server.call('GET', `${AT}/memory-blocks/33`, undefined, { 'if-none-match': etag });
  expect(same.status).toBe(304);
  const stale = { 'if-match': etag.replace(/\.\d+~/, '.1~') };
  const refused = await server.call('PATCH', `${AT}/memory-blocks/33`, { state: 'offline' }, stale);
  expect(refused.status).toBe(412);
});

test('a write that does not return says where it waits, and goes on when the pin goes', async () => {
  await done('POST', `${HOST}/processes`, { pid: 7, comm: 'redis' });
  const how = { offset: 0, length: '4MiB', flags: ['private'], prot: 'rw', populate: 'write' };
  const mapping = (await done('POST', `${HOST}/mappings`, { pid: 7, dax_device: 'dax0.0', ...how })).json.id;
  const pin = { pid: 7, mapping, offset: 0, length: 4096, kind: 'longterm', holder: 'io_uring' };
  const { id } = (await done('POST', `${HOST}/pins`, pin)).json;
  const { json } = await done('PATCH', `${AT}/memory-blocks/33`, { state: 'offline' });
  expect(json).toMatchObject({ result: 'blocked', blocked_in: 'offline_pages', pages_in_use: 1024 });
  const device = await server.call('GET', AT);
  expect(device.json['conditions']).toMatchObject([{ type: 'offline_blocked' }]);
  expect((await server.call('DELETE', `${HOST}/pins/${id}`)).status).toBe(200);
  const after = await server.call('GET', `${AT}/memory-blocks/33`);
  expect(after.json).toMatchObject({ state: 'offline', zone: null, pages_in_use: 0 });
  const again = await server.call('PATCH', `${AT}/memory-blocks/33`, { state: 'offline' });
  expect([again.status, again.json.code, again.json['errno']]).toEqual([409, 'kernel_refused', 'EINVAL']);
});

test('an unbind with a block online leaks the range, as the ledger shows until the reboot', async () => {
  await done('PATCH', `${AT}/memory-blocks/memory36`, { state: 'online' });
  const removal = await done('POST', `${AT}/remove`, { trigger: 'unbind' }, { prefer: 'wait=60' });
  const leaked_ranges = [{ phys_addr: '0x108000000', size: 896 * MIB, until: 'reboot' }];
  expect(removal.json).toMatchObject({ verdict: 'leaked', report: { leaked_ranges } });
  const burnt = await server.call('GET', `${HOST}/capacity`);
  expect(Capacity.safeParse(burnt.json).error?.issues ?? []).toEqual([]);
  expect(burnt.json).toMatchObject({
    ...{ total: 1054867456, free: 110 * MIB, used: 0, leaked: 896 * MIB },
    leaked_ranges: [{ ...leaked_ranges[0], dax_device: 'dax0.0' }],
  });
  const refused = await server.call('POST', `${AT}/bind`, { driver: 'kmem' });
  expect([refused.status, refused.json['errno']]).toEqual([409, 'ENODEV']);
  await done('POST', `${HOST}/reboot`, {});
  const { json } = await server.call('GET', `${HOST}/capacity`);
  expect(json).toMatchObject({ total: 1054867456, free: 0, used: 1054867456, leaked: 0, leaked_ranges: [] });
});

const MISUSE: readonly ['GET' | 'PATCH', string, unknown, number, string][] = [
  ['GET', `${AT}/memory-blocks/32`, undefined, 404, 'memory_block_not_found'],
  ['GET', `${AT}/memory-blocks/block33`, undefined, 400, 'invalid_request'],
  ['GET', `${AT}/memory-blocks?state=online`, undefined, 400, 'invalid_request'],
  ['GET', `${AT}/memory-blocks?page_token=x`, undefined, 400, 'invalid_field'],
  ['GET', `${HOST}/dax-devices/nope/memory-blocks`, undefined, 404, 'dax_device_not_found'],
  ['GET', '/v1/hosts/nobody/capacity', undefined, 404, 'host_not_found'],
  ['PATCH', `${AT}/memory-blocks/33`, { state: 'going-offline' }, 400, 'invalid_request'],
  ['PATCH', `${AT}/memory-blocks/33`, {}, 400, 'invalid_request'],
  ['PATCH', AT, { kmem_state: 'unplugged' }, 409, 'kernel_refused'],
];
test.each(MISUSE)('%s %s %j answers %i %s', async (method, url, body, status, code) => {
  const answer = await server.call(method, url, body);
  expect([answer.status, answer.json.code]).toEqual([status, code]);
});

test('memory blocks are powers of two from 128 MiB to 2 GiB', async () => {
  const of = (memory_block_bytes: unknown) =>
    server.call('POST', '/v1/hosts', { name: 'node-b', kernel: 'v6.1', memory_block_bytes });
  for (const bytes of ['64MiB', '4GiB', 3 * 128 * MIB]) expect((await of(bytes)).status).toBe(400);
  expect((await of('2GiB')).json['memory_block_bytes']).toBe(2048 * MIB);
});
