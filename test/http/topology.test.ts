import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeTopology, serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);

const FILE = { mount: '/mnt/orders', path: '/orders.db' };
const MAPPED = { file: FILE, offset: 0, length: '2MiB', flags: ['shared'], prot: 'rw' };
const PIN = { pid: 42, mapping: MAPPED, offset: 0, length: 4096, kind: 'transient', holder: 'rdma' };
const DECLARED = {
  kernel: 'v6.12',
  labels: { rack: 'r1' },
  dax_devices: [{ name: 'pmem0', mode: 'fsdax', size: '1GiB', tenant: 'orders' }],
  mounts: [{ dax_device: 'pmem0', path: FILE.mount, fs_type: 'xfs', dax: 'always' }],
  files: [{ ...FILE, size: '4MiB' }],
  processes: [{ pid: 42, comm: 'redis' }],
  open_files: [{ pid: 42, file: FILE, flags: ['rdonly'] }],
  mappings: [{ pid: 42, ...MAPPED }],
  pins: [PIN],
};

const seqNow = async (): Promise<number> => (await server.call('GET', '/v1/hosts')).json['as_of'];

test('[TOPO1] makes the host, with all that is declared, and twice is once', async () => {
  const url = '/v1/hosts/t-new/topology';
  const made = await server.call('PUT', url, DECLARED);
  expect([made.status, made.json['changes']]).toMatchObject([
    201,
    [
      { op: 'create', kind: 'hosts', name: { name: 't-new' } },
      { op: 'create', kind: 'dax_devices', name: { name: 'pmem0' } },
      { op: 'create', kind: 'mounts', name: { path: '/mnt/orders' } },
      { op: 'create', kind: 'files', name: FILE },
      { op: 'create', kind: 'processes', name: { pid: 42 } },
      { op: 'create', kind: 'open_files' },
      { op: 'create', kind: 'mappings' },
      { op: 'create', kind: 'pins' },
    ],
  ]);
  const seq = await seqNow();
  const again = await server.call('PUT', url, DECLARED);
  expect([again.status, again.json['changes'], await seqNow()]).toEqual([200, [], seq]);
  const read = await server.call('GET', url);
  expect(read.json).toEqual(again.json['topology']);
  expect([made.headers['etag'], again.headers['etag']]).toEqual([read.headers['etag'], read.headers['etag']]);
});

test('[TOPO3] what is read of one host makes another one alike, and changes nothing of its own', async () => {
  await makeTopology(server, 't-source', 'v6.12');
  const read = await server.call('GET', '/v1/hosts/t-source/topology');
  const own = await server.call('PUT', '/v1/hosts/t-source/topology', read.json);
  expect([own.status, own.json['changes']]).toEqual([200, []]);
  const other = await server.call('PUT', '/v1/hosts/t-other/topology', read.json);
  expect(other.status).toBe(201);
  expect((await server.call('GET', '/v1/hosts/t-other/topology')).json).toEqual(read.json);
});

test('[TOPO1] a dry run shows the difference and stores nothing', async () => {
  const url = '/v1/hosts/t-dry/topology';
  const foreseen = await server.call('PUT', `${url}?dry_run=true`, DECLARED);
  expect([foreseen.status, foreseen.headers['dry-run']]).toEqual([201, 'true']);
  expect((await server.call('GET', url)).json['code']).toBe('host_not_found');
  const made = await server.call('PUT', url, DECLARED);
  expect(foreseen.json['changes']).toEqual(made.json['changes']);
  const less = await server.call('PUT', `${url}?dry_run=true`, { ...DECLARED, pins: [] });
  expect(less.json['changes']).toEqual([
    { op: 'delete', kind: 'pins', name: { ...PIN, mapping: { ...MAPPED, length: 2 ** 21 } } },
  ]);
});

test('[TOPO1] a refusal points to the member of the document, and nothing is applied', async () => {
  const url = '/v1/hosts/t-refused/topology';
  const mounts = [...DECLARED.mounts, { ...DECLARED.mounts[0], dax_device: 'pmem9', path: '/b' }];
  const { status, json } = await server.call('PUT', url, { ...DECLARED, mounts });
  expect([status, json['code'], json.errors[0]?.pointer]).toEqual([
    400,
    'invalid_field',
    '/mounts/1/dax_device',
  ]);
  expect((await server.call('GET', '/v1/hosts/t-refused')).status).toBe(404);
});

