import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CxlMemdev } from '../../src/http/schemas/cxl.ts';
import { Capacity } from '../../src/http/schemas/memory.ts';
import { Problem } from '../../src/http/schemas/problem.ts';
import { serve, type Method } from '../support/server.ts';

const HOST = '/v1/hosts/node-a';
const RAM = `${HOST}/dax-devices/dax0.0`;
const OTHER_RAM = `${HOST}/dax-devices/dax2.0`;
const BLOCKS = `${RAM}/memory-blocks`;

const server = serve(beforeAll, afterAll);
/** System RAM of 16 TiB and of 1 GiB, an fsdax device, and one on a CXL region. */
beforeAll(async () => {
  await made('/v1/hosts', { name: 'node-a', kernel: 'v6.12', auto_online_blocks: 'offline' });
  const at = `${HOST}/dax-devices`;
  const ram = { mode: 'system-ram', target_node: 1 };
  await made(at, { ...ram, name: 'dax0.0', size: '16TiB', phys_addr: '0x100000000000' });
  await made(at, { ...ram, name: 'dax2.0', size: '1GiB', phys_addr: '0x340000000' });
  await made(at, { name: 'pmem0', mode: 'fsdax', size: '1GiB', phys_addr: '0x240000000' });
  const cxl = { region: 'region0', memdevs: [{ name: 'mem0', serial: '0x1' }] };
  const card = { name: 'dax1.0', mode: 'devdax', size: '1GiB', phys_addr: '0x440000000' };
  await made(at, { ...card, provider: 'CXL', cxl });
});

async function made(url: string, body: object) {
  const answer = await server.call('POST', url, body);
  expect([url, answer.status < 300 ? 'made' : answer.text]).toEqual([url, 'made']);
  return answer.json;
}

type Row = readonly [Method, string, unknown, number, string, (readonly string[])?];

const failure = { offset: 0, length: 4096, source: 'mce' };
const asked = { host: 'node-a', dax_device: 'pmem0', trigger: 'unbind' };
const HUGE = 2 ** 53;
const schema = (pointer: string) => [400, 'invalid_request', [pointer]] as const;

