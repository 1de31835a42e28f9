import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sqliteHarness, type SqliteHarness } from '../store/support/sqlite_harness.ts';
import {
  makeTopology,
  NOTHING_SENT,
  startTestServer,
  type Method,
  type TestServer,
} from '../support/server.ts';
import { until } from '../support/until.ts';

let harness: SqliteHarness;
let server: TestServer;
beforeAll(async () => {
  harness = sqliteHarness();
  server = await startTestServer({ store: await harness.open(), webhooks: NOTHING_SENT });
  const { at } = await makeTopology(server, 'node-a', 'v6.12');
  // In a zone of the kernel chance would decide what becomes of an offline.
  await server.call('PATCH', at, { auto_online_blocks: 'online_movable' });
  for (const device of DEVICES) {
    const made = await server.call('POST', `${at}/dax-devices`, device);
    expect([device.name, made.status]).toEqual([device.name, 201]);
  }
});
afterAll(async () => {
  await server.close();
  await harness.cleanup();
});

const DEVICES = [
  { name: 'pmem1', mode: 'fsdax', size: '1GiB', phys_addr: '0x300000000', clears_poison: true },
  { name: 'dax1.0', mode: 'devdax', size: '1GiB', phys_addr: '0x400000000', provider: 'CXL' },
  { name: 'dax2.0', mode: 'system-ram', size: '1GiB', phys_addr: '0x500000000' },
  { name: 'dax3.0', mode: 'devdax', size: '1GiB', phys_addr: '0x600000000' },
];
const LISTING =
  '[{"dev":"namespace0.0","mode":"fsdax","map":"dev","size":1056964608,"uuid":"3f5d5a5e-0000-4000-8000-000000000001","sector_size":512,"align":2097152,"blockdev":"pmem3"}]';

const host = '/v1/hosts/node-a';
const mapping = { pid: 42, offset: 0, length: '2MiB', flags: ['shared'], prot: 'rw' };
/** Of no request that is made here. */
const FAULT_RULE = { selector: { host: 'nobody' }, action: { kind: 'problem', code: 'rate_limited' } };
type Request = readonly [operation: string, Method, url: string, body?: unknown];

