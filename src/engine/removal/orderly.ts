import type { DaxDevice } from '../model/host.ts';
import { mountsOn } from '../model/lookup.ts';
import { kernelRefuses, type Refusal } from '../model/refusal.ts';
import { inUse, dropMount } from '../fs/mount.ts';
import type { Transaction } from '../model/transaction.ts';

/** An orderly removal: the administrator unmounts first; EBUSY while files are in use, and nothing is unmounted. */
export function umountForOrderly(tx: Transaction, device: DaxDevice): Refusal | null {
  const mounts = mountsOn(tx.host, device);
  const busy = mounts.find((mount) => inUse(tx, mount));
  if (busy !== undefined) return kernelRefuses('EBUSY', `umount ${busy.path}: target is busy`);
  for (const mount of mounts) dropMount(tx, mount);
  return null;
}
