import type { Resolve } from '../../../src/app/webhooks/targets.ts';
import { createHandClock } from '../../support/hand_clock.ts';
import { startTestServer } from '../../support/server.ts';
import { createWalker, isRead, OPERATIONS, type Step, type Walker } from './walker.ts';

/** Waits until what was begun has ended. */
const WAIT = { headers: { prefer: 'wait=60' } };
const NOW = { headers: { prefer: 'respond-async' } };
const UNBIND = { trigger: 'unbind' };

const VOLUME = { fs_type: 'ext4', dax: 'always', mkfs: true };
const RAM = { name: 'dax0.0', mode: 'devdax', size: 1054867456, phys_addr: '0x101200000', target_node: 1 };
const ON_CXL = {
  ...{ name: 'dax1.0', mode: 'devdax', size: '64MiB', provider: 'CXL' },
  cxl: { memdevs: [{ name: 'mem0', serial: '0x1', pci: '0000:0d:00.0' }], region: 'region0' },
};
const ALL = { offset: 0, length: '2MiB', flags: ['shared'], prot: 'rw' };

/** Asks every operation of the document for every answer that it documents as done, on a server of its own. */
export async function walk(): Promise<readonly Step[]> {
  // Nothing is sent to a webhook a second time while this clock stands, but by request.
  const server = await startTestServer({ webhooks: { clock: createHandClock(), resolve: knowNobody } });
  const walker = createWalker(server);
  const { steps } = walker;
  try {
    for (const part of [build, use, remove, hang, declare]) await part(walker);
    for (const operation of OPERATIONS.values())
      if (operation.method === 'get' && !isRead(operation, steps)) await walker.read(operation.operationId);
    await dismantle(walker);
    return steps;
  } finally {
    await server.close();
  }
}

/** No name is known to this resolver, whatever the one of the machine would say, and how. */
const knowNobody: Resolve = (name, _options, told) => told(new Error(`getaddrinfo ENOTFOUND ${name}`), []);

/** Makes one of everything on node-a, of which `there` has the names from then on. */
async function build(walker: Walker): Promise<void> {
  const { ask, there } = walker;
  Object.assign(there, { host: 'node-a', kernel: 'v6.12' });
  await ask('createHost', {}, { name: 'node-a', kernel: 'v6.12', labels: { rack: 'r1' } });
  const pmem0 = { name: 'pmem0', mode: 'fsdax', size: '1GiB', phys_addr: '0x240000000', tenant: 'orders' };
  await ask('createDaxDevice', {}, pmem0);
  const more = ['pmem1', 'pmem2', 'pmem3'].map((name) => ({ name, mode: 'fsdax', size: '1GiB' }));
  await ask('createDaxDevices', {}, { items: [...more, RAM, ON_CXL] });
  const [mount] = await makeMounts(walker);
  const { id: file } = await ask('createFile', {}, { mount, path: '/orders.db', size: '16MiB' });
  await ask('createFiles', {}, { items: [{ mount, path: '/index.db', size: '4MiB' }] });
  await ask('createProcess', {}, { pid: 42, comm: 'redis', tenant: 'orders', sigbus: 'handled' });
  const processes = [
    { pid: 43, comm: 'report' },
    { pid: 44, comm: 'backup', parent_pid: 43 },
  ];
  await ask('createProcesses', {}, { items: processes });
  const { id: open_file } = await ask('createOpenFile', {}, { pid: 42, file, flags: ['rdwr'] });
  await ask('createOpenFiles', {}, { items: [{ pid: 43, file }] });
  const map = { pid: 42, file, ...ALL, populate: 'write' };
  const { id: mapping } = await ask('createMapping', {}, map);
  await ask('createMappings', {}, { items: [{ ...map, pid: 43, prot: 'r', populate: 'read' }] });
  const pinned = { pid: 42, mapping, offset: 0, length: 4096, kind: 'transient', holder: 'rdma' };
  const { id: pin } = await ask('createPin', {}, pinned);
  await ask('createPins', {}, { items: [{ ...pinned, offset: 4096 }] });
  Object.assign(there, { mount, file, open_file, mapping, pin, pid: '42', device: 'pmem0' });
}

async function makeMounts({ ask }: Walker): Promise<readonly string[]> {
  const first = await ask('createMount', {}, { dax_device: 'pmem0', path: '/mnt/orders', ...VOLUME });
  const items = [
    { dax_device: 'pmem1', path: '/mnt/metrics', ...VOLUME, fs_type: 'xfs' },
    { dax_device: 'pmem3', path: '/mnt/scratch', ...VOLUME },
  ];
  await ask('createMounts', {}, { items });
  return [first.id];
}