const ROWS: readonly Row[] = [
  // memory-blocks
  ...['memory-1', 'memory', 'memory01', 'memory1e3', 'memory9999999999999999', 'm%C3%A9moire1'].map(
    (block): Row => ['GET', `${BLOCKS}/${block}`, undefined, ...schema('/block')],
  ),
  ['GET', `${BLOCKS}/%2e%2e`, undefined, 404, 'route_not_found'],
  ['GET', `${BLOCKS}/memory999999999999999`, undefined, 404, 'memory_block_not_found'],
  ['PATCH', `${BLOCKS}/memory0`, { state: 'offline' }, 404, 'memory_block_not_found'],
  ['PATCH', `${HOST}/dax-devices/pmem0/memory-blocks/1`, { state: 'offline' }, 404, 'memory_block_not_found'],
  ['PATCH', `${BLOCKS}/131072`, { state: 'ONLINE' }, ...schema('/state')],
  ['PATCH', `${BLOCKS}/131072`, { state: ['online'] }, ...schema('/state')],
  ['PATCH', `${BLOCKS}/131072`, { state: 'online', zone: 'Movable' }, ...schema('/zone')],
  ['PATCH', `${BLOCKS}/131072`, {}, ...schema('/state')],
  ['PATCH', `${BLOCKS}/131072`, undefined, ...schema('')],
  ['PATCH', `${BLOCKS}/131072`, [], ...schema('')],
  ['DELETE', `${BLOCKS}/131072`, undefined, 405, 'method_not_allowed'],
  ['GET', `${BLOCKS}?state=online`, undefined, ...schema('/state')],
  ['GET', `${HOST}/capacity?limit=5`, undefined, ...schema('/limit')],
  ['GET', '/v1/hosts/nobody/capacity', undefined, 404, 'host_not_found'],
  // memory-failure, clear-errors
  ...['memory-failure', 'clear-errors'].flatMap((verb): Row[] => {
    const url = `${HOST}/dax-devices/pmem0/${verb}`;
    const base = verb === 'clear-errors' ? { offset: 0, length: 4096 } : failure;
    return [
      ['POST', url, { ...base, offset: -1 }, ...schema('/offset')],
      ['POST', url, { ...base, offset: HUGE }, ...schema('/offset')],
      ['POST', url, { ...base, offset: 'NaN' }, ...schema('/offset')],
      ['POST', url, { ...base, offset: { bytes: 1 } }, ...schema('/offset')],
      ['POST', url, { ...base, length: 0.5 }, ...schema('/length')],
      ['POST', url, { ...base, length: null }, ...schema('/length')],
      ['POST', url, { ...base, pages: 1 }, ...schema('/pages')],
      ['POST', url, { ...base, offset: HUGE - 1 }, 400, 'out_of_range'],
      ['POST', url, { ...base, length: HUGE - 1 }, 400, 'out_of_range', ['/length']],
      ['POST', url, { ...base, length: 0 }, 400, 'invalid_field', ['/length']],
    ];
  }),
  ['POST', `${HOST}/dax-devices/pmem0/memory-failure`, { ...failure, source: 'ecc' }, ...schema('/source')],
  ['POST', `${HOST}/dax-devices/pmem0/memory-failure`, { ...failure, by_pid: 0 }, ...schema('/by_pid')],
  [
    'POST',
    `${HOST}/dax-devices/pmem0/memory-failure`,
    { ...failure, by_pid: 7 },
    404,
    'process_not_found',
    ['/by_pid'],
  ],
  // CXL
  ['GET', `${HOST}/cxl-memdevs?serial=`, undefined, ...schema('/serial')],
  ['GET', `${HOST}/cxl-regions?memdev=mem0`, undefined, ...schema('/memdev')],
  ['GET', `${HOST}/cxl-memdevs/mem%20`, undefined, 404, 'cxl_memdev_not_found'],
  ['GET', `${HOST}/cxl-regions/..%2fhosts`, undefined, 404, 'cxl_region_not_found'],
  ['POST', `${HOST}/cxl-memdevs/mem0/remove`, { trigger: 'pull' }, ...schema('/trigger')],
  ['POST', `${HOST}/cxl-memdevs/mem0/remove`, { trigger: 'unbind', via: 'kmem' }, ...schema('/via')],
  ['POST', `${HOST}/cxl-memdevs/mem9/remove`, { trigger: 'unbind' }, 404, 'cxl_memdev_not_found'],
  ['POST', `${HOST}/cxl-memdevs/mem0/bind`, { driver: 'nvme' }, ...schema('/driver')],
  ['POST', `${HOST}/cxl-regions/region0/commit`, { memdevs: [] }, ...schema('/memdevs')],
  ['POST', `${HOST}/cxl-regions/region0/commit`, { memdevs: 'mem0' }, ...schema('/memdevs')],
  ['POST', `${HOST}/cxl-regions/region0/commit`, { memdevs: ['mem0', 7] }, ...schema('/memdevs/1')],
  ['POST', `${HOST}/cxl-regions/region0/bind`, { now: true }, ...schema('/now')],
  // hotplug-events
  ['POST', `${HOST}/hotplug-events`, { action: 'replace', dax_device: 'pmem0' }, 409, 'dax_device_in_use'],
  [
    'POST',
    `${HOST}/hotplug-events`,
    { action: 'replace', dax_device: 'pmem0', media: { size: HUGE } },
    ...schema('/media/size'),
  ],
  ['POST', `${HOST}/hotplug-events`, { action: 'add', dax_device: 'pmem0', media: [] }, ...schema('/media')],
  // what-if
  ['POST', '/v1/comparisons', { ...asked, host: 'nobody' }, 404, 'host_not_found'],
  ['POST', '/v1/comparisons', { ...asked, dax_device: 'x' }, 404, 'dax_device_not_found', ['/dax_device']],
  ['POST', '/v1/comparisons', { ...asked, kernels: [] }, ...schema('/kernels')],
  ['POST', '/v1/comparisons', { ...asked, kernels: ['v6.1', 'v9'] }, ...schema('/kernels/1')],
  ['POST', '/v1/comparisons', { ...asked, kernels: { '0': 'v6.1' } }, ...schema('/kernels')],
  ['GET', '/v1/comparisons', undefined, 405, 'method_not_allowed'],
  ['GET', '/v1/assessment?verdict=bad', undefined, ...schema('/verdict')],
  ['GET', '/v1/assessment?page_token=zzz', undefined, 400, 'invalid_field', ['/page_token']],
  // exposures
  ['GET', '/v1/exposures?open=1', undefined, ...schema('/open')],
  ['GET', '/v1/exposures?state=open', undefined, ...schema('/state')],
  ['GET', '/v1/exposures/x', undefined, 404, 'exposure_not_found'],
];

describe('misuse of memory, poison, CXL and what-if gets a problem document and changes nothing', () => {
  test.each(
    ROWS.map((row) => [`${row[0]} ${row[1]} ${JSON.stringify(row[2] ?? null).slice(0, 90)}`, row] as const),
  )('%s', async (_name, [method, url, body, status, code, pointers]) => {
    const before = (await server.call('GET', '/v1/events')).json.as_of;
    const answer = await server.call(method, url, body);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
    expect(Problem.parse(answer.json).detail.length).toBeGreaterThan(0);
    if (pointers !== undefined) expect(answer.json.errors.map((error) => error.pointer)).toEqual(pointers);
    expect((await server.call('GET', '/v1/events')).json.as_of).toBe(before);
  });
});

