import type { Umount } from '../model/use_command.ts';
import { dropMount, inUse, keptByFreeze } from '../fs/mount.ts';
import { findMount } from '../model/lookup.ts';
import { okOutcome, type Outcome } from '../model/outcome.ts';
import { isRefusal, kernelRefuses, type Refusal } from '../model/refusal.ts';
import { patch, emit, type Transaction } from '../model/transaction.ts';

/**
 * umount(2): EBUSY while a task maps its files, for ever where that task oopsed; `lazy` is umount -l. A superblock that
 * outlives it stays, without a path.
 */
export function umount(tx: Transaction, command: Umount): Outcome | Refusal {
  const mount = findMount(tx.host, command.mount);
  if (isRefusal(mount)) return mount;
  const busy = inUse(tx, mount);
  if (busy && !command.lazy)
    return kernelRefuses(
      'EBUSY',
      'target is busy: files are in use (lazy=true detaches it, munmap or exit ends the use)',
    );
  if (mount.state === 'lazy' && !busy)
    return kernelRefuses('EINVAL', 'not mounted: the freeze keeps the superblock until POST …/reboot');
  if (busy || keptByFreeze(tx, mount)) {
    patch(tx, 'mounts', mount.id, { state: 'lazy' });
    emit(tx, 'mount_changed', `mounts/${mount.id}`, { state: 'lazy' });
    return okOutcome();
  }
  dropMount(tx, mount);
  return okOutcome();
}
