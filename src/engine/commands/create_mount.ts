import { daxHolderOf, tellsHolder } from '../fs/dax_holder.ts';
import type { Resource } from '../model/resource.ts';
import type { CreateMount } from '../model/use_command.ts';
import type { DaxDevice, FileSystem, Host, Mount } from '../model/host.ts';
import {
  blockDeviceGone,
  filesOf,
  findModelled,
  hasStructPages,
  mountsOn,
  superblockOf,
  type ModelledDevice,
} from '../model/lookup.ts';
import { forget } from '../mm/page_cache.ts';
import { isRefusal, kernelRefuses, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { emit, identity, nextId, patch, put, type Transaction } from '../model/transaction.ts';
import { refusesPartition } from '../fs/partition.ts';
import { findOrMake } from './mkfs.ts';
import { wayBack } from '../device/way_back.ts';
import { isOnDaxBus } from '../model/vocabulary.ts';

/** mount(2), with mkfs before it where asked. 409 with `EEXIST`, `EINVAL`, `ENOENT` as the kernel refuses (S48). */
export function createMount(tx: Transaction, asked: CreateMount): Mount | Refusal {
  const device = findModelled(tx.host, asked.dax_device);
  if (isRefusal(device)) return { ...device, pointer: '/dax_device' };
  const noNode = refusesNode(tx.host, asked, device);
  if (noNode !== null) return noNode;
  const held = isHeld(tx.host, asked, device);
  const command = held ? withoutDax(tx.host, asked) : asked;
  const refusal = refusesNames(tx, command) ?? refusesOptions(command, device);
  if (refusal !== null) return refusal;
  const file_system = findOrMake(tx, command, device);
  if (isRefusal(file_system)) return file_system;
  const twin = superblockOf(tx.host, file_system.id);
  if (twin?.state === 'shutting_down')
    return unknownOutcome(
      `a mount while ${twin.id} is torn down without end is not recorded: POST …/reboot ends it`,
    );
  const id = nextId(tx, 'm');
  const superblock = twin ?? superblockOn(device, file_system, command.dax, !held);
  const { path } = command;
  const record = put(tx, 'mounts', id, { ...superblock, ...identity(tx), id, path, ...ATTACHED });
  if (twin === null) showFiles(tx, record, device);
  emit(tx, 'mount_created', `mounts/${id}`, { dax_device: device.name, path });
  return record;
}

/** How a mount begins, whatever superblock it shows. */
const ATTACHED = { state: 'mounted', umount_blocked: false } as const;

/** A superblock as it is read in. `is_first`: nobody holds the dax_device (S22). */
function superblockOn(
  device: DaxDevice,
  { id, fs_type, rmapbt, reflink, agcount, partition, generation }: FileSystem,
  dax: Mount['dax'],
  is_first: boolean,
): Omit<Mount, keyof Resource | 'id' | 'path' | keyof typeof ATTACHED> {
  return {
    dax_device: device.name,
    fs_type,
    dax,
    rmapbt,
    reflink,
    agcount,
    partition,
    file_system: id,
    fs_state: 'alive',
    shutdown_reason: null,
    journal: 'live',
    uncommitted: false,
    read_only: false,
    frozen_by_user: false,
    dax_holder: fs_type === 'xfs' && hasStructPages(device) && is_first,
    device_instance: device.instance,
    generation,
  };
}

/** The files that are there: nothing of them is in core, and whether they are S_DAX the mount decides. */
function showFiles(tx: Transaction, mount: Mount, device: DaxDevice): void {
  for (const file of filesOf(tx.host, mount.file_system)) {
    const dax = device.map !== null && (mount.dax === 'always' || (mount.dax === 'inode' && file.dax));
    forget(tx, file);
    patch(tx, 'files', file.id, { mount: mount.id, dax, uncommitted: false });
  }
}

function refusesNode(host: Host, asked: CreateMount, device: ModelledDevice): Refusal | null {
  if (isOnDaxBus(device.mode)) return kernelRefuses('ENOENT', `a ${device.mode} device has no block device`);
  if (device.state === 'bound' || isFrozenThere(host, asked, device)) return null;
  return kernelRefuses('ENOENT', `there is no /dev/${device.name}: ${wayBack(host, device)}`);
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
function untilWords({ state, frozen_by_user }: Mount): string {
  switch (state) {
    case 'mounted':
      return 'DELETE that mount, or where it is busy ';
    case 'lazy':
      return frozen_by_user
        ? 'it was unmounted while frozen, and no path leads to it for a thaw: '
        : 'it was detached, and ends with its last user, where that can end it; else ';
    case 'shutting_down':
      return '';
  }
}

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
          `the superblock of ${mount.id} still exists: ${untilWords(mount)}POST …/reboot`,
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
