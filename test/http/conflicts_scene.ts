import { makeTopology, type TestServer } from '../support/server.ts';
import { playWebhooks } from './webhook_scene.ts';

/** Hosts in the states in which every mutation that the domain can refuse is refused. */
export interface Scene {
  /** By the name of a path's parameter: a resource of node-a that is there. */
  readonly there: Readonly<Record<string, string>>;
  /** operationId → a request that meets a conflict: URL and body. */
  readonly conflicts: Readonly<Record<string, readonly [string, unknown?]>>;
  /** Makes as many records as are taken of those that are counted: then another one is a conflict. */
  readonly fill: () => Promise<void>;
}

const RAM = { name: 'dax0.0', mode: 'devdax', size: 1054867456, phys_addr: '0x101200000', target_node: 1 };
const ON_CXL = {
  ...{ name: 'dax1.0', mode: 'devdax', size: '64MiB', provider: 'CXL' },
  cxl: { memdevs: [{ name: 'mem0', serial: '0x1', pci: '0000:0d:00.0' }], region: 'region0' },
};

const CARD = { memdev: 'mem0', ram_size: 2 ** 28, serial: 1, host: '0000:0d:00.0' };
const CXL_RAM = {
  ...{ region: 'region0', resource: 2 ** 35, size: 2 ** 28, type: 'ram', interleave_ways: 1 },
  ...{ decode_state: 'commit', mappings: [{ position: 0, memdev: 'mem0', decoder: 'decoder2.0' }] },
};
const CXL_RAM_DAX = { chardev: 'dax0.0', size: 2 ** 28, target_node: 1, mode: 'devdax' };

/**
 * A host with one of everything, one whose removal waits on a pin, one whose file system is frozen for good, one whose
 * file system has lost its device, and one of which it is not known what that does to its ext4.
 */
