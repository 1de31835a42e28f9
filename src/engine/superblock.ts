import type { Mount } from './host.ts';
import { patch, type Transaction } from './transaction.ts';

/** All mounts of one superblock: the same file system on the same instance of its device. */
export function mountsOfSuperblock(tx: Transaction, mount: Mount): Mount[] {
  return [...tx.host.tables.mounts.values()].filter(
    ({ file_system, device_instance }) =>
      file_system === mount.file_system && device_instance === mount.device_instance,
  );
}

/** Changes what belongs to the superblock, in every mount that shows it. Returns the mount asked for. */
export function patchSuperblock(
  tx: Transaction,
  mount: Mount,
  fields: Partial<Pick<Mount, 'fs_state' | 'shutdown_reason' | 'journal' | 'read_only'>>,
): Mount {
  for (const { id } of mountsOfSuperblock(tx, mount)) patch(tx, 'mounts', id, fields);
  return tx.host.tables.mounts.get(mount.id)!;
}
