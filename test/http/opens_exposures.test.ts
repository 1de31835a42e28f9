import { afterAll, beforeAll, expect, test } from 'vitest';
import { BoundDaxDevice } from '../../src/http/schemas/dax_device.ts';
import { CreatedMount } from '../../src/http/schemas/mount.ts';
import { makeTopology, serve, type TestBody } from '../support/server.ts';

const server = serve(beforeAll, afterAll);

/** A host whose ext4 was pulled from under a process. */
async function exposedHost(name: string): Promise<string> {
  await makeTopology(server, name, 'v6.12');
  const path = `/v1/hosts/${name}/dax-devices/pmem0`;
  const removal = { trigger: 'unbind' };
  const { json } = await server.call('POST', `${path}/remove`, removal, { prefer: 'wait=10' });
  expect(json['verdict']).toBe('exposed');
  return path;
}

/** What of exposures does not depend on when they were made. */
function windows(json: TestBody): unknown[] {
  return (json['exposures'] as TestBody[]).map(({ pid, windows, pages, to_tenant, opened_by, open }) => {
    return { pid, windows, pages, to_tenant, opened_by, open };
  });
}

const open = async (host: string) =>
  (await server.call('GET', `/v1/exposures?host=${host}&open=true`)).json.items.length;

test('[EX6] a dry run of a bind says which exposures it would open, the act which it has', async () => {
  const path = await exposedHost('node-a');
  const body = { mode: 'devdax', tenant: 'next' };
  const dry = await server.call('POST', `${path}/bind?dry_run=true`, body);
  expect([dry.status, BoundDaxDevice.safeParse(dry.json).error?.issues ?? []]).toEqual([200, []]);
  expect(windows(dry.json)).toMatchObject([{ pages: 1024, to_tenant: 'next', open: true }]);
  expect(await open('node-a')).toBe(0);
  const act = await server.call('POST', `${path}/bind`, body);
  expect(windows(act.json)).toEqual(windows(dry.json));
  expect(await open('node-a')).toBe(1);
});

test('[EX6] a bind under the same owner opens none', async () => {
  const path = await exposedHost('node-b');
  const bound = await server.call('POST', `${path}/bind`, {});
  expect([bound.status, bound.json['exposures']]).toEqual([200, []]);
});

test('[EX6] a mkfs gives the pfns that a pin still reaches to yet another owner', async () => {
  const at = '/v1/hosts/node-d';
  const make = async (path: string, body: object) => (await server.call('POST', `${at}${path}`, body)).json;
  await server.call('POST', '/v1/hosts', { name: 'node-d', kernel: 'v6.12' });
  await make('/dax-devices', { name: 'dax0.0', mode: 'devdax', size: '1GiB' });
  const { pid } = await make('/processes', { comm: 'xsk' });
  const reach = { pid, offset: 0, length: '2MiB' };
  const shared = { ...reach, dax_device: 'dax0.0', flags: ['shared'], prot: 'rw', populate: 'write' };
  const { id } = await make('/mappings', shared);
  await make('/pins', { ...reach, mapping: id, kind: 'longterm', holder: 'xdp' });
  const removal = { trigger: 'unbind' };
  await server.call('POST', `${at}/dax-devices/dax0.0/remove`, removal, { prefer: 'wait=10' });
  const bound = await make('/dax-devices/dax0.0/bind', { mode: 'fsdax' });
  expect(windows(bound)).toMatchObject([{ pages: 512, windows: [{ mapping: null, pages: 512 }] }]);
  const mount = { dax_device: 'dax0.0', path: '/mnt/new', fs_type: 'ext4', dax: 'always', mkfs: true };
  const first = await make('/mounts', mount);
  expect(first['exposures']).toEqual([]);
  await server.call('DELETE', `${at}/mounts/${first.id}`);
  const made = await server.call('POST', `${at}/mounts?dry_run=true`, mount);
  expect([made.status, CreatedMount.safeParse(made.json).error?.issues ?? []]).toEqual([201, []]);
  expect(windows(made.json)).toMatchObject([{ pages: 512, windows: [{ mapping: null }], open: true }]);
});

test('[EX6] another medium in its place opens them as well', async () => {
  await exposedHost('node-c');
  const event = { action: 'replace', dax_device: 'pmem0', tenant: 'next', media: { serial: 'new' } };
  const url = '/v1/hosts/node-c/hotplug-events';
  const dry = await server.call('POST', `${url}?dry_run=true`, event);
  expect([dry.status, windows(dry.json)]).toMatchObject([201, [{ to_tenant: 'next', pages: 1024 }]]);
  expect(windows((await server.call('POST', url, event)).json)).toEqual(windows(dry.json));
});

test('[EX6] decoders that are programmed again reach the new card', async () => {
  const at = '/v1/hosts/node-e';
  const make = async (path: string, body: object) => (await server.call('POST', `${at}${path}`, body)).json;
  await server.call('POST', '/v1/hosts', { name: 'node-e', kernel: 'v6.12' });
  const device = { name: 'pmem0', mode: 'fsdax', size: '1GiB', provider: 'CXL', phys_addr: '0x990000000' };
  const { cxl_region } = await make('/dax-devices', device);
  const format = { dax_device: 'pmem0', path: '/mnt', fs_type: 'ext4', dax: 'always', mkfs: true };
  const mount = (await make('/mounts', format)).id;
  const file = (await make('/files', { mount, path: '/data', size: '4MiB' })).id;
  const { pid } = await make('/processes', { comm: 'db' });
  const shared = { pid, offset: 0, length: '2MiB', flags: ['shared'], prot: 'rw', populate: 'read' };
  await make('/mappings', { ...shared, file });
  const removal = { trigger: 'surprise_removal', via: 'cxl_mem' };
  await server.call('POST', `${at}/dax-devices/pmem0/remove`, removal, { prefer: 'wait=10' });
  const replaced = await make('/hotplug-events', { action: 'replace', dax_device: 'pmem0', tenant: 'next' });
  expect(replaced['exposures']).toEqual([]);
  const memdevs = (await server.call('GET', `${at}/cxl-memdevs`)).json.items.map(({ name }) => name);
  const commit = `${at}/cxl-regions/${String(cxl_region)}/commit`;
  const dry = await server.call('POST', `${commit}?dry_run=true`, { memdevs });
  expect([dry.status, windows(dry.json)]).toMatchObject([200, [{ pages: 512, to_tenant: 'next' }]]);
  expect(windows((await server.call('POST', commit, { memdevs })).json)).toEqual(windows(dry.json));
});
