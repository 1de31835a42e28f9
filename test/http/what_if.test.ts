import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Assessment, Comparison } from '../../src/engine/questions/record.ts';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { pageOf } from '../../src/http/schemas/page.ts';
import {
  Assessment as AssessmentSchema,
  assessed,
  Comparison as ComparisonSchema,
} from '../../src/http/schemas/what_if.ts';
import { makeTopology, serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
beforeAll(async () => {
  await makeTopology(server, 'node-a', 'v6.12');
  await server.call('POST', '/v1/hosts', { name: 'node-b', kernel: 'v5.10' });
  for (const name of ['pmem0', 'pmem1'])
    await server.call('POST', '/v1/hosts/node-b/dax-devices', {
      name,
      mode: 'fsdax',
      size: '1GiB',
      tenant: 'b',
    });
});

const asked = { host: 'node-a', dax_device: 'pmem0', trigger: 'unbind' };
const compare = (body: object, headers = {}, query = '') =>
  server.call('POST', `/v1/comparisons${query}`, body, headers);
const assess = (query = '') => server.call('GET', `/v1/assessment${query}`);

test('a comparison is over all kernels unless told, and stores nothing', async () => {
  const before = (await server.call('GET', '/v1/events')).json.as_of;
  const { status, json, headers } = await compare(asked);
  expect([status, ComparisonSchema.safeParse(json).error?.issues ?? []]).toEqual([200, []]);
  const { items, differences } = json as unknown as Comparison;
  expect(items.map(({ kernel }) => kernel)).toEqual([...KERNEL_NAMES]);
  expect(differences.map(({ field }) => field)).toContain('verdict');
  expect(headers['dry-run']).toBeUndefined();
  expect((await server.call('GET', '/v1/events')).json.as_of).toBe(before);
});

test('a comparison takes what every mutation takes', async () => {
  const dry = await compare({ ...asked, kernels: ['v7.3'] }, {}, '?dry_run=true');
  expect([dry.status, dry.headers['dry-run']]).toEqual([200, 'true']);
  const key = { 'idempotency-key': 'compare-1' };
  const first = await compare(asked, key);
  const again = await compare(asked, key);
  expect([again.text, again.headers['idempotency-replayed']]).toEqual([first.text, 'true']);
  expect((await compare({ ...asked, trigger: 'surprise_removal' }, key)).status).toBe(422);
});

test('a kernel under which the device cannot be there is an item, not an error', async () => {
  const cxl = { name: 'pmem7', mode: 'fsdax', size: '1GiB', provider: 'CXL', phys_addr: '0x990000000' };
  expect((await server.call('POST', '/v1/hosts/node-a/dax-devices', cxl)).status).toBe(201);
  const { json } = await compare({ ...asked, dax_device: 'pmem7', kernels: ['v5.10', 'v6.12'] });
  expect(json.items).toMatchObject([
    { kernel: 'v5.10', refused: { code: 'kernel_refused', errno: 'ENODEV' } },
    { kernel: 'v6.12', refused: null, verdict: 'contained' },
  ]);
  await server.call('DELETE', '/v1/hosts/node-a/dax-devices/pmem7');
});

test.each([
  [{ ...asked, host: 'nobody' }, 404, 'host_not_found', ['/host']],
  [{ ...asked, dax_device: 'pmem9' }, 404, 'dax_device_not_found', ['/dax_device']],
  [{ ...asked, kernels: [] }, 400, 'invalid_request', ['/kernels']],
  [{ ...asked, kernels: ['v6.12', 'v4.19'] }, 400, 'invalid_request', ['/kernels/1']],
  [{ ...asked, kernels: 'v6.12' }, 400, 'invalid_request', ['/kernels']],
  [{ ...asked, trigger: 'pull' }, 400, 'invalid_request', ['/trigger']],
  [{ ...asked, via: 'modprobe' }, 400, 'invalid_request', ['/via']],
  [{ ...asked, force: true }, 400, 'invalid_request', ['/force']],
  [{}, 400, 'invalid_request', ['/host', '/dax_device', '/trigger']],
] as const)('POST /v1/comparisons %j is a %i %s', async (body, status, code, pointers) => {
  const answer = await compare(body);
  const told = answer.json.errors.map(({ pointer }) => pointer);
  expect([answer.status, answer.json.code, told]).toEqual([status, code, pointers]);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
});

test('the assessment is paged, filtered and summed up over all pages', async () => {
  const whole = await assess();
  const schema = pageOf(AssessmentSchema, assessed);
  expect([whole.status, schema.safeParse(whole.json).error?.issues ?? []]).toEqual([200, []]);
  const items = whole.json.items as unknown as Assessment[];
  expect(items.map(({ host, dax_device, verdict }) => [host, dax_device, verdict])).toEqual([
    ['node-a', 'pmem0', 'exposed'],
    ['node-b', 'pmem0', 'contained'],
    ['node-b', 'pmem1', 'contained'],
  ]);
  expect(items[0]?.advice.map(({ action }) => action)).toContain('mkfs_xfs_rmapbt');
  const first = await assess('?limit=2');
  const second = await assess(`?limit=2&page_token=${first.json.next_page ?? ''}`);
  expect([...first.json.items, ...second.json.items]).toEqual(whole.json.items);
  expect(second.json['summary']).toEqual(whole.json['summary']);
  const counts: [string, number][] = [
    ['?verdict=exposed', 1],
    ['?host=node-b', 2],
    ['?kernel=v6.12', 1],
    ['?mode=devdax', 0],
    ['?tenant=b&dax_device=pmem1', 1],
    ['?state=stuck', 0],
    ['?hazard=unsafe_clean_up', 1],
    ['?hazard=unsafe_clean_up&host=node-b', 0],
    ['?hazard=leaked_range', 0],
  ];
  for (const [query, count] of counts)
    expect([query, (await assess(query)).json.items.length]).toEqual([query, count]);
});

test.each([
  ['?verdict=safe', 'invalid_request', '/verdict'],
  ['?kernel=v4.19', 'invalid_request', '/kernel'],
  ['?hazard=none', 'invalid_request', '/hazard'],
  ['?limit=0', 'invalid_request', '/limit'],
  ['?sort=verdict', 'invalid_request', '/sort'],
  ['?page_token=zzz', 'invalid_field', '/page_token'],
] as const)('GET /v1/assessment%s is a 400 %s', async (query, code, pointer) => {
  const { status, json } = await assess(query);
  expect([status, json.code, json.errors.map((error) => error.pointer)]).toEqual([400, code, [pointer]]);
});

test.each([
  ['?host=nobody', 'host_not_found', '/host'],
  ['?host=nobody&dax_device=pmem0', 'host_not_found', '/host'],
  ['?host=node-b&dax_device=pmem9', 'dax_device_not_found', '/dax_device'],
] as const)('[AS4] GET /v1/assessment%s is a 404 %s', async (query, code, pointer) => {
  const { status, json } = await assess(query);
  expect([status, json.code, json.errors.map((error) => error.pointer)]).toEqual([404, code, [pointer]]);
});

test('[AS4] a host without devices, and a device of no named host, are pages without rows', async () => {
  await server.call('POST', '/v1/hosts', { name: 'node-c', kernel: 'v6.1' });
  for (const query of ['?host=node-c', '?dax_device=pmem9']) {
    const { status, json } = await assess(query);
    expect([status, json.items]).toEqual([200, []]);
  }
  await server.call('DELETE', '/v1/hosts/node-c');
  expect((await assess('?host=node-c')).status).toBe(404);
});

test('[HOLD2] after the removal holders answer 200, and so does the assessment count them', async () => {
  const host = '/v1/hosts/node-r';
  await makeTopology(server, 'node-r', 'v7.3');
  const path = `${host}/dax-devices/pmem0`;
  const before = await assess('?host=node-r');
  expect(before.json.items).toMatchObject([
    { impact: { file_systems_shut_down: 1 }, residue: { mappings: 0, pages: 0 } },
  ]);
  expect(before.json['summary']).toMatchObject({ with_impact: 1, with_residue: 0 });
  await server.call('POST', `${path}/remove`, { trigger: 'unbind' }, { prefer: 'wait=10' });
  const { status, json } = await server.call('GET', `${path}/holders`);
  expect([status, json['refused']]).toMatchObject([200, { code: 'kernel_refused', errno: 'ENODEV' }]);
  expect(json['residue']).toMatchObject({ mappings: 1, processes: 1, pages: 1024 });
  const process = json.items.find(({ kind }) => kind === 'process');
  expect(process).toMatchObject({
    residue: true,
    ends: [
      { by: 'exit', result: 'kernel_oops' },
      { by: 'SIGKILL', result: 'kernel_oops' },
    ],
  });
  const after = await assess('?host=node-r');
  expect(after.json.items).toMatchObject([{ impact: null, residue: json['residue'] }]);
  expect(after.json['summary']).toMatchObject({ with_impact: 0, with_residue: 1 });
  expect((await server.call('DELETE', host)).status).toBe(204);
});

test('[ADV3] a page of the assessment has advice where only the impact can be avoided', async () => {
  await server.call('POST', '/v1/hosts', { name: 'node-i', kernel: 'v6.12' });
  const device = { name: 'pmem0', mode: 'fsdax', size: '1GiB' };
  await server.call('POST', '/v1/hosts/node-i/dax-devices', device);
  const mount = { dax_device: 'pmem0', path: '/mnt/a', fs_type: 'ext4', dax: 'always', mkfs: true };
  await server.call('POST', '/v1/hosts/node-i/mounts', mount);
  const { json } = await assess('?host=node-i');
  expect(json.items).toMatchObject([
    { verdict: 'contained', advice: [{ action: 'umount_first', state_then: 'completed' }] },
  ]);
  await server.call('DELETE', '/v1/hosts/node-i');
});

test('holders come with the blast radius, pages with all of it', async () => {
  const holders = '/v1/hosts/node-a/dax-devices/pmem0/holders';
  const { json } = await server.call('GET', holders);
  const page = await server.call('GET', `${holders}?limit=1`);
  expect(json['blast_radius']).toMatchObject({ processes: 1, mounts: 1, files: 1, mapped_bytes: 4194304 });
  expect([page.json.items.length, page.json['blast_radius']]).toEqual([1, json['blast_radius']]);
});
