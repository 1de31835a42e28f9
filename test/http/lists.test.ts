import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DOCUMENT, resolved } from '../support/document.ts';
import { serveTopology, type TestBody } from '../support/server.ts';

const LISTS = Object.entries(DOCUMENT.paths).flatMap(([path, { get }]) => {
  const sort = get?.parameters?.find(({ name }) => name === 'sort');
  return sort === undefined ? [] : [{ path, sorts: resolved(sort.schema).enum as readonly string[] }];
});

const { server, topology } = serveTopology(beforeAll, afterAll);
const get = async (url: string) => server.call('GET', url);
const all = async (url: string): Promise<TestBody[]> => {
  const rows: TestBody[] = [];
  for (let token = ''; ; ) {
    const { json } = await get(`${url}&limit=1${token}`);
    rows.push(...json.items);
    if (json.next_page === null) return rows;
    token = `&page_token=${json.next_page}`;
  }
};

beforeAll(async () => {
  const { at } = topology;
  await server.call('POST', '/v1/hosts', {
    name: 'node-b',
    kernel: 'v7.3',
    labels: { rack: '7', row: 'a=b' },
  });
  for (const [pid, comm] of [
    [50, 'nginx'],
    [7, 'init'],
  ])
    await server.call('POST', `${at}/processes`, { pid, comm, tenant: 'red' });
  await server.call('POST', '/v1/hosts/node-b/processes', { pid: 50, comm: 'nginx' });
  for (const [name, size, labels] of [
    ['pmem9', '2GiB', { tier: 'hot' }],
    ['pmem2', '512MiB', { tier: 'hot', rack: '7' }],
  ])
    await server.call('POST', `${at}/dax-devices`, { name, mode: 'fsdax', size, labels });
  await server.call('POST', '/v1/hosts/node-b/dax-devices', {
    name: 'dax0.0',
    mode: 'devdax',
    size: '1GiB',
    provider: 'CXL',
    labels: { tier: 'cold' },
  });
  for (const path of ['/z', '/a'])
    await server.call('POST', `${at}/files`, { mount: topology.mount, path, size: '2MiB' });
});