test('the blocks of 16 TiB are paged to the end, each once', async () => {
  const seen: unknown[] = [];
  for (let token = ''; ; ) {
    const { json } = await server.call('GET', `${BLOCKS}?limit=500${token}`);
    seen.push(...json.items.map(({ block }) => block));
    if (json.next_page === null) break;
    token = `&page_token=${json.next_page}`;
  }
  expect(seen).toEqual(Array.from({ length: 2 ** 17 }, (_, at) => 2 ** 17 + at));
});

test('a list takes only its own page tokens: of no other list, of no other device, and as they were given', async () => {
  const own = (await server.call('GET', `${BLOCKS}?limit=1`)).json.next_page!;
  const kernels = (await server.call('GET', '/v1/kernels?limit=1')).json.next_page!;
  const hosts = `${HOST}/dax-devices?limit=1`;
  const devices = (await server.call('GET', hosts)).json.next_page!;
  const lists = [
    BLOCKS,
    `${OTHER_RAM}/memory-blocks`,
    `${RAM}/memory-failure`,
    `${RAM}/holders`,
    '/v1/kernels',
  ];
  const statuses = async (token: string) => {
    const url = (list: string) => `${list}?page_token=${encodeURIComponent(token)}`;
    return Promise.all(lists.map(async (list) => (await server.call('GET', url(list))).status));
  };
  expect(await statuses(own)).toEqual([200, 400, 400, 400, 400]);
  expect(await statuses(kernels)).toEqual([400, 400, 400, 400, 200]);
  for (const token of [devices, `${own}!`, `${own}=`, 'zzz', Buffer.from('row 5').toString('base64url')])
    expect([token, await statuses(token)]).toEqual([token, [400, 400, 400, 400, 400]]);
});

test('poisoned ranges are paged by offset: what comes between pages is neither skipped nor repeated', async () => {
  const url = `${HOST}/dax-devices/pmem0/memory-failure`;
  for (const offset of [8192, 32768]) await made(url, { ...failure, offset });
  const first = (await server.call('GET', `${url}?limit=1`)).json;
  await made(url, failure);
  const rest = (await server.call('GET', `${url}?page_token=${String(first.next_page)}`)).json;
  expect([...first.items, ...rest.items].map(({ offset }) => offset)).toEqual([8192, 32768]);
});

test('the ETag of a memory block is new when its pages are used, and If-Match takes it', async () => {
  const url = `${OTHER_RAM}/memory-blocks/104`;
  const patched = await server.call('PATCH', url, { state: 'online_movable' });
  const before = await server.call('GET', url);
  expect(before.headers['etag']).toBe(patched.headers['etag']);
  await made(`${HOST}/processes`, { pid: 7, comm: 'redis' });
  const how = { offset: 0, length: '4MiB', flags: ['private'], prot: 'rw', populate: 'write' };
  await made(`${HOST}/mappings`, { pid: 7, dax_device: 'dax2.0', ...how });
  const condition = { 'if-none-match': String(before.headers['etag']) };
  const after = await server.call('GET', url, undefined, condition);
  expect([after.status, after.json['pages_in_use']]).toEqual([200, 1024]);
  const own = { 'if-match': String(after.headers['etag']) };
  expect(
    (await server.call('PATCH', `${OTHER_RAM}/memory-blocks/105`, { state: 'online' }, own)).status,
  ).toBe(200);
  expect(
    (await server.call('PATCH', `${OTHER_RAM}/memory-blocks/106`, { state: 'online' }, own)).status,
  ).toBe(412);
});

test('the ledger has an ETag, and stays within 2^53-1 bytes', async () => {
  const before = await server.call('GET', `${HOST}/capacity`);
  const same = { 'if-none-match': String(before.headers['etag']) };
  expect((await server.call('GET', `${HOST}/capacity`, undefined, same)).status).toBe(304);
  const device = { mode: 'devdax', size: 2 ** 52 };
  await made(`${HOST}/dax-devices`, { ...device, name: 'big0' });
  const refused = await server.call('POST', `${HOST}/dax-devices`, { ...device, name: 'big1' });
  expect([refused.status, refused.json.code, refused.json.errors[0]?.pointer]).toEqual([
    400,
    'out_of_range',
    '/size',
  ]);
  const after = await server.call('GET', `${HOST}/capacity`, undefined, same);
  expect([after.status, Capacity.safeParse(after.json).error?.issues ?? []]).toEqual([200, []]);
});

test('another card has any serial, as its medium does', async () => {
  await made(`${HOST}/cxl-memdevs/mem0/remove`, { trigger: 'surprise_removal' });
  const removal = (await server.call('GET', '/v1/removals?dax_device=dax1.0')).json.items[0]!;
  expect((await server.controlPlane.waitForRemoval(removal.uid, 600_000))?.state).toBe('completed');
  const media = { media_serial: 'new card', size: '1GiB' };
  await made(`${HOST}/hotplug-events`, { action: 'replace', dax_device: 'dax1.0', media });
  const { json } = await server.call('GET', `${HOST}/cxl-memdevs?serial=new%20card`);
  expect(json.items.map((own) => CxlMemdev.parse(own).name)).toEqual(['mem0']);
});
