import type { Mount } from '../model/host.ts';
import { mountsOf } from '../model/lookup.ts';
import { emit, patch, type Transaction } from '../model/transaction.ts';
import { diskName } from './partition.ts';

/** All mounts of one superblock: the same file system on the same instance of its device. */
export function mountsOfSuperblock(tx: Transaction, mount: Mount): Mount[] {
  const all = mountsOf(tx.host, mount.file_system);
  return all.filter(({ device_instance }) => device_instance === mount.device_instance);
}

/** Changes what belongs to the superblock, in every mount that shows it. Returns the mount asked for. */
export function patchSuperblock(
  tx: Transaction,
  mount: Mount,
  fields: Partial<
    Pick<Mount, 'fs_state' | 'shutdown_reason' | 'journal' | 'read_only' | 'frozen_by_user' | 'uncommitted'>
  >,
): Mount {
  for (const { id } of mountsOfSuperblock(tx, mount)) patch(tx, 'mounts', id, fields);
  return tx.host.tables.mounts.get(mount.id)!;
}

/**
 * Shuts it down, in every mount that shows it, with nothing left to commit: ext4 aborts its journal with that
 * (`NOLOGFLUSH`), read-only or not. Source: fs/ext4/ioctl.c ext4_force_shutdown().
 */
export function shutDown(
  tx: Transaction,
  mount: Mount,
  shutdown_reason: string,
  more: Partial<Pick<Mount, 'frozen_by_user'>> = {},
): Mount {
  const aborts = mount.fs_type === 'ext4' ? ({ journal: 'aborted' } as const) : {};
  const after = patchSuperblock(tx, mount, {
    fs_state: 'shutdown',
    shutdown_reason,
    uncommitted: false,
    ...aborts,
    ...more,
  });
  emit(tx, 'mount_changed', `mounts/${mount.id}`, { shutdown: shutdown_reason, ...aborts });
  return after;
}

/**
 * Whether whoever opens a file for writing, or makes one, is told EROFS. Not where it is alive and an aborted journal made it
 * read-only (R37): who writes had the file open before, and a new one fails in the look-up of its name, whose directory
 * cannot be read. Source: fs/namei.c open_last_lookups(); `fsdax-ext4-unbind-late@5.10`.
 */
export function refusesWriters({ read_only, journal, fs_state }: Mount): boolean {
  return read_only && (journal === 'live' || fs_state === 'shutdown');
}

/** xfs shuts itself down over what its reverse map found (SHUTDOWN_CORRUPT_ONDISK). Returns what it logs. */
export function shutDownCorrupt(tx: Transaction, mount: Mount): string[] {
  const disk = diskName(mount);
  const reason = 'on-disk corruption (0x10)';
  shutDown(tx, mount, reason);
  return [
    `XFS (${disk}): Corruption of on-disk metadata (0x10) detected at xfs_dax_notify_failure+…  Shutting down filesystem.`,
    `XFS (${disk}): Please unmount the filesystem and rectify the problem(s)`,
  ];
}