export async function playScene(server: TestServer): Promise<Scene> {
  const make = async (url: string, body: unknown, headers = {}) => {
    const answer = await server.call('POST', url, body, headers);
    if (answer.status >= 300) throw new Error(`${url}: ${answer.text}`);
    return answer.json;
  };
  const whole = await makeTopology(server, 'node-a', 'v6.12');
  const { at } = whole;
  const pinOf = { pid: 42, offset: 0, length: 4096, kind: 'transient', holder: 'rdma' };
  const pin = await make(`${at}/pins`, { ...pinOf, mapping: whole.mapping });
  const wait = { prefer: 'wait=60' };
  await make(`${at}/dax-devices`, RAM);
  await make(`${at}/dax-devices/dax0.0/remove`, { trigger: 'unbind' }, wait);
  await make(`${at}/dax-devices/dax0.0/bind`, { mode: 'system-ram' });
  await make(`${at}/dax-devices`, ON_CXL);
  await make(`${at}/processes`, { pid: 43, comm: 'ended' });
  await server.call('DELETE', `${at}/processes/43`);
  const shared = { pid: 42, file: whole.file, offset: 0, length: 4096, flags: ['shared'] };
  const snapshot = await make(`${at}/snapshots`, {});
  const open_file = await make(`${at}/open-files`, { pid: 42, file: whole.file });

  const waiting = await makeTopology(server, 'node-w');
  await make(`${waiting.at}/pins`, { ...pinOf, mapping: waiting.mapping });
  await make(`${waiting.at}/dax-devices/pmem0/remove`, { trigger: 'unbind' });

  const frozen = await freeze(make);
  const gone = await loseDevice(make);
  const unknown = await leaveToCommit(make);
  await make('/v1/hosts', { name: 'node-u', kernel: 'v6.12' });
  const many = '/v1/hosts/node-many';
  await make('/v1/hosts', { name: 'node-many', kernel: 'v6.12' });
  await make(`${many}/processes/batch`, { items: Array.from({ length: 1_000 }, () => ({ comm: 'one' })) });
  await make(`${many}/processes`, { comm: 'one more' });
  await make('/v1/hosts/node-u/inventory', [CARD, CXL_RAM]);
  await make('/v1/hosts/node-u/inventory', [CXL_RAM_DAX]);
  const pmem0 = `${at}/dax-devices/pmem0`;
  const webhooks = await playWebhooks(server, make);
  const scene: Scene = {
    fill: () => fill(server, scene),
    there: {
      ...webhooks.there,
      ...{
        host: 'node-a',
        device: 'dax0.0',
        block: 'memory33',
        mount: whole.mount,
        file: whole.file,
        pid: '42',
      },
      ...{
        mapping: whole.mapping,
        pin: pin.id,
        open_file: open_file.id,
        snapshot: snapshot.id,
        memdev: 'mem0',
        region: 'region0',
      },
    },
    conflicts: withBatches({
      ...webhooks.conflicts,
      createHost: ['/v1/hosts', { name: 'node-a', kernel: 'v6.1' }],
      patchHost: [waiting.at, { kernel_release: '6.8.12' }],
      deleteHost: [waiting.at],
      rebootHost: ['/v1/hosts/node-u/reboot', { kernel_release: '6.8.0-46-generic' }],
      forkHost: [`${at}/fork`, { name: 'node-w' }],
      getTopology: [`${many}/topology`],
      putTopology: [`${at}/topology`, { kernel: 'v6.1' }],
      createDaxDevice: [`${at}/dax-devices`, { name: 'pmem0', mode: 'raw', size: '1GiB' }],
      patchDaxDevice: [pmem0, { kmem_state: 'online' }],
      deleteDaxDevice: [pmem0],
      bindDaxDevice: [`${pmem0}/bind`, {}],
      removeDaxDevice: [`${pmem0}/remove`, { trigger: 'unbind', via: 'ndctl_disable_namespace' }],
      onlineMemory: [`${at}/dax-devices/dax0.0/online-memory`, {}],
      offlineMemory: [`${pmem0}/offline-memory`, {}],
      patchMemoryBlock: [`${at}/dax-devices/dax0.0/memory-blocks/33`, { state: 'online' }],
      injectMemoryFailure: [`${waiting.at}/dax-devices/pmem0/memory-failure`, { ...MCE }],
      clearErrors: [`${pmem0}/clear-errors`, { offset: 0, length: 4096 }],
      createMount: [`${at}/mounts`, { dax_device: 'pmem0', path: '/b', fs_type: 'xfs', dax: 'always' }],
      umount: [`${at}/mounts/${whole.mount}`],
      shutdownMount: [`${frozen.at}/mounts/${frozen.mount}/shutdown`, {}],
      freezeMount: [`${gone.at}/mounts/${gone.mount}/freeze`, {}],
      thawMount: [`${frozen.at}/mounts/${frozen.mount}/thaw`, {}],
      remountMount: [`${frozen.at}/mounts/${frozen.mount}/remount`, { options: 'ro' }],
      syncMount: [`${unknown.at}/mounts/${unknown.mount}/sync`, {}],
      commitJournal: [`${frozen.at}/mounts/${frozen.mount}/commit`, {}],
      createFile: [`${at}/files`, { mount: whole.mount, path: '/data', size: '1MiB' }],
      deleteFile: [`${frozen.at}/files/${frozen.file}`],
      fileIo: [`${at}/files/${whole.file}/io`, { pid: 43, kind: 'fsync', offset: 0, length: 4096 }],
      createProcess: [`${at}/processes`, { pid: 42, comm: 'again' }],
      exitProcess: [`${at}/processes/43`],
      createMapping: [`${at}/mappings`, { ...shared, pid: 43, prot: 'r' }],
      munmap: [`${frozen.at}/mappings/${frozen.mapping}`],
      accessMapping: [`${frozen.at}/mappings/${frozen.mapping}/access`, { offset: 0, kind: 'write' }],
      createOpenFile: [`${at}/open-files`, { pid: 43, file: whole.file }],
      closeFile: [`${frozen.at}/open-files/${frozen.open_file}`],
      createPin: [`${at}/pins`, { ...pinOf, mapping: whole.mapping, kind: 'longterm' }],
      unpin: [`${frozen.at}/pins/${frozen.pin}`],
      createHotplugEvent: [`${at}/hotplug-events`, { action: 'add', dax_device: 'pmem0' }],
      removeCxlMemdev: [`${at}/cxl-memdevs/mem0/remove`, { trigger: 'unbind', via: 'cxl_disable_memdev' }],
      bindCxlMemdev: [`${at}/cxl-memdevs/mem0/bind`, { driver: 'cxl_mem' }],
      commitCxlRegion: [`${at}/cxl-regions/region0/commit`, { memdevs: ['mem0'] }],
      bindCxlRegion: [`${at}/cxl-regions/region0/bind`, {}],
      createSnapshot: ['/v1/hosts/node-u/snapshots', {}],
    }),
  };
  return scene;
}

/** Of what there is a bound to. */
const COUNTED = ['createWebhook', 'createFaultRule', 'createSnapshot'] as const;

async function fill(server: TestServer, { conflicts }: Scene): Promise<void> {
  for (const id of COUNTED) {
    const [url, body] = conflicts[id]!;
    let status = 201;
    while (status === 201) ({ status } = await server.call('POST', url, body));
  }
}