/** Uses what was built: calls of processes, clocks, faults, memory, CXL. Nothing of `there` goes. */
async function use(walker: Walker): Promise<void> {
  const { ask, there } = walker;
  await ask('patchHost', {}, { labels: { rack: 'r2' }, auto_online_blocks: 'offline' });
  await ask('patchDaxDevice', {}, { labels: { tier: 'gold' }, tenant: 'orders' });
  await ask('fileIo', {}, { pid: 42, kind: 'pwrite', offset: 0, length: 4096 });
  await ask('accessMapping', {}, { offset: 0, length: 64, kind: 'write' });
  await ask('commitJournal', {}, {});
  await ask('syncMount', {}, {});
  await ask('freezeMount', {}, {});
  await ask('thawMount', {}, {});
  await ask('remountMount', {}, { options: 'rw' });
  await ask('compareRemovals', {}, { host: 'node-a', dax_device: 'pmem0', ...UNBIND, kernels: ['v7.3'] });
  await ask('planRemovals', {}, { hosts: ['node-a'], ...UNBIND });
  await serve(walker);
  await fail(walker);
  await useMemory(walker);
  await useCxl(walker);
  const { id: event } = await ask(
    'createHotplugEvent',
    {},
    { action: 'surprise_removal', dax_device: 'pmem2' },
  );
  there['event'] = event;
}

/** Of the service, not of the model: webhooks, fault rules, clocks, snapshots. */
async function serve({ ask, until, there }: Walker): Promise<void> {
  const url = 'https://hooks.invalid/daxplane';
  const { id: webhook } = await ask('createWebhook', {}, { url, types: ['removal_completed'] });
  const { id: delivery } = await ask('testWebhook', { webhook }, {});
  // An attempt that is noted is the same in every walk; one under way may or may not be.
  const attempts = (n: number) =>
    until(
      'getWebhookDelivery',
      { webhook, delivery },
      (told) => (told['attempts'] as unknown[]).length === n,
    );
  await attempts(1);
  await ask('redeliverWebhook', { webhook, delivery }, {});
  await attempts(2);
  await ask('patchWebhook', { webhook }, { description: 'the dashboard', enabled: false });
  const selector = { operation: 'createPin', host: 'nobody' };
  const action = { kind: 'problem', code: 'unavailable', retry_after_s: 1 };
  const { id: rule } = await ask('createFaultRule', {}, { selector, action, remaining: 3 });
  await ask('patchFaultRule', { rule }, { remaining: 1 });
  await ask('setClock', {}, { mode: 'manual', advance_ms: 1000 });
  const { id: snapshot } = await ask('createSnapshot', {}, { name: 'before the test' });
  await ask('forkHost', {}, { name: 'node-copy', snapshot });
  Object.assign(there, { webhook, delivery, rule, snapshot });
}

/** A page fails on a device that can be cleared. */
async function fail({ ask }: Walker): Promise<void> {
  const dax = { device: 'dax2.0' };
  await ask('createDaxDevice', {}, { name: 'dax2.0', mode: 'devdax', size: '64MiB', clears_poison: true });
  await ask('createMapping', {}, { pid: 44, dax_device: 'dax2.0', ...ALL, populate: 'read' });
  await ask('injectMemoryFailure', dax, { offset: 4096, length: 4096, source: 'mce' });
  await ask('listPoisonedRanges', dax);
  await ask('clearErrors', dax, { offset: 0, length: '1MiB' });
}

/** A device becomes memory, which goes and comes. */
async function useMemory(walker: Walker): Promise<void> {
  const { ask, read, there } = walker;
  const ram = { device: 'dax0.0' };
  await ask('removeDaxDevice', ram, UNBIND, WAIT);
  await ask('bindDaxDevice', ram, { mode: 'system-ram' });
  await ask('onlineMemory', ram, {});
  await ask('offlineMemory', ram, {});
  Object.assign(there, { ...ram, block: 'memory33' });
  await ask('patchMemoryBlock', {}, { state: 'online_movable' });
  for (const operation of ['listMemoryBlocks', 'getMemoryBlock']) await read(operation);
  there['device'] = 'pmem0';
}

/** A card goes and comes back, and so does what is on it. */
async function useCxl({ ask, there }: Walker): Promise<void> {
  Object.assign(there, { memdev: 'mem0', region: 'region0' });
  const removal = { trigger: 'unbind' };
  await ask('removeCxlMemdev', {}, removal, WAIT);
  const media = { media_serial: '0x2' };
  await ask('createHotplugEvent', {}, { action: 'replace', dax_device: 'dax1.0', media });
  await ask('commitCxlRegion', {}, { memdevs: ['mem0'] });
  await ask('bindCxlRegion', {}, {});
  await ask('bindDaxDevice', { device: 'dax1.0' }, { mode: 'devdax' });
  await ask('removeCxlMemdev', {}, removal, NOW);
  const other = { name: 'dax3.0', mode: 'devdax', size: '64MiB', provider: 'CXL', state: 'unbound' };
  await ask('createDaxDevice', {}, other);
  await ask('removeCxlMemdev', { memdev: 'mem1' }, removal, WAIT);
  await ask('bindCxlMemdev', { memdev: 'mem1' }, { driver: 'cxl_pci' });
}

