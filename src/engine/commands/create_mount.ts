import { daxHolderOf, tellsHolder } from '../fs/dax_holder.ts';
import { overwritten } from '../device/lifecycle.ts';
import type { CreateMount } from '../model/use_command.ts';
import type { DaxDevice, FileSystem, Host, Mount } from '../model/host.ts';
import {
  blockDeviceGone,
  filesOf,
  findModelled,
  hasStructPages,
  mountsOf,
  mountsOn,
  nrPages,
  pinsOfDevice,
  superblockOf,
} from '../model/lookup.ts';
import { factsOf } from '../kernels/of_host.ts';
import { forget } from '../mm/page_cache.ts';
import { isRefusal, kernelRefuses, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { emit, identity, nextId, patch, put, type Transaction } from '../model/transaction.ts';
import { partitionPages, refusesPartition } from '../fs/partition.ts';
import { wayBack } from '../device/way_back.ts';
import { firstFilePage } from '../mm/layout.ts';

const DEFAULT_AGCOUNT = 4;

/** mount(2), with mkfs before it where asked. 409 with `EEXIST`, `EINVAL`, `ENOENT` as the kernel refuses (S48). */
export function createMount(tx: Transaction, asked: CreateMount): Mount | Refusal {
  const device = findModelled(tx.host, asked.dax_device);
  if (isRefusal(device)) return { ...device, pointer: '/dax_device' };
  if (device.mode !== 'fsdax' && device.mode !== 'raw' && device.mode !== 'sector') {
    return kernelRefuses('ENOENT', `a ${device.mode} device has no block device`);
  }
  if (device.state !== 'bound' && !isFrozenThere(tx.host, asked, device))
    return kernelRefuses('ENOENT', `there is no /dev/${device.name}: ${wayBack(tx.host, device)}`);
  const held = isHeld(tx.host, asked, device);
  const command = held ? withoutDax(tx.host, asked) : asked;
  const refusal = refusesNames(tx, command) ?? refusesOptions(command, device);
  if (refusal !== null) return refusal;
  const file_system = findOrMake(tx, command, device);
  if (isRefusal(file_system)) return file_system;
  const twin = superblockOf(tx.host, file_system.id);
  const id = nextId(tx, 'm');
  if (twin?.state === 'shutting_down')
    return unknownOutcome(
      `a mount while ${twin.id} is torn down without end is not recorded: POST …/reboot ends it`,
    );
  if (twin !== null) {
    const record = put(tx, 'mounts', id, {
      ...twin,
      ...identity(tx),
      id,
      path: command.path,
      state: 'mounted',
      umount_blocked: false,
    });
    emit(tx, 'mount_created', `mounts/${id}`, { dax_device: device.name, path: command.path });
    return record;
  }
  const record = put(tx, 'mounts', id, {
    ...identity(tx),
    id,
    dax_device: device.name,
    path: command.path,
    fs_type: file_system.fs_type,
    dax: command.dax,
    rmapbt: file_system.rmapbt,
    reflink: file_system.reflink,
    agcount: file_system.agcount,
    partition: file_system.partition,
    file_system: file_system.id,
    state: 'mounted',
    umount_blocked: false,
    fs_state: 'alive',
    shutdown_reason: null,
    journal: 'live',
    uncommitted: false,
    read_only: false,
    frozen_by_user: false,
    dax_holder: command.fs_type === 'xfs' && hasStructPages(device) && !held,
    device_instance: device.instance,
    generation: file_system.generation,
  });
  showFiles(tx, record, device);
  emit(tx, 'mount_created', `mounts/${id}`, { dax_device: device.name, path: command.path });
  return record;
}

/** The files that are there: nothing of them is in core, and whether they are S_DAX the mount decides. */
function showFiles(tx: Transaction, mount: Mount, device: DaxDevice): void {
  for (const file of filesOf(tx.host, mount.file_system)) {
    const dax = device.map !== null && (mount.dax === 'always' || (mount.dax === 'inode' && file.dax));
    forget(tx, file);
    patch(tx, 'files', file.id, { mount: mount.id, dax, uncommitted: false });
  }
}

/**
 * Whether the superblock of the block device is frozen under a removal that has not come to the block device, and never
 * will: a mount takes it up as it is (S28). Source: fs/super.c get_tree_bdev(), sget_fc().
 */
function isFrozenThere(host: Host, { partition }: CreateMount, device: DaxDevice): boolean {
  const there = mountsOn(host, device).filter((mount) => mount.partition === (partition ?? null));
  return there.some(({ fs_state }) => fs_state === 'frozen');
}

/** Whether an xfs comes to a dax_device that another, mounted before it, holds. */
function isHeld(host: Host, { fs_type }: CreateMount, device: DaxDevice): boolean {
  return fs_type === 'xfs' && daxHolderOf(host, device) !== undefined;
}

/**
 * It finds no dax_device then, without an error: it is mounted, and goes through the page cache (S25). Before there were
 * holders nobody was in its way. Source: fs/xfs/xfs_super.c xfs_setup_dax_always().
 */
function withoutDax(host: Host, asked: CreateMount): CreateMount {
  return asked.dax !== 'never' && tellsHolder(host) ? { ...asked, dax: 'never' } : asked;
}

/** What ends a superblock whose device is gone, before a reboot does. */
const UNTIL: Readonly<Record<Mount['state'], string>> = {
  mounted: 'DELETE that mount, or where it is busy ',
  lazy: 'it was detached, and ends with its last user, where that can end it; else ',
  shutting_down: '',
};

function refusesNames(tx: Transaction, command: CreateMount): Refusal | null {
  const partition = command.partition ?? null;
  for (const mount of tx.host.tables.mounts.values()) {
    if (mount.path === command.path && mount.state === 'mounted') {
      return refuse('path_exists', `something is mounted at ${command.path}`, { pointer: '/path' });
    }
    if (mount.dax_device !== command.dax_device) continue;
    if (mount.partition === partition) {
      // R147: the old superblock's name in /sys/fs/TYPE stands in the way; on a live device it is one superblock.
      const gone = blockDeviceGone(tx.host, mount);
      if (gone && mount.fs_type !== command.fs_type) continue;
      if (gone)
        return kernelRefuses(
          'EEXIST',
          `the superblock of ${mount.id} still exists: ${UNTIL[mount.state]}POST …/reboot`,
        );
      if (command.mkfs === true) return kernelRefuses('EBUSY', 'mkfs: the device is mounted');
      continue;
    }
    if ((mount.partition === null || partition === null) && !blockDeviceGone(tx.host, mount)) {
      return kernelRefuses('EBUSY', 'the whole device or a partition of it is mounted');
    }
  }
  return null;
}

function refusesOptions(command: CreateMount, device: DaxDevice): Refusal | null {
  if (
    command.fs_type === 'ext4' &&
    (command.rmapbt === true || command.reflink === true || command.agcount !== undefined)
  ) {
    return refuse('invalid_field', 'rmapbt, reflink and agcount are features of xfs', {
      pointer: '/fs_type',
    });
  }
  const partition = refusesPartition(device, command.partition);
  if (partition !== null) return partition;
  return command.dax === 'always' && device.map === null
    ? kernelRefuses('EINVAL', 'DAX unsupported by block device')
    : null;
}

/** The file system that is there, or a new one: `mkfs: true` ends the one before. */
function findOrMake(tx: Transaction, command: CreateMount, device: DaxDevice): FileSystem | Refusal {
  const partition = command.partition ?? null;
  const [before] = tx.host.tables.file_systems.where(
    (there) => isPresentOn(device, there) && there.partition === partition,
  );
  if (command.mkfs !== true) {
    if (before?.fs_type !== command.fs_type) return kernelRefuses('EINVAL', wrongSuperblock(device, before));
    return reflinkRefused(tx, command, before.reflink) ?? before;
  }
  const reflink = command.fs_type === 'xfs' && (command.reflink ?? false);
  const refused = reflinkRefused(tx, command, reflink);
  if (refused !== null) return refused;
  return makeFileSystem(tx, command, device, nextGeneration(tx, device, partition), reflink);
}

/** Whether a file system is of the device's present owner. */
function isPresentOn({ name, generation }: DaxDevice, file_system: FileSystem): boolean {
  return file_system.dax_device === name && file_system.generation === generation;
}

/** What mount(8) says, and the way out: a listing never shows what file system is on a device. */
function wrongSuperblock({ name }: DaxDevice, before: FileSystem | undefined): string {
  const there =
    before === undefined
      ? `no file system is known on ${name}, and no listing shows any: mkfs: true makes one`
      : `${name} has ${before.fs_type}: mkfs: true makes a new file system over it`;
  return `wrong fs type, bad superblock: ${there}`;
}

/** A file system over earlier ones is a new generation of the device; those of other partitions move on to it. */
function nextGeneration(tx: Transaction, device: DaxDevice, partition: number | null): number {
  const present = tx.host.tables.file_systems.where((there) => isPresentOn(device, there));
  const untouched = present.filter(
    (there) => partition !== null && there.partition !== null && there.partition !== partition,
  );
  if (untouched.length === present.length) return device.generation;
  const generation = overwritten(tx, device);
  for (const file_system of untouched) carryOver(tx, file_system, generation);
  return generation;
}

/** A file system that another's mkfs did not touch, its mounts and its pins are of the device's new generation too. */
function carryOver(tx: Transaction, file_system: FileSystem, generation: number): void {
  const { id, dax_device, start_pfn, nr_pages } = file_system;
  patch(tx, 'file_systems', id, { generation });
  for (const mount of mountsOf(tx.host, id)) patch(tx, 'mounts', mount.id, { generation });
  for (const pin of pinsOfDevice(tx.host, dax_device)) {
    const inside = pin.pfn_ranges.some(([pfn]) => start_pfn <= pfn && pfn < start_pfn + nr_pages);
    if (pin.generation === file_system.generation && inside) patch(tx, 'pins', pin.id, { generation });
  }
}

function reflinkRefused(tx: Transaction, command: CreateMount, reflink: boolean): Refusal | null {
  if (!reflink || command.dax !== 'always') return null;
  const allowed = factsOf(tx.host).xfs_reflink_with_dax === 'whole_device' && command.partition === undefined;
  return allowed ? null : kernelRefuses('EINVAL', 'DAX and reflink cannot be used together!');
}

function makeFileSystem(
  tx: Transaction,
  command: CreateMount,
  device: DaxDevice,
  generation: number,
  reflink: boolean,
): FileSystem {
  const total = nrPages(device);
  const part = command.partition === undefined ? total : partitionPages(device);
  const start = device.base_pfn + (command.partition === undefined ? 0 : (command.partition - 1) * part);
  const id = nextId(tx, 's');
  return put(tx, 'file_systems', id, {
    ...identity(tx),
    id,
    dax_device: device.name,
    partition: command.partition ?? null,
    fs_type: command.fs_type,
    rmapbt: command.fs_type === 'xfs' && (command.rmapbt ?? false),
    reflink,
    agcount: command.fs_type === 'xfs' ? (command.agcount ?? DEFAULT_AGCOUNT) : 1,
    generation,
    start_pfn: start,
    nr_pages: part,
    next_free: firstFilePage(command.fs_type, part),
  });
}