const MCE = { offset: 0, length: 4096, source: 'mce' };

/** xfs on v6.1, which nobody tells that its device is gone. */
async function loseDevice(
  make: (url: string, body: unknown, headers?: object) => Promise<{ readonly id: string }>,
) {
  const at = '/v1/hosts/node-g';
  await make('/v1/hosts', { name: 'node-g', kernel: 'v6.1' });
  await make(`${at}/dax-devices`, { name: 'pmem0', mode: 'fsdax', size: '1GiB' });
  const fs = { fs_type: 'xfs', dax: 'always', mkfs: true };
  const mount = await make(`${at}/mounts`, { dax_device: 'pmem0', path: '/mnt', ...fs });
  await make(`${at}/dax-devices/pmem0/remove`, { trigger: 'unbind' }, { prefer: 'wait=60' });
  return { at, mount: mount.id };
}

/** ext4 whose device is gone, with something to commit, on a 5.10 that may have taken over what an error does to it. */
async function leaveToCommit(
  make: (url: string, body: unknown, headers?: object) => Promise<{ readonly id: string }>,
) {
  const at = '/v1/hosts/node-k';
  await make('/v1/hosts', { name: 'node-k', kernel_release: '5.10.270' });
  await make(`${at}/dax-devices`, { name: 'pmem0', mode: 'fsdax', size: '1GiB' });
  const fs = { fs_type: 'ext4', dax: 'always', mkfs: true };
  const mount = await make(`${at}/mounts`, { dax_device: 'pmem0', path: '/mnt', ...fs });
  const file = await make(`${at}/files`, { mount: mount.id, path: '/data', size: '2MiB' });
  await make(`${at}/processes`, { pid: 42, comm: 'reader' });
  await make(`${at}/open-files`, { pid: 42, file: file.id });
  await make(`${at}/dax-devices/pmem0/remove`, { trigger: 'unbind' }, { prefer: 'wait=60' });
  await make(`${at}/files/${file.id}/io`, { pid: 42, kind: 'pread', offset: 0, length: 4096 });
  return { at, mount: mount.id };
}

/** xfs with rmapbt on v7.3: the removal never returns, and a writer blocks. */
async function freeze(
  make: (url: string, body: unknown, headers?: object) => Promise<{ readonly id: string }>,
) {
  const at = '/v1/hosts/node-f';
  await make('/v1/hosts', { name: 'node-f', kernel: 'v7.3' });
  await make(`${at}/dax-devices`, { name: 'pmem0', mode: 'fsdax', size: '1GiB' });
  const fs = { fs_type: 'xfs', dax: 'always', mkfs: true, rmapbt: true, reflink: false, agcount: 4 };
  const mount = await make(`${at}/mounts`, { dax_device: 'pmem0', path: '/mnt', ...fs });
  const file = await make(`${at}/files`, { mount: mount.id, path: '/data', size: '16MiB' });
  await make(`${at}/processes`, { pid: 42, comm: 'blocked', sigbus: 'handled' });
  const range = { pid: 42, offset: 0, length: 4096 };
  const all = { flags: ['shared'], prot: 'rw', populate: 'write' };
  const mapping = await make(`${at}/mappings`, { ...range, ...all, file: file.id });
  const open_file = await make(`${at}/open-files`, { pid: 42, file: file.id });
  const pinned = { ...range, mapping: mapping.id, kind: 'transient', holder: 'vmsplice' };
  const pin = await make(`${at}/pins`, pinned);
  await make(`${at}/dax-devices/pmem0/remove`, { trigger: 'unbind' }, { prefer: 'wait=60' });
  await make(`${at}/files/${file.id}/io`, { ...range, kind: 'pwrite' });
  const ids = { file: file.id, open_file: open_file.id, mapping: mapping.id, pin: pin.id };
  return { at, mount: mount.id, ...ids };
}

/** What is made one at a time is made many at a time below the same collection, and meets the same conflict. */
function withBatches(conflicts: Scene['conflicts']): Scene['conflicts'] {
  const batched = Object.entries(BATCHES).map(([id, one]) => {
    const [url, body] = conflicts[one]!;
    return [id, [`${url}/batch`, { items: [body] }]] as const;
  });
  return { ...conflicts, ...Object.fromEntries(batched) };
}

const BATCHES = {
  createDaxDevices: 'createDaxDevice',
  createMounts: 'createMount',
  createFiles: 'createFile',
  createProcesses: 'createProcess',
  createOpenFiles: 'createOpenFile',
  createMappings: 'createMapping',
  createPins: 'createPin',
} as const;
