import type { CreateFile } from '../model/use_command.ts';
import { findAttached } from '../fs/mount.ts';
import { isFrozen, untilThawed } from '../mm/freeze.ts';
import { allocate, take } from '../mm/layout.ts';
import { refusesWriters } from '../fs/superblock.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import { nextId, put, identity, emit, type Transaction } from '../model/transaction.ts';
import { isRefusal, kernelRefuses, refuse, type Refusal } from '../model/refusal.ts';
import { blockDeviceGone, fileSystemOf, filesOf, deviceOf } from '../model/lookup.ts';
import type { File, FileSystem, Mount } from '../model/host.ts';
import type { Extent } from '../model/inode.ts';

/**
 * Creates a file with its blocks, or of one hole. Refused with the kernel's errno where the file system is dead or full.
 * Files of 2 MiB and more start on a 2 MiB boundary, as a file system on DAX is made to do.
 */
export function createFile(tx: Transaction, command: CreateFile): File | Refusal {
  const mount = findAttached(tx.host, command.mount);
  if (isRefusal(mount)) return { ...mount, pointer: '/mount' };
  if (refusesWriters(mount)) return kernelRefuses('EROFS', 'the file system is read-only');
  if (isFrozen(mount))
    return refuse('dax_device_busy', `the file system is frozen: open(O_CREAT) blocks ${untilThawed(mount)}`);
  const dead = mount.fs_state === 'shutdown' || blockDeviceGone(tx.host, mount);
  if (dead) return kernelRefuses('EIO', 'the file system cannot start a transaction');
  const file_system = fileSystemOf(tx.host, mount.file_system);
  if (filesOf(tx.host, file_system.id).some(({ path, state }) => path === command.path && state === 'linked'))
    return refuse('path_exists', `there is a file ${command.path} already`, { pointer: '/path' });
  const dax = usesDax(tx, mount, command.dax ?? false);
  const extents = blocksFor(tx, file_system, command);
  if (isRefusal(extents)) return extents;
  if (command.sparse === true && !dax)
    return refuse('not_modelled', 'a file of holes in the page cache', { pointer: '/sparse' });
  const id = nextId(tx, 'f');
  const { uid, revision, host } = identity(tx);
  const record = put(tx, 'files', id, {
    uid,
    revision,
    host,
    id,
    file_system: file_system.id,
    dax_device: mount.dax_device,
    mount: mount.id,
    path: command.path,
    size: command.size,
    extents,
    dax,
    state: 'linked',
    uncommitted: false,
    atime_due: true,
  });
  emit(tx, 'file_created', `files/${id}`, { path: command.path, size: command.size });
  return record;
}

/** Blocks for the whole file at once, in one piece; none for a sparse one. */
function blocksFor(
  tx: Transaction,
  file_system: FileSystem,
  { size, sparse }: CreateFile,
): Extent[] | Refusal {
  if (sparse === true || size === 0) return [];
  const room = allocate(tx.host, file_system, Math.ceil(size / PAGE_BYTES));
  if (room === null) return kernelRefuses('ENOSPC', 'the file system has no room for that size');
  take(tx, file_system, room);
  const [pfn, nr_pages] = room;
  return [{ offset: 0, pfn, nr_pages }];
}

/** A9: S_DAX is `dax=always`, or the inode flag with `dax=inode`, on a device with struct pages. */
function usesDax(tx: Transaction, mount: Mount, flag: boolean): boolean {
  const device = deviceOf(tx.host, mount.dax_device);
  if (device.map === null) return false;
  return mount.dax === 'always' || (mount.dax === 'inode' && flag);
}
