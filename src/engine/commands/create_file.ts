import type { CreateFile } from '../model/use_command.ts';
import { isFrozen, untilThawed } from '../mm/freeze.ts';
import { allocate } from '../fs/layout.ts';
import { isRemountedReadOnly } from '../fs/superblock.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import { patch, nextId, put, identity, emit, type Transaction } from '../model/transaction.ts';
import { isRefusal, kernelRefuses, refuse, type Refusal } from '../model/refusal.ts';
import { findMount, blockDeviceGone, fileSystemOf, filesOf, deviceOf } from '../model/lookup.ts';
import type { Mount, File } from '../model/host.ts';

/**
 * Creates a file with its blocks. Refused with the kernel's errno where the file system is dead or full.
 * Files of 2 MiB and more start on a 2 MiB boundary, as a file system on DAX is made to do.
 */
export function createFile(tx: Transaction, command: CreateFile): File | Refusal {
  const mount = findMount(tx.host, command.mount);
  if (isRefusal(mount)) return mount;
  if (isRemountedReadOnly(mount)) return kernelRefuses('EROFS', 'the file system is read-only');
  if (isFrozen(mount))
    return refuse('dax_device_busy', `the file system is frozen: open(O_CREAT) blocks ${untilThawed(mount)}`);
  const dead = mount.fs_state === 'shutdown' || blockDeviceGone(tx.host, mount);
  if (dead) return kernelRefuses('EIO', 'the file system cannot start a transaction');
  const file_system = fileSystemOf(tx.host, mount.file_system);
  if (filesOf(tx.host, file_system.id).some(({ path, state }) => path === command.path && state === 'linked'))
    return refuse('path_exists', `there is a file ${command.path} already`, { pointer: '/path' });
  const extent = allocate(tx.host, file_system, Math.ceil(command.size / PAGE_BYTES));
  if (extent === null) return kernelRefuses('ENOSPC', 'the file system has no room for that size');
  const next_free = Math.max(file_system.next_free, extent.pfn + extent.nr_pages - file_system.start_pfn);
  patch(tx, 'file_systems', file_system.id, { next_free });
  const id = nextId(tx, 'f');
  const record = put(tx, 'files', id, {
    ...identity(tx),
    id,
    file_system: file_system.id,
    dax_device: mount.dax_device,
    mount: mount.id,
    path: command.path,
    size: command.size,
    extents: extent.nr_pages === 0 ? [] : [extent],
    dax: usesDax(tx, mount, command.dax ?? false),
    state: 'linked',
    uncommitted: false,
    atime_due: true,
  });
  emit(tx, 'file_created', `files/${id}`, { path: command.path, size: command.size });
  return record;
}

/** A9: S_DAX is `dax=always`, or the inode flag with `dax=inode`, on a device with struct pages. */
function usesDax(tx: Transaction, mount: Mount, flag: boolean): boolean {
  const device = deviceOf(tx.host, mount.dax_device);
  if (device.map === null) return false;
  return mount.dax === 'always' || (mount.dax === 'inode' && flag);
}
