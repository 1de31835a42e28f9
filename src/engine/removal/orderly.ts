import type { DaxDevice } from '../host.ts';
import { mountsOn } from '../lookup.ts';
import { kernelRefuses, type Refusal } from '../refusal.ts';
import { inUse } from '../topology/mount.ts';
import { emit, remove, type Transaction } from '../transaction.ts';

/** An orderly removal: the administrator unmounts first; EBUSY while files are in use, and nothing is unmounted. */
export function umountForOrderly(tx: Transaction, device: DaxDevice): Refusal | null {
  const mounts = mountsOn(tx.host, device);
  const busy = mounts.find((mount) => inUse(tx, mount));
  if (busy !== undefined) return kernelRefuses('EBUSY', `umount ${busy.path}: target is busy`);
  for (const mount of mounts) {
    remove(tx, 'mounts', mount.id);
    emit(tx, 'mount_deleted', `mounts/${mount.id}`, { path: mount.path });
  }
  return null;
}
