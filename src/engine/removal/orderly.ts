import type { DaxDevice } from '../host.ts';
import { mountsOn } from '../lookup.ts';
import { kernelRefuses, type Refusal } from '../refusal.ts';
import { dropMount, inUse } from '../topology/mount.ts';
import type { Transaction } from '../transaction.ts';

/** An orderly removal: the administrator unmounts first; EBUSY while files are in use, and nothing is unmounted. */
export function umountForOrderly(tx: Transaction, device: DaxDevice): Refusal | null {
  const mounts = mountsOn(tx.host, device);
  const busy = mounts.find((mount) => inUse(tx, mount));
  if (busy !== undefined) return kernelRefuses('EBUSY', `umount ${busy.path}: target is busy`);
  for (const mount of mounts) dropMount(tx, mount);
  return null;
}