/** A removal that leaves an exposure to the next tenant, and how its events tell it. */
async function remove({ ask, there }: Walker): Promise<void> {
  const device = 'pmem0';
  const { id: removal } = await ask('removeDaxDevice', { device }, UNBIND, NOW);
  await ask('bindDaxDevice', { device }, { tenant: 'reports' });
  const query = `?dax_device=${device}&type=removal_started&type=removal_step_done&limit=2`;
  await ask('listEvents', {}, undefined, { query });
  const [exposure] = (await ask('listExposures')).items;
  Object.assign(there, { removal, exposure: exposure!.id });
}

/** Calls that do not come back: what was to be made is not, and the answer tells what became of whom. */
async function hang({ ask }: Walker): Promise<void> {
  const oops = { host: 'node-oops' };
  const [, late] = await twoOpeners(ask, oops);
  await ask('createMapping', oops, { pid: 2, open_file: late, ...ALL });

  const spin = { host: 'node-spin' };
  const [, second] = await twoOpeners(ask, spin);
  const dax = { ...spin, device: 'dax0.0' };
  await ask('closeFile', { ...spin, open_file: second });
  await ask('removeDaxDevice', dax, { ...UNBIND, via: 'device_dax' }, WAIT);
  await ask('removeDaxDevice', dax, { ...UNBIND, via: 'dax_pmem' }, WAIT);
  await ask('bindDaxDevice', dax, { driver: 'dax_pmem' });
  await ask('exitProcess', { ...spin, pid: '1' });
  await ask('createOpenFile', spin, { pid: 3, dax_device: 'dax0.0' });

  const stale = { host: 'node-stale' };
  await ask('createHost', {}, { name: 'node-stale', kernel: 'v5.10' });
  await ask('createDaxDevice', stale, { name: 'pmem0', mode: 'fsdax', size: '1GiB' });
  const { id: mount } = await ask('createMount', stale, { dax_device: 'pmem0', path: '/mnt', ...VOLUME });
  const { id: file } = await ask('createFile', stale, { mount, path: '/data', size: '2MiB' });
  await ask('createProcess', stale, { pid: 1, comm: 'splice' });
  const small = { pid: 1, file, ...ALL, page_size: 4096, populate: 'write' };
  const { id: mapping } = await ask('createMapping', stale, small);
  await ask('removeDaxDevice', { ...stale, device: 'pmem0' }, UNBIND, WAIT);
  const pipe = { pid: 1, mapping, offset: 0, length: 4096, kind: 'transient', holder: 'vmsplice' };
  await ask('createPin', stale, pipe);
}

/** A node that one process opened while its driver was bound, and another while it was not; it is bound again. */
async function twoOpeners(
  ask: Walker['ask'],
  at: { readonly host: string },
): Promise<readonly [string, string]> {
  const device = 'dax0.0';
  await ask('createHost', {}, { name: at.host, kernel: 'v6.12' });
  await ask('createDaxDevice', at, { name: device, mode: 'devdax', size: '512MiB' });
  for (const pid of [1, 2, 3]) await ask('createProcess', at, { pid, comm: 'opener' });
  const open = { dax_device: device, flags: ['rdwr'] };
  const first = await ask('createOpenFile', at, { pid: 1, ...open });
  await ask('removeDaxDevice', { ...at, device }, { ...UNBIND, via: 'device_dax' }, WAIT);
  const second = await ask('createOpenFile', at, { pid: 2, ...open });
  await ask('bindDaxDevice', { ...at, device }, { driver: 'device_dax' });
  return [first.id, second.id];
}

/** Hosts as whole documents: what is declared, and what the tools list. */
async function declare({ ask }: Walker): Promise<void> {
  const at = { host: 'node-t' };
  const topology = {
    kernel: 'v6.12',
    dax_devices: [{ name: 'pmem0', mode: 'fsdax', size: '1GiB' }],
  };
  await ask('putTopology', at, topology);
  const processes = [{ pid: 42, comm: 'redis', tenant: 'orders' }];
  await ask('putTopology', at, { ...topology, processes });
  const namespace = { dev: 'namespace0.0', mode: 'fsdax', map: 'dev', size: 526385152, blockdev: 'pmem1' };
  const listed = { ...namespace, sector_size: 512, align: 2097152 };
  await ask('importInventory', at, [listed]);
}

/** The host is as it was at its snapshot; then everything goes, in the order in which nothing is in use any more. */
async function dismantle({ ask, there }: Walker): Promise<void> {
  await ask('restoreHost', {}, { snapshot: there['snapshot']! });
  for (const { id } of (await ask('listPins')).items) await ask('unpin', { pin: id });
  for (const { id } of (await ask('listMappings')).items) await ask('munmap', { mapping: id });
  for (const { id } of (await ask('listOpenFiles')).items) await ask('closeFile', { open_file: id });
  await ask('deleteFile');
  await ask('exitProcess');
  await ask('shutdownMount', {}, {});
  await ask('umount');
  await ask('deleteDaxDevice');
  await ask('rebootHost', {}, { kernel: 'v7.3' });
  await ask('deleteSnapshot');
  await ask('deleteWebhook');
  await ask('deleteFaultRule');
  await ask('deleteHost', { host: 'node-copy' });
}