test('[TOPO4] what no verb changes is a conflict that points to it', async () => {
  const url = '/v1/hosts/t-fixed/topology';
  await server.call('PUT', url, DECLARED);
  const dax_devices = [{ ...DECLARED.dax_devices[0], size: '2GiB' }];
  const { status, json } = await server.call('PUT', url, { ...DECLARED, dax_devices });
  expect([status, json['code'], json.errors[0]?.pointer]).toEqual([
    409,
    'not_attainable',
    '/dax_devices/0/size',
  ]);
});

test('If-Match takes the ETag of the topology, and no former one, nor that of a host that is not there', async () => {
  const url = '/v1/hosts/t-match/topology';
  const put = (body: object, etag: string, query = '') =>
    server.call('PUT', `${url}${query}`, body, { 'if-match': etag });
  expect((await put(DECLARED, '*')).status).toBe(412);
  const first = (await server.call('PUT', url, DECLARED)).headers['etag']!;
  const less = { ...DECLARED, pins: [] };
  const second = await put(less, `"00000000000000000000000000000000", ${first}`);
  expect([second.status, second.headers['etag'] === first]).toEqual([200, false]);
  expect((await put(DECLARED, first)).status).toBe(412);
  expect((await put(DECLARED, first, '?dry_run=true')).status).toBe(412);
  expect((await put(less, second.headers['etag']!)).status).toBe(200);
  expect((await put(less, '*')).status).toBe(200);
  const known = await server.call('GET', url, undefined, { 'if-none-match': second.headers['etag']! });
  expect(known.status).toBe(304);
});

test('If-None-Match of * makes a host, and changes none', async () => {
  const url = '/v1/hosts/t-absent/topology';
  const put = (condition: Record<string, string>, query = '', body: object = DECLARED) =>
    server.call('PUT', `${url}${query}`, body, condition);
  const absent = { 'if-none-match': '*' };
  const both = await put({ ...absent, 'if-match': '*' });
  expect([both.status, both.json.errors[0]?.pointer]).toEqual([412, '/If-Match']);
  expect((await put(absent, '?dry_run=true')).status).toBe(201);
  expect((await put(absent)).status).toBe(201);
  const seq = await seqNow();
  for (const [query, body] of [
    ['', DECLARED],
    ['', { ...DECLARED, pins: [] }],
    ['?dry_run=true', DECLARED],
  ] as const) {
    const { status, json } = await put(absent, query, body);
    expect([status, json.code, json.errors[0]?.pointer]).toEqual([
      412,
      'precondition_failed',
      '/If-None-Match',
    ]);
  }
  expect(await seqNow()).toBe(seq);
  const tag = await put({ 'if-none-match': '"00000000000000000000000000000000"' });
  expect([tag.status, tag.json.errors[0]?.pointer]).toEqual([400, '/If-None-Match']);
});

test('a key replays the answer, and is of one document', async () => {
  const url = '/v1/hosts/t-key/topology';
  const key = { 'idempotency-key': 'topology-1' };
  const made = await server.call('PUT', url, DECLARED, key);
  const again = await server.call('PUT', url, DECLARED, key);
  expect([again.status, again.headers['idempotency-replayed'], again.json]).toEqual([201, 'true', made.json]);
  expect((await server.call('PUT', url, { ...DECLARED, pins: [] }, key)).status).toBe(422);
});

test('a page of another origin is refused a PUT as any request', async () => {
  const { status, json } = await server.call('PUT', '/v1/hosts/t-page/topology', DECLARED, {
    origin: 'https://elsewhere.example',
  });
  expect([status, json['code']]).toEqual([403, 'origin_not_allowed']);
});

test('more elements than are taken are a 400, and a host that has more is not exported', async () => {
  const url = '/v1/hosts/t-large/topology';
  const processes = Array.from({ length: 1_001 }, (_, at) => ({ pid: at + 1, comm: 'worker' }));
  const { status, json } = await server.call('PUT', url, { kernel: 'v6.12', processes });
  expect([status, json['code']]).toEqual([400, 'invalid_request']);
  const most = await server.call('PUT', url, { kernel: 'v6.12', processes: processes.slice(1) });
  expect([most.status, (most.json['changes'] as unknown[]).length]).toEqual([201, 1_001]);
  await server.call('POST', '/v1/hosts/t-large/processes', { pid: 5_000, comm: 'one too many' });
  const read = await server.call('GET', url);
  expect([read.status, read.json['code']]).toEqual([409, 'topology_too_large']);
});
