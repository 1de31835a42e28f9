import type { File, Host, Mount } from '../model/host.ts';
import { blockDeviceGone, mountsOf } from '../model/lookup.ts';
import { patch, type Transaction } from '../model/transaction.ts';
import { isFrozen } from './freeze.ts';

/**
 * A shared store that faults, or a write(2), changes mtime and ctime before anybody asks for the blocks, so also where it
 * fails. Returns whether that changed the record. Source: fs/inode.c file_update_time(), fs/ext4/file.c
 * ext4_dax_huge_fault(), fs/xfs/xfs_file.c __xfs_filemap_fault(); TIMES1.
 */
export function updateTimes(tx: Transaction, mount: Mount, file: File): boolean {
  return changeTimes(tx, mount, file, true);
}

/**
 * mmap(2) and read(2) change the atime where the file was changed after it; not of what is read-only or frozen.
 * Returns whether that changed the record. Source: fs/inode.c touch_atime(), relatime_need_update(); TIMES1.
 */
export function touchAtime(tx: Transaction, mount: Mount, file: File): boolean {
  return file.atime_due && !mount.read_only && !isFrozen(mount) && changeTimes(tx, mount, file, false);
}

function changeTimes(tx: Transaction, mount: Mount, file: File, atime_due: boolean): boolean {
  const uncommitted = file.uncommitted || isLeftToCommit(tx.host, mount);
  if (file.atime_due === atime_due && file.uncommitted === uncommitted) return false;
  patch(tx, 'files', file.id, { atime_due, uncommitted });
  return true;
}

/** An inode without a name is freed: of a superblock whose device is gone that is left to commit, too (TIMES2). */
export function leaveFreed(tx: Transaction, { file_system }: File): void {
  for (const mount of mountsOf(tx.host, file_system))
    if (isLeftToCommit(tx.host, mount) && !mount.uncommitted)
      patch(tx, 'mounts', mount.id, { uncommitted: true });
}

/** While the device is there commits come by themselves; what was shut down, or has aborted its journal, takes nothing. */
function isLeftToCommit(host: Host, mount: Mount): boolean {
  return mount.fs_state === 'alive' && mount.journal === 'live' && blockDeviceGone(host, mount);
}