/** Every mutation of the document, in an order in which each can be done; `{id}` is the id of the last creation. */
const MUTATIONS: readonly Request[] = [
  ['createHost', 'POST', '/v1/hosts', { name: 'node-b', kernel: 'v6.1' }],
  ['patchHost', 'PATCH', host, { labels: { rack: '7' } }],
  ['importInventory', 'POST', '/v1/hosts/node-b/inventory', LISTING],
  ['createDaxDevice', 'POST', `${host}/dax-devices`, { name: 'dax9.0', mode: 'devdax', size: '1GiB' }],
  ['patchDaxDevice', 'PATCH', `${host}/dax-devices/dax9.0`, { tenant: 'a' }],
  ['deleteDaxDevice', 'DELETE', `${host}/dax-devices/dax9.0`],
  ['createProcess', 'POST', `${host}/processes`, { pid: 43, comm: 'nginx' }],
  ['createMapping', 'POST', `${host}/mappings`, { ...mapping, dax_device: 'dax3.0' }],
  ['accessMapping', 'POST', `${host}/mappings/{id}/access`, { offset: 0, length: 4096, kind: 'read' }],
  ['munmap', 'DELETE', `${host}/mappings/{id}`],
  ['createMapping', 'POST', `${host}/mappings`, { ...mapping, dax_device: 'dax3.0', populate: 'write' }],
  [
    'createPin',
    'POST',
    `${host}/pins`,
    { pid: 42, mapping: '{id}', offset: 0, length: 4096, kind: 'longterm', holder: 'xdp' },
  ],
  ['unpin', 'DELETE', `${host}/pins/{id}`],
  [
    'createMount',
    'POST',
    `${host}/mounts`,
    {
      dax_device: 'pmem1',
      path: '/mnt/b',
      fs_type: 'ext4',
      dax: 'never',
      mkfs: true,
    },
  ],
  ['remountMount', 'POST', `${host}/mounts/{id}/remount`, { options: 'ro' }],
  ['remountMount', 'POST', `${host}/mounts/{id}/remount`, { options: 'rw' }],
  ['createFile', 'POST', `${host}/files`, { mount: '{id}', path: '/a', size: '4MiB' }],
  ['fileIo', 'POST', `${host}/files/{id}/io`, { pid: 42, kind: 'pwrite', offset: 0, length: 4096 }],
  ['createOpenFile', 'POST', `${host}/open-files`, { pid: 42, file: '{id}' }],
  ['closeFile', 'DELETE', `${host}/open-files/{id}`],
  [
    'injectMemoryFailure',
    'POST',
    `${host}/dax-devices/pmem1/memory-failure`,
    {
      offset: '512MiB',
      length: 4096,
      source: 'mce',
    },
  ],
  ['clearErrors', 'POST', `${host}/dax-devices/pmem1/clear-errors`, { offset: '512MiB', length: 4096 }],
  ['createFile', 'POST', `${host}/files`, { mount: 'm2', path: '/old', size: '4KiB' }],
  ['deleteFile', 'DELETE', `${host}/files/{id}`],
  ['exitProcess', 'DELETE', `${host}/processes/43`],
  ['patchMemoryBlock', 'PATCH', `${host}/dax-devices/dax2.0/memory-blocks/160`, { state: 'offline' }],
  ['onlineMemory', 'POST', `${host}/dax-devices/dax2.0/online-memory`, {}],
  ['offlineMemory', 'POST', `${host}/dax-devices/dax2.0/offline-memory`, {}],
  [
    'compareRemovals',
    'POST',
    '/v1/comparisons',
    {
      host: 'node-a',
      dax_device: 'pmem0',
      trigger: 'unbind',
      kernels: ['v5.10', 'v7.3'],
    },
  ],
  ['planRemovals', 'POST', '/v1/plans', { hosts: ['node-a'], dax_devices: ['pmem0', 'dax3.0'] }],
  ['removeDaxDevice', 'POST', `${host}/dax-devices/dax3.0/remove`, { trigger: 'unbind' }],
  ['bindDaxDevice', 'POST', `${host}/dax-devices/dax3.0/bind`, { tenant: 'b' }],
  [
    'createHotplugEvent',
    'POST',
    `${host}/hotplug-events`,
    { action: 'surprise_removal', dax_device: 'dax3.0' },
  ],
  ['freezeMount', 'POST', `${host}/mounts/m2/freeze`, {}],
  ['thawMount', 'POST', `${host}/mounts/m2/thaw`, {}],
  ['syncMount', 'POST', `${host}/mounts/m2/sync`, {}],
  ['commitJournal', 'POST', `${host}/mounts/m2/commit`, {}],
  ['shutdownMount', 'POST', `${host}/mounts/m2/shutdown`, {}],
  ['umount', 'DELETE', `${host}/mounts/m2?lazy=true`],
  [
    'removeCxlMemdev',
    'POST',
    `${host}/cxl-memdevs/mem0/remove`,
    { trigger: 'surprise_removal', via: 'cxl_pci' },
  ],
  ['createHotplugEvent', 'POST', `${host}/hotplug-events`, { action: 'replace', dax_device: 'dax1.0' }],
  ['commitCxlRegion', 'POST', `${host}/cxl-regions/region0/commit`, { memdevs: ['mem0'] }],
  ['bindCxlRegion', 'POST', `${host}/cxl-regions/region0/bind`, {}],
  ['rebootHost', 'POST', `${host}/reboot`, {}],
  ['removeCxlMemdev', 'POST', `${host}/cxl-memdevs/mem0/remove`, { trigger: 'unbind', via: 'cxl_pci' }],
  ['bindCxlMemdev', 'POST', `${host}/cxl-memdevs/mem0/bind`, { driver: 'cxl_pci' }],
  [
    'createDaxDevices',
    'POST',
    `${host}/dax-devices/batch`,
    { items: [{ name: 'dax8.0', mode: 'devdax', size: '1GiB' }] },
  ],
  [
    'createProcesses',
    'POST',
    `${host}/processes/batch`,
    { items: [50, 51].map((pid) => ({ pid, comm: 'a' })) },
  ],
  [
    'createMappings',
    'POST',
    `${host}/mappings/batch`,
    { items: [50, 51].map((pid) => ({ ...mapping, pid, dax_device: 'dax8.0' })) },
  ],
  [
    'createMapping',
    'POST',
    `${host}/mappings`,
    { ...mapping, pid: 50, dax_device: 'dax8.0', populate: 'write' },
  ],
  [
    'createPins',
    'POST',
    `${host}/pins/batch`,
    { items: [{ pid: 50, mapping: '{id}', offset: 0, length: 4096, kind: 'longterm', holder: 'xdp' }] },
  ],
  [
    'createMounts',
    'POST',
    `${host}/mounts/batch`,
    { items: [{ dax_device: 'pmem1', path: '/mnt/c', fs_type: 'ext4', dax: 'never', mkfs: true }] },
  ],
  [
    'createMount',
    'POST',
    `${host}/mounts`,
    { dax_device: 'pmem1', path: '/mnt/d', fs_type: 'ext4', dax: 'never' },
  ],
  ['createFiles', 'POST', `${host}/files/batch`, { items: [{ mount: '{id}', path: '/b', size: '4KiB' }] }],
  ['createFile', 'POST', `${host}/files`, { mount: '{id}', path: '/c', size: '4KiB' }],
  ['createOpenFiles', 'POST', `${host}/open-files/batch`, { items: [{ pid: 50, file: '{id}' }] }],
  [
    'putTopology',
    'PUT',
    '/v1/hosts/node-b/topology',
    { kernel: 'v6.1', processes: [{ pid: 7, comm: 'sh' }] },
  ],
  ['createSnapshot', 'POST', '/v1/hosts/node-b/snapshots', { name: 'before' }],
  ['exitProcess', 'DELETE', '/v1/hosts/node-b/processes/7'],
  ['restoreHost', 'POST', '/v1/hosts/node-b/restore', { snapshot: '{id}' }],
  ['deleteSnapshot', 'DELETE', '/v1/hosts/node-b/snapshots/{id}'],
  ['forkHost', 'POST', '/v1/hosts/node-b/fork', { name: 'node-c' }],
  ['setClock', 'POST', '/v1/hosts/node-b/clock', { mode: 'manual' }],
  ['deleteHost', 'DELETE', '/v1/hosts/node-b'],
  ['createFaultRule', 'POST', '/v1/fault-rules', FAULT_RULE],
  ['patchFaultRule', 'PATCH', '/v1/fault-rules/{id}', { remaining: 3 }],
  ['deleteFaultRule', 'DELETE', '/v1/fault-rules/{id}'],
  ['createWebhook', 'POST', '/v1/webhooks', { url: 'https://hooks.example/daxplane' }],
  ['patchWebhook', 'PATCH', '/v1/webhooks/{id}', { description: 'pages us', rotate_secret: true }],
  ['testWebhook', 'POST', '/v1/webhooks/{id}/test', {}],
  ['redeliverWebhook', 'POST', '/v1/webhooks/{id}/deliveries/{delivery}/redeliver', {}],
  ['deleteWebhook', 'DELETE', '/v1/webhooks/{id}'],
];

