import type { DaxDevice } from '../model/host.ts';
import { mountsOn } from '../model/lookup.ts';
import { kernelRefuses, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { unmount } from '../fs/mount.ts';
import { isMountUsed } from '../mm/last_user.ts';
import type { Transaction } from '../model/transaction.ts';

/**
 * An orderly removal: the administrator unmounts first; EBUSY while files are in use, and nothing is unmounted. Refused
 * where a umount never returns: the removal would never be asked for.
 */
export function umountForOrderly(tx: Transaction, device: DaxDevice): Refusal | null {
  const mounts = mountsOn(tx.host, device);
  const busy = mounts.find((mount) => isMountUsed(tx.host, mount));
  if (busy !== undefined) return kernelRefuses('EBUSY', `umount ${busy.path}: target is busy`);
  for (const mount of mounts) {
    const eviction = unmount(tx, mount);
    if (eviction.do === 'unknown') return unknownOutcome(eviction.why);
    if (eviction.do !== 'ok')
      return refuse(
        'dax_device_busy',
        `umount ${mount.path} does not end: DELETE …/mounts/${mount.id} shows how`,
      );
  }
  return null;
}