test.each(LISTS)('$path is sorted by each word that it documents, both ways', async ({ path, sorts }) => {
  const url = path.replace('{host}', 'node-a');
  const fields = sorts.filter((word) => !word.startsWith('-'));
  expect(fields).toContain('created_at');
  expect(sorts).toHaveLength(2 * fields.length);
  for (const field of fields) {
    const ascending = await all(`${url}?sort=${field}`);
    const values = ascending.map((row) => (field === 'created_at' ? row.uid : row[field]) as string | number);
    expect(values).toEqual([...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
    expect(await all(`${url}?sort=-${field}`)).toEqual([...ascending].reverse());
  }
});

test('there is a list of each kind for the fleet, sorted and with the filters of a host', async () => {
  const kinds = [
    'cxl-memdevs',
    'cxl-regions',
    'files',
    'processes',
    'dax-devices',
    'mounts',
    'mappings',
    'pins',
  ];
  for (const kind of kinds) expect(LISTS.map(({ path }) => path)).toContain(`/v1/${kind}`);
  const names = async (url: string, field: string) => (await all(url)).map((row) => row[field]);
  expect(await names('/v1/processes?sort=pid', 'comm')).toEqual(['init', 'redis', 'nginx', 'nginx']);
  expect(await names('/v1/processes?tenant=red&sort=-pid', 'pid')).toEqual([50, 7]);
  expect(await names('/v1/processes?host=node-b&sort=pid', 'pid')).toEqual([50]);
  expect(await names('/v1/processes?pid=50', 'host')).toEqual(['node-a', 'node-b']);
  expect(await names('/v1/files?dax_device=pmem0&sort=path', 'path')).toEqual(['/a', '/data', '/z']);
  expect(await names('/v1/dax-devices?sort=-size', 'name')).toEqual(['pmem9', 'dax0.0', 'pmem0', 'pmem2']);
  expect(await names('/v1/cxl-memdevs?host=node-b', 'name')).toEqual(['mem0']);
  expect(await names('/v1/cxl-regions?type=pmem', 'host')).toEqual(['node-b']);
  expect((await get('/v1/cxl-regions?host=nobody')).json.items).toEqual([]);
});

describe('labels', () => {
  const names = async (query: string) => (await all(query)).map(({ name }) => name);
  test('select the records that have them all', async () => {
    expect(await names('/v1/dax-devices?label=tier=hot')).toEqual(['pmem9', 'pmem2']);
    expect(await names(`${topology.at}/dax-devices?label=tier=hot&sort=name`)).toEqual(['pmem2', 'pmem9']);
    expect(await names('/v1/dax-devices?label=tier=hot&label=rack=7')).toEqual(['pmem2']);
    expect(await names('/v1/dax-devices?label=tier=cold&mode=devdax')).toEqual(['dax0.0']);
    expect(await names('/v1/dax-devices?label=tier=')).toEqual([]);
    expect(await names('/v1/hosts?label=row%3Da%3Db')).toEqual(['node-b']);
  });
  test('are taken as name=value', async () => {
    for (const url of [
      '/v1/mounts?label=a',
      '/v1/hosts?label=a',
      '/v1/hosts?label=a=b&label=c',
      '/v1/hosts?label==b',
    ]) {
      const { status, json } = await get(url);
      expect([url, status]).toEqual([url, 400]);
      expect(json.errors[0]?.pointer).toMatch(/^\/label(\/1)?$/);
    }
    expect((await get('/v1/hosts?label=a')).json['detail']).toContain('expected name=value');
    expect((await get('/v1/hosts?label=a=b&label=c')).json['detail']).toContain('expected name=value');
  });
});

test('a list is of what was made after and before a time', async () => {
  const made = (await all('/v1/processes?sort=created_at')).map(({ uid }) => uid);
  const timeOf = (uid: string | undefined, off: number) =>
    new Date(Number.parseInt((uid ?? '').replaceAll('-', '').slice(0, 12), 16) + off).toISOString();
  const uids = async (query: string) => (await all(`/v1/processes?${query}`)).map(({ uid }) => uid);
  const [first, last] = [timeOf(made[0], 0), timeOf(made.at(-1), 0)];
  expect(await uids(`created_after=${timeOf(made[0], -1)}`)).toEqual(made);
  expect(await uids(`created_before=${timeOf(made.at(-1), 1)}&sort=-created_at`)).toEqual(
    [...made].reverse(),
  );
  expect(await uids(`created_after=${last}`)).toEqual([]);
  expect(await uids(`created_before=${first}`)).toEqual([]);
  expect(await uids('created_after=1960-01-01T00:00:00%2B02:00')).toEqual(made);
  for (const wrong of ['created_after=yesterday', 'created_before=2026-01-31'])
    expect([wrong, (await get(`/v1/processes?${wrong}`)).status]).toEqual([wrong, 400]);
});

test('an order that is none of the list is a 400 that names those that are', async () => {
  for (const wrong of ['uid', '--pid', 'PID', 'pid,comm', '']) {
    const { status, json } = await get(`/v1/processes?sort=${wrong}`);
    expect([wrong, status, json.errors]).toMatchObject([wrong, 400, [{ pointer: '/sort' }]]);
    expect(json['detail']).toContain('"created_at", "-created_at", "pid", "-pid"');
  }
});

test('a page token is of one order', async () => {
  const { json } = await get('/v1/processes?sort=pid&limit=1');
  const token = json.next_page ?? '';
  expect((await get(`/v1/processes?sort=pid&page_token=${token}`)).json.items).toHaveLength(3);
  for (const other of ['', '&sort=-pid', '&sort=created_at', '&created_after=2020-01-01T00:00:00Z']) {
    const { status, json: refused } = await get(`/v1/processes?page_token=${token}${other}`);
    expect([other, status, refused.errors[0]?.pointer]).toEqual([other, 400, '/page_token']);
  }
  const forged = Buffer.from(JSON.stringify(['processes by pid', 1, { a: 1 }])).toString('base64url');
  expect((await get(`/v1/processes?sort=pid&page_token=${forged}`)).status).toBe(400);
});