async function databaseHash(): Promise<string> {
  return createHash('sha256')
    .update(await harness.dump())
    .digest('hex');
}

/** What is chosen afresh at each run: identifiers, times and secrets. */
function plain(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'uid')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time')
    .replaceAll(/whsec_[\w+/=]+/g, 'secret');
}

/** Waits until every removal that was begun has ended. */
async function settle(): Promise<void> {
  await until(
    () => server.call('GET', '/v1/removals?state=running'),
    ({ json }) => json.items.length === 0,
  );
}

test('every mutation dry: no row of the database changes, and it answers what acting then answers', async () => {
  let last = '';
  let delivery = '';
  for (const [operation, method, template, asked] of MUTATIONS) {
    const url = template.replace('{id}', last).replace('{delivery}', delivery);
    const body =
      typeof asked === 'object'
        ? (JSON.parse(JSON.stringify(asked).replace('{id}', last)) as unknown)
        : asked;
    const dryUrl = `${url}${url.includes('?') ? '&' : '?'}dry_run=true`;
    const before = await databaseHash();
    const dry = await server.call(method, dryUrl, body, { 'idempotency-key': 'k', ...AT_REST });
    expect([operation, dry.text.slice(0, 300), dry.status < 300]).toEqual([
      operation,
      expect.anything(),
      true,
    ]);
    // What was not stored is nowhere to be found.
    const { 'dry-run': isDry, location } = dry.headers;
    expect([operation, isDry, location]).toEqual([operation, 'true', undefined]);
    expect([operation, await databaseHash()]).toEqual([operation, before]);
    const acted = await server.call(method, url, body, AT_REST);
    expect([operation, acted.status, plain(acted.text)]).toEqual([operation, dry.status, plain(dry.text)]);
    await settle();
    const changed = (await databaseHash()) !== before;
    expect([operation, changed]).toEqual([operation, !CHANGE_NOTHING.has(operation)]);
    if (acted.status === 201) last = acted.json.id;
    if (operation === 'testWebhook') delivery = acted.json.id;
  }
});
/** A dry run shows removals at rest: so does an act that is waited for. */
const AT_REST = { prefer: 'wait=60' };
/** A journal whose device is there has nothing to abort; a comparison and a plan are questions. */
const CHANGE_NOTHING: ReadonlySet<string> = new Set(['commitJournal', 'compareRemovals', 'planRemovals']);

test('these are all mutations that the document has', async () => {
  const { paths } = (await server.call('GET', '/openapi.json')).json as unknown as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  const mutations = Object.values(paths)
    .flatMap((path) => Object.entries(path))
    .filter(([method]) => method !== 'get')
    .map(([, { operationId }]) => operationId);
  expect(new Set(MUTATIONS.map(([operation]) => operation))).toEqual(new Set(mutations));
});
