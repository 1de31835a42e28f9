import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeTopology, serve, type TestBody } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const ITEMS_MAX = 1_000;

/** A host with a device, a file and a process. */
async function filledHost(name: string): Promise<string> {
  await makeTopology(server, name, 'v6.12');
  return `/v1/hosts/${name}`;
}

const processes = (count: number, first = 1_000): { pid: number; comm: string }[] =>
  Array.from({ length: count }, (_, at) => ({ pid: first + at, comm: 'worker' }));

const pidsOf = async (host: string): Promise<number[]> => {
  const { json } = await server.call('GET', `${host}/processes?limit=200`);
  return json.items.map(({ pid }) => Number(pid));
};

test('[BATCH1] makes all of its items, and answers each as it is read then', async () => {
  const host = await filledHost('node-a');
  const { status, json, headers } = await server.call('POST', `${host}/processes/batch`, {
    items: processes(3),
  });
  expect([status, headers['etag'], headers['location'], json['exposures']]).toEqual([
    200,
    undefined,
    undefined,
    [],
  ]);
  for (const process of json.items) {
    const read = await server.call('GET', `${host}/processes/${String(process['pid'])}`);
    expect(read.json).toEqual(process);
  }
});

test('[BATCH1] one item that is refused leaves nothing of the others, and is pointed to', async () => {
  const host = await filledHost('node-b');
  const before = await pidsOf(host);
  const items = [...processes(2), ...processes(1)];
  const { status, json } = await server.call('POST', `${host}/processes/batch`, { items });
  expect([status, json['code'], json.errors[0]?.pointer]).toEqual([409, 'process_exists', '/items/2/pid']);
  expect(await pidsOf(host)).toEqual(before);
});

test('an item that does not match its schema is pointed to as one body would be', async () => {
  const host = await filledHost('node-c');
  const items = [
    { pid: 1, comm: 'a' },
    { pid: 'x', comm: 'b' },
  ];
  const { status, json } = await server.call('POST', `${host}/processes/batch`, { items });
  expect([status, json.errors[0]?.pointer]).toEqual([400, '/items/1/pid']);
});

test('a dry run stores nothing, a key replays, and If-Match names no collection', async () => {
  const host = await filledHost('node-d');
  const before = await pidsOf(host);
  const url = `${host}/processes/batch`;
  const body = { items: processes(2) };
  const dry = await server.call('POST', `${url}?dry_run=true`, body);
  expect([dry.status, dry.headers['dry-run'], dry.json.items.length]).toEqual([200, 'true', 2]);
  expect(await pidsOf(host)).toEqual(before);
  const key = { 'idempotency-key': 'batch-1' };
  const first = await server.call('POST', url, body, key);
  const again = await server.call('POST', url, body, key);
  expect([again.status, again.headers['idempotency-replayed'], again.json]).toEqual([
    200,
    'true',
    first.json,
  ]);
  const other = await server.call('POST', url, { items: processes(1, 5_000) }, key);
  expect(other.status).toBe(422);
  const matched = await server.call('POST', url, { items: processes(1, 5_000) }, { 'if-match': '"x.1"' });
  expect(matched.status).toBe(412);
  expect(await pidsOf(host)).toEqual([...before, 1_000, 1_001]);
});

test('it takes a thousand items and no more, and no more members than they have', async () => {
  const host = await filledHost('node-e');
  const url = `${host}/processes/batch`;
  const most = await server.call('POST', url, { items: processes(ITEMS_MAX) });
  expect([most.status, most.json.items.length]).toEqual([200, ITEMS_MAX]);
  const more = await server.call('POST', url, { items: processes(ITEMS_MAX + 1, 5_000) });
  expect([more.status, more.json.errors[0]?.pointer]).toEqual([400, '/items']);
  const none = await server.call('POST', url, { items: [] });
  expect([none.status, none.json.errors[0]?.pointer]).toEqual([400, '/items']);
  const many = await server.call('POST', url, { items: Array.from({ length: 20_001 }, () => 1) });
  expect(many.status).toBe(413);
});

test('[EX6] it tells the windows that its items open, as their own POST does', async () => {
  const at = '/v1/hosts/node-f';
  const make = async (path: string, body: object) => (await server.call('POST', `${at}${path}`, body)).json;
  await server.call('POST', '/v1/hosts', { name: 'node-f', kernel: 'v6.12' });
  await make('/dax-devices/batch', { items: [{ name: 'dax0.0', mode: 'devdax', size: '1GiB' }] });
  const { pid } = await make('/processes', { comm: 'xsk' });
  const reach = { pid, offset: 0, length: '2MiB' };
  const shared = { ...reach, dax_device: 'dax0.0', flags: ['shared'], prot: 'rw', populate: 'write' };
  const { items } = await make('/mappings/batch', { items: [shared] });
  const pin = { ...reach, mapping: items[0]!.id, kind: 'longterm', holder: 'xdp' };
  await make('/pins/batch', { items: [pin] });
  const prefer = { prefer: 'wait=10' };
  await server.call('POST', `${at}/dax-devices/dax0.0/remove`, { trigger: 'unbind' }, prefer);
  await make('/dax-devices/dax0.0/bind', { mode: 'fsdax' });
  const mount = { dax_device: 'dax0.0', path: '/mnt/new', fs_type: 'ext4', dax: 'always', mkfs: true };
  const first = await make('/mounts', mount);
  await server.call('DELETE', `${at}/mounts/${first.id}`);
  const alone = await make('/mounts?dry_run=true', mount);
  const mounted = await make('/mounts/batch', { items: [mount] });
  const pagesOf = ({ exposures }: TestBody): unknown => (exposures as TestBody[]).map(({ pages }) => pages);
  expect([pagesOf(alone), pagesOf(mounted)]).toEqual([[512], [512]]);
});
