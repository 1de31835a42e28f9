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
  fields: Partial<Pick<Mount, 'fs_state' | 'shutdown_reason' | 'journal' | 'read_only' | 'frozen_by_user'>>,
): Mount {
  for (const { id } of mountsOfSuperblock(tx, mount)) patch(tx, 'mounts', id, fields);
  return tx.host.tables.mounts.get(mount.id)!;
}

/**
 * Whether a remount made it read-only: nobody had a file open for writing, and nothing is left to commit. One that an
 * aborted journal made so has its writers still (R37). Source: fs/super.c reconfigure_super().
 */
export function isRemountedReadOnly({ read_only, journal }: Mount): boolean {
  return read_only && journal === 'live';
}

/** xfs shuts itself down over what its reverse map found (SHUTDOWN_CORRUPT_ONDISK). Returns what it logs. */
export function shutDownCorrupt(tx: Transaction, mount: Mount): string[] {
  const disk = diskName(mount);
  const reason = 'on-disk corruption (0x10)';
  patchSuperblock(tx, mount, { fs_state: 'shutdown', shutdown_reason: reason });
  emit(tx, 'mount_changed', `mounts/${mount.id}`, { shutdown: reason });
  return [
    `XFS (${disk}): Corruption of on-disk metadata (0x10) detected at xfs_dax_notify_failure+…  Shutting down filesystem.`,
    `XFS (${disk}): Please unmount the filesystem and rectify the problem(s)`,
  ];
}
