import { errnoOutcome, okOutcome, type Outcome } from '../model/outcome.ts';
import type { File, Host, Mount } from '../model/host.ts';
import {
  blockDeviceGone,
  deviceOf,
  filesOf,
  mappingsOfFile,
  mountedSuperblock,
  fileOf,
} from '../model/lookup.ts';
import { factsOf } from '../kernels/of_host.ts';
import { clean, hasDirty } from '../mm/page_cache.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { patchSuperblock, shutDown } from './superblock.ts';
import { hasWritable } from '../model/scan_entries.ts';
import { emit, entriesOf, protectEntries, type Transaction } from '../model/transaction.ts';

/**
 * fsync(2) of a file, or msync(2) of a shared writable mapping of it. On a live file system it writes back and
 * write-protects every dirty entry (A6); on a dead device it answers what the file system then says (B6).
 * Source: fs/ext4/fsync.c ext4_sync_file(), fs/xfs/xfs_file.c xfs_file_fsync().
 */
export function syncFile(tx: Transaction, id: string, pid: number): Outcome | Refusal {
  const file = fileOf(tx.host, id);
  const mount = mountedSuperblock(tx.host, file);
  if (isRefusal(mount)) return mount;
  if (mount.fs_state === 'shutdown') return errnoOutcome('EIO');
  if (blockDeviceGone(tx.host, mount)) {
    return mount.fs_type === 'xfs' ? syncDeadXfs(tx, mount, file) : syncDeadExt4(tx, mount, file);
  }
  writeBack(tx, file);
  emit(tx, 'file_synced', `files/${id}`, { pid });
  return okOutcome();
}

/**
 * Dirty entries of i_pages, DAX or cached, are write-protected in all shared VMAs of the file. Where the device is dead
 * or the file system shut down the write fails, and they are clean all the same. Source: fs/dax.c
 * dax_writeback_mapping_range(), mm/page-writeback.c folio_clear_dirty_for_io().
 */
export function writeBack(tx: Transaction, file: File): void {
  if (!hasDirty(tx.host, file)) return;
  clean(tx, file);
  const writers: string[] = [];
  for (const { id, flags } of mappingsOfFile(tx.host, file.id))
    if (!flags.includes('private') && hasWritable(entriesOf(tx.host, id))) writers.push(id);
  protectEntries(tx, writers);
}

/**
 * sync_filesystem(): all files are written back; nothing of what is read-only, and nothing of an ext4 that was shut down,
 * whose write-back refuses: its entries stay writable (A12). Returns whether it came to the files.
 * Source: fs/sync.c sync_filesystem(), fs/ext4/inode.c ext4_dax_writepages().
 */
export function syncSuperblock(tx: Transaction, mount: Mount): boolean {
  if (mount.read_only || (mount.fs_type === 'ext4' && mount.fs_state === 'shutdown')) return false;
  for (const file of filesOf(tx.host, mount.file_system)) writeBack(tx, file);
  return true;
}

/**
 * Dirty cached pages fail before the log is asked. What is uncommitted has it forced: that fails and shuts the file system
 * down (R52). Else only the flush of the device is left to fail (S37).
 */
function syncDeadXfs(tx: Transaction, mount: Mount, file: File): Outcome {
  if (dirtyCache(tx.host, file)) return failsWriteBack(tx, file);
  if (!file.uncommitted) {
    const fails = flushes(tx.host, file) && factsOf(tx.host).xfs_fsync_flush === 'EIO';
    return fails ? errnoOutcome('EIO') : okOutcome();
  }
  shutDown(tx, mount, LOG_FAILED);
  return errnoOutcome('EIO');
}

const LOG_FAILED = 'log I/O error (0x2)';

/**
 * R37, R101, SEC1: EIO, and EROFS once the aborted journal or SB_RDONLY stops it; a remounted one has nothing to sync and
 * answers so (S39). A clean file has only the flush of the device to fail, which aborts no journal (S36).
 * Source: fs/ext4/fsync.c ext4_fsync_journal(), fs/ext4/inode.c ext4_writepages().
 */
function syncDeadExt4(tx: Transaction, mount: Mount, file: File): Outcome {
  const live = mount.journal === 'live';
  if (mount.read_only) return live ? okOutcome() : errnoOutcome('EROFS');
  const dirty = dirtyCache(tx.host, file);
  const commits =
    live && file.uncommitted && factsOf(tx.host).ext4_fsync_on_dead_device === 'EIO_aborts_journal';
  if (commits) {
    // The data pages fail and count as written, and so does the commit block.
    clean(tx, file);
    abortJournal(tx, mount);
    return errnoOutcome('EIO');
  }
  if (!dirty) return flushes(tx.host, file) ? errnoOutcome('EIO') : okOutcome();
  return live ? failsWriteBack(tx, file) : errnoOutcome(factsOf(tx.host).ext4_writepages_aborted);
}

function dirtyCache(host: Host, file: File): boolean {
  return !file.dax && hasDirty(host, file);
}

/** Writing fails, and the pages count as written. */
function failsWriteBack(tx: Transaction, file: File): Outcome {
  clean(tx, file);
  emit(tx, 'file_synced', `files/${file.id}`, { errno: 'EIO' });
  return errnoOutcome('EIO');
}

/**
 * Whether a flush comes to the device: a btt has no cache to flush, so that it is answered before the device is asked.
 * Source: block/blk-core.c submit_bio_noacct() (an empty flush without QUEUE_FLAG_WC).
 */
function flushes(host: Host, file: File): boolean {
  return deviceOf(host, file.dax_device).mode !== 'sector';
}

/**
 * What is left to commit where the device is gone cannot be: ext4 aborts its journal (R41), the log of an xfs that is forced
 * shuts it down (R52). One that was remounted has nothing to commit, one that is shut down tries nothing.
 * Source: fs/xfs/xfs_super.c xfs_fs_sync_fs(), fs/xfs/xfs_log.c xfs_log_force().
 */
export function commitDead(tx: Transaction, mount: Mount): void {
  if (mount.fs_state !== 'alive' || mount.read_only || !blockDeviceGone(tx.host, mount)) return;
  if (mount.fs_type === 'xfs') shutDown(tx, mount, LOG_FAILED);
  else if (mount.journal === 'live') abortJournal(tx, mount);
}

/** jbd2 cannot write its commit block: the journal aborts; 5.10 then turns the file system read-only. */
function abortJournal(tx: Transaction, mount: Mount): void {
  const read_only = mount.read_only || factsOf(tx.host).ext4_error_sets_rdonly;
  patchSuperblock(tx, mount, { journal: 'aborted', read_only, uncommitted: false });
  emit(tx, 'mount_changed', `mounts/${mount.id}`, { journal: 'aborted', read_only });
}
