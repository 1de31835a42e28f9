import { afterAll, beforeAll, expect, test } from 'vitest';
import { Exposure } from '../../src/http/schemas/exposure.ts';
import { pageOf } from '../../src/http/schemas/page.ts';
import { sqliteHarness, type SqliteHarness } from '../store/support/sqlite_harness.ts';
import { makeTopology, startTestServer, type TestServer } from '../support/server.ts';

let harness: SqliteHarness;
let server: TestServer;

/** Two hosts whose pmem0 went from tenant `a` to `b` while a process kept it mapped; on node-b it has ended. */
beforeAll(async () => {
  harness = sqliteHarness();
  server = await startTestServer({ store: await harness.open() });
  for (const host of ['node-a', 'node-b']) {
    const { at, mapping } = await makeTopology(server, host, 'v6.12');
    await server.call('PATCH', `${at}/dax-devices/pmem0`, { tenant: 'a' });
    const wait = { prefer: 'wait=60' };
    await server.call('POST', `${at}/dax-devices/pmem0/remove`, { trigger: 'unbind' }, wait);
    await server.call('POST', `${at}/dax-devices/pmem0/bind`, { tenant: 'b' });
    if (host === 'node-b') await server.call('DELETE', `${at}/mappings/${mapping}`);
  }
});
afterAll(async () => {
  await server.close();
  await harness.cleanup();
});

test('the list of the fleet has every window, open or closed', async () => {
  const { status, json } = await server.call('GET', '/v1/exposures');
  expect(status).toBe(200);
  expect(pageOf(Exposure).safeParse(json).error?.issues ?? []).toEqual([]);
  expect(json.items.map(({ host, open }) => [host, open])).toEqual([
    ['node-a', true],
    ['node-b', false],
  ]);
  expect(json.items[0]).toMatchObject({
    dax_device: 'pmem0',
    pid: 42,
    comm: 'redis',
    to_tenant: 'b',
    generation: 1,
    to_generation: 2,
    pages: 1024,
    opened_by: 'dax_device_bound dax-devices/pmem0',
    closed_by: null,
  });
});

const filters: readonly [string, readonly string[]][] = [
  ['open=true', ['node-a']],
  ['open=false', ['node-b']],
  ['host=node-b', ['node-b']],
  ['host=node-a&open=false', []],
  ['dax_device=pmem0', ['node-a', 'node-b']],
  ['dax_device=pmem1', []],
  ['to_tenant=b', ['node-a', 'node-b']],
  ['to_tenant=a', []],
  ['tenant=a', []],
  ['pid=42&limit=1', ['node-a']],
];
test.each(filters)('GET /v1/exposures?%s', async (query, hosts) => {
  const { status, json } = await server.call('GET', `/v1/exposures?${query}`);
  expect([status, json.items.map(({ host }) => host)]).toEqual([200, hosts]);
});

test('[EX16] of a mapping or pin that there is: those of its process onto its device', async () => {
  const [item] = (await server.call('GET', '/v1/exposures?open=true')).json.items;
  const [window] = item?.['windows'] as { mapping: string }[];
  const hostsOf = async (query: string) =>
    (await server.call('GET', `/v1/exposures?${query}`)).json.items.map(({ host }) => host);
  expect(await hostsOf(`mapping=${window?.mapping ?? ''}`)).toEqual(['node-a']);
  expect(await hostsOf(`mapping=${window?.mapping ?? ''}&host=node-b`)).toEqual([]);
  expect(await hostsOf('pin=p1')).toEqual([]);
  const at = '/v1/hosts/node-c';
  await server.call('POST', '/v1/hosts', { name: 'node-c', kernel: 'v6.12' });
  await server.call('POST', `${at}/dax-devices`, { name: 'dax0.0', mode: 'devdax', size: '1GiB' });
  const { pid } = (await server.call('POST', `${at}/processes`, { comm: 'xsk' })).json;
  const reach = { pid, offset: 0, length: '2MiB' };
  const shared = { ...reach, dax_device: 'dax0.0', flags: ['shared'], prot: 'rw', populate: 'write' };
  const mapping = (await server.call('POST', `${at}/mappings`, shared)).json.id;
  const held = { ...reach, mapping, kind: 'longterm', holder: 'xdp' };
  const pin = (await server.call('POST', `${at}/pins`, held)).json.id;
  const wait = { prefer: 'wait=60' };
  await server.call('POST', `${at}/dax-devices/dax0.0/remove`, { trigger: 'unbind' }, wait);
  await server.call('POST', `${at}/dax-devices/dax0.0/bind`, { tenant: 'b' });
  expect(await hostsOf(`pin=${pin}`)).toEqual(['node-c']);
  await server.call('DELETE', at);
});

test('pages go on where the last ended', async () => {
  const first = await server.call('GET', '/v1/exposures?limit=1');
  const next = await server.call('GET', `/v1/exposures?limit=1&page_token=${String(first.json.next_page)}`);
  expect([next.json.items.map(({ host }) => host), next.json.next_page]).toEqual([['node-b'], null]);
});

test('one window, by its id, with its ETag; the report of the removal before it names it', async () => {
  const [item] = (await server.call('GET', '/v1/exposures?open=true')).json.items;
  const { status, json, headers } = await server.call('GET', `/v1/exposures/${item?.id ?? ''}`);
  expect([status, json]).toEqual([200, item]);
  expect(headers['etag']).toBeDefined();
  const [removal] = (await server.call('GET', '/v1/removals?host=node-a')).json.items;
  expect(removal?.['report']).toMatchObject({ exposures: [item?.id] });
});

test('misuse', async () => {
  const cases: readonly [string, number, string][] = [
    ['/v1/exposures/none', 404, 'exposure_not_found'],
    ['/v1/exposures?open=1', 400, 'invalid_request'],
    ['/v1/exposures?verdict=exposed', 400, 'invalid_request'],
  ];
  for (const [url, status, code] of cases) {
    const answer = await server.call('GET', url);
    expect([url, answer.status, answer.json.code]).toEqual([url, status, code]);
  }
});
