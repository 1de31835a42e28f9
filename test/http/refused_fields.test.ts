import { afterAll, beforeAll, expect, test } from 'vitest';
import { DOCUMENT } from '../support/document.ts';
import { serveTopology } from '../support/server.ts';

const { server, topology } = serveTopology(beforeAll, afterAll);

const post = (url: string, body: object) => server.call('POST', `${topology.at}${url}`, body);
const fileOf = (more: object) => ({ mount: topology.mount, path: '/new', size: '4KiB', ...more });
const mountOf = (path: string) => ({ dax_device: 'pmem0', path, fs_type: 'ext4', dax: 'always' });

/** Where a request is refused: status, code and pointers. */
async function refusal(answer: ReturnType<typeof post>) {
  const { status, json } = await answer;
  return [status, json.code, ...json.errors.map(({ pointer }) => pointer)];
}

test.each(['0', 0, '0KiB', '0TiB'])('a size of %j is refused, whatever it is the size of', async (size) => {
  const device = { name: 'pmem9', mode: 'fsdax', size };
  const media = { size };
  const wanted = [400, 'invalid_request'];
  expect(await refusal(post('/dax-devices', device))).toEqual([...wanted, '/size']);
  expect(await refusal(post('/files', fileOf({ size })))).toEqual([...wanted, '/size']);
  const event = { action: 'replace', dax_device: 'pmem0', media };
  expect(await refusal(post('/hotplug-events', event))).toEqual([...wanted, '/media/size']);
});

const ODD = ['', 'a', './a', '/a/', '//a', '/a//b', '/.', '/..', '/a/../b', '/a/./b', '/a/..', ' /a'];

test.each(ODD)('the path %j is neither a file nor a mount point', async (path) => {
  expect(await refusal(post('/files', fileOf({ path })))).toEqual([400, 'invalid_request', '/path']);
  expect(await refusal(post('/mounts', mountOf(path)))).toEqual([400, 'invalid_request', '/path']);
});

test.each(['/...', '/.a', '/a..', '/a b/ü', '/a/..b/c.'])('the path %j is one', async (path) => {
  expect((await post('/files', fileOf({ path }))).status).toBe(201);
});

test('a file is not /, something may be mounted there', async () => {
  expect(await refusal(post('/files', fileOf({ path: '/' })))).toEqual([400, 'invalid_request', '/path']);
  expect((await post('/mounts', mountOf('/'))).status).toBe(201);
});

test('[PART1] a device has the partitions 1 to 4, and the document says so', async () => {
  const made = await server.call('POST', `${topology.at}/dax-devices`, {
    ...{ name: 'pmem8', mode: 'fsdax', size: '8MiB', phys_addr: '0x900000000' },
  });
  expect(made.status).toBe(201);
  const mount = { ...mountOf('/p'), dax_device: 'pmem8', mkfs: true };
  for (const partition of [0, 5, 128, 1.5]) {
    expect(await refusal(post('/mounts', { ...mount, partition }))).toEqual([
      ...[400, 'invalid_request', '/partition'],
    ]);
  }
  const { detail } = (await post('/mounts', { ...mount, partition: 5 })).json;
  expect(detail).toMatch(/cannot be mounted again: mkfs: true makes a new one, on one of these/);
  expect((await post('/mounts', { ...mount, partition: 4 })).status).toBe(201);
  expect(DOCUMENT.components.schemas['CreateMount']).toMatchObject({
    properties: { partition: { minimum: 1, maximum: 4 } },
  });
});

test('a removal on the bus brings neither a medium nor an owner', async () => {
  const event = { action: 'surprise_removal', dax_device: 'pmem0' };
  const refused = { ...event, media: { media_serial: '0x1' } };
  expect(await refusal(post('/hotplug-events', refused))).toEqual([400, 'invalid_field', '/media']);
  expect(await refusal(post('/hotplug-events', { ...refused, action: 'orderly_remove' }))).toEqual([
    ...[400, 'invalid_field', '/media'],
  ]);
  expect(await refusal(post('/hotplug-events', { ...event, tenant: 'b' }))).toEqual([
    ...[400, 'invalid_field', '/tenant'],
  ]);
});

test('poison by file or mapping: where it is, and one of the two', async () => {
  const url = '/dax-devices/pmem0/memory-failure';
  const { file, mapping } = topology;
  const poison = { offset: 4096, length: 4096, source: 'mce' };
  expect(await refusal(post(url, { ...poison, file, mapping }))).toEqual([
    400,
    'invalid_request',
    '/mapping',
  ]);
  expect(await refusal(post(url, { ...poison, file: 'f99' }))).toEqual([404, 'file_not_found', '/file']);
  expect(await refusal(post(url, { ...poison, file, offset: '16MiB' }))).toEqual([
    ...[400, 'out_of_range', '/offset'],
  ]);
  expect((await post(url, { ...poison, file })).status).toBe(200);
  expect((await post(url, { ...poison, mapping, offset: 8192 })).status).toBe(200);
  const { extents } = (await server.call('GET', `${topology.at}/files/${file}`)).json as unknown as {
    extents: { pfn: number }[];
  };
  const { base_pfn } = (await server.call('GET', `${topology.at}/dax-devices/pmem0`)).json;
  const first = ((extents[0]?.pfn ?? 0) - Number(base_pfn)) * 4096;
  const { items } = (await server.call('GET', `${topology.at}${url}`)).json;
  // A machine check makes the sector it tells a badblock, and flags the page.
  const pages = items.filter(({ badblock }) => badblock === true).map(({ offset }) => offset);
  expect(pages).toEqual([first + 4096, first + 8192]);
});
