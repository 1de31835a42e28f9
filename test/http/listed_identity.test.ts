import { afterAll, beforeAll, expect, it } from 'vitest';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const headers = { 'content-type': 'application/json' };
const [ONE, OTHER] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
const SIZE = 2 ** 30;

const fsdax = (uuid?: string) => ({
  dev: 'namespace0.0',
  mode: 'fsdax',
  map: 'dev',
  size: SIZE,
  uuid,
  blockdev: 'pmem0',
});
const devdax = (chardev?: string) => ({
  dev: 'namespace0.0',
  mode: 'devdax',
  map: 'dev',
  size: SIZE,
  uuid: ONE,
  chardev,
});
const other = { dev: 'namespace1.0', mode: 'raw', size: SIZE, blockdev: 'pmem1' };
const dax = { chardev: 'dax0.0', size: SIZE, target_node: 1, align: 2 ** 21, mode: 'devdax' };

/** What a process has mapped, and reads. */
const MAPPED = { pid: 7, offset: 0, length: '2MiB', flags: ['shared'], prot: 'r', populate: 'read' };

async function newHost(name: string): Promise<string> {
  await server.call('POST', '/v1/hosts', { name, kernel: 'v6.12' });
  return `/v1/hosts/${name}`;
}

async function tell(host: string, listing: unknown, complete = false) {
  const url = `${host}/inventory${complete ? '?complete=true' : ''}`;
  const { status, json } = await server.call('POST', url, JSON.stringify(listing), headers);
  expect(status).toBe(200);
  return json as unknown as { devices: { name: string; change: string; previous_name: string | null }[] };
}

async function devicesOf(host: string) {
  const { json } = await server.call('GET', `${host}/dax-devices`);
  return json['items'] as unknown as { name: string; uid: string; state: string; generation: number }[];
}

async function generationAfter(
  name: string,
  uuids: readonly [before: string | undefined, after: string | undefined],
) {
  const host = await newHost(name);
  await tell(host, [fsdax(uuids[0]), other]);
  await tell(host, [other], true);
  const [gone] = await devicesOf(host);
  expect(gone).toMatchObject({ name: 'pmem0', state: 'gone' });
  await tell(host, [other]);
  await tell(host, [fsdax(uuids[1]), other]);
  const [back] = await devicesOf(host);
  expect(back).toMatchObject({ name: 'pmem0', state: 'bound', uid: gone?.uid });
  return back?.generation;
}

it('[IMP48] a device that was gone is another owner’s where it comes back with another uuid', async () => {
  expect(await generationAfter('recreated', [ONE, OTHER])).toBe(2);
  expect(await generationAfter('back', [ONE, ONE])).toBe(1);
  expect(await generationAfter('untold', [undefined, OTHER])).toBe(1);
});

it('a process that still reaches a removed device is exposed where that is listed with another uuid', async () => {
  const host = await newHost('stale');
  await tell(host, [fsdax(ONE)]);
  await server.call('PATCH', `${host}/dax-devices/pmem0`, { tenant: 'a' });
  await server.call('POST', `${host}/processes`, { pid: 7, comm: 'app', tenant: 'a' });
  const mount = { dax_device: 'pmem0', path: '/mnt', fs_type: 'ext4', dax: 'always', mkfs: true };
  const { json: mounted } = await server.call('POST', `${host}/mounts`, mount);
  const { json: file } = await server.call('POST', `${host}/files`, {
    mount: mounted['id'],
    path: '/f',
    size: '2MiB',
  });
  const mapping = { ...MAPPED, file: file['id'] };
  expect((await server.call('POST', `${host}/mappings`, mapping)).status).toBe(201);
  await server.call(
    'POST',
    `${host}/dax-devices/pmem0/remove`,
    { trigger: 'unbind' },
    { ...headers, prefer: 'wait=60' },
  );
  await tell(host, [fsdax(OTHER)]);
  const { json } = await server.call('GET', '/v1/exposures?host=stale&open=true');
  expect(json['items']).toMatchObject([{ pid: 7, generation: 1, to_generation: 2 }]);
});

it('[IMP47] a device known by its namespace’s name goes on under its own, with all that is of it', async () => {
  const host = await newHost('renamed');
  await tell(host, [devdax()]);
  const [{ uid } = {}] = await devicesOf(host);
  await server.call('PATCH', `${host}/dax-devices/namespace0.0`, { tenant: 'a', labels: { rack: '4' } });
  await server.call('POST', `${host}/processes`, { pid: 7, comm: 'app', tenant: 'a' });
  const mapping = { ...MAPPED, dax_device: 'namespace0.0' };
  expect((await server.call('POST', `${host}/mappings`, mapping)).status).toBe(201);
  const { devices } = await tell(host, [devdax('dax0.0')]);
  expect(devices).toMatchObject([{ name: 'dax0.0', change: 'updated', previous_name: 'namespace0.0' }]);
  const now = await devicesOf(host);
  expect(now).toMatchObject([{ name: 'dax0.0', uid, tenant: 'a', labels: { rack: '4' }, generation: 1 }]);
  const { json } = await server.call('GET', `${host}/dax-devices/dax0.0/holders`);
  expect(json['items']).toMatchObject([{ pid: 7 }, { pid: 7 }]);
  const labelled = await server.call('GET', '/v1/dax-devices?host=renamed&label=rack=4');
  expect(labelled.json['items']).toMatchObject([{ name: 'dax0.0' }]);
});

it('a dax device that turns out to be a known namespace leaves nothing under the namespace’s name', async () => {
  const host = await newHost('one');
  await tell(host, [devdax()]);
  await tell(host, [dax]);
  expect((await devicesOf(host)).map(({ name }) => name)).toEqual(['namespace0.0', 'dax0.0']);
  await tell(host, [{ ...devdax(), daxregion: { id: 0, size: SIZE, align: 2 ** 21, devices: [dax] } }]);
  expect(await devicesOf(host)).toMatchObject([{ name: 'dax0.0', state: 'bound', generation: 1 }]);
});
