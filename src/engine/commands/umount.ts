import type { Umount } from '../model/use_command.ts';
import { keptByFreeze, unmount } from '../fs/mount.ts';
import { isMountUsed } from '../mm/last_user.ts';
import { neverReturns } from '../mm/never_returns.ts';
import { evictionOutcome } from '../mm/process_end.ts';
import { findMount } from '../model/lookup.ts';
import { blockedOutcome, okOutcome, type Outcome } from '../model/outcome.ts';
import { isRefusal, kernelRefuses, type Refusal } from '../model/refusal.ts';
import { patch, emit, type Transaction } from '../model/transaction.ts';

/**
 * umount(2): EINVAL where nothing is mounted any more, EBUSY while a task has its files open or maps them, for ever where
 * that task oopsed; `lazy` is umount -l. The eviction of what is left in core may oops umount(8) or never return: the
 * superblock then stays (S1, S2, S10). Where a freeze keeps the superblock it stays without a path (S28); where no grace
 * period ends it has detached the mount, and never returns (S32).
 */
export function umount(tx: Transaction, command: Umount): Outcome | Refusal {
  const mount = findMount(tx.host, command.mount);
  if (isRefusal(mount)) return mount;
  if (mount.state !== 'mounted')
    return kernelRefuses(
      'EINVAL',
      'nothing is mounted there any more: its superblock stays until its last user ends, else until POST …/reboot',
    );
  const busy = isMountUsed(tx.host, mount);
  if (busy && !command.lazy)
    return kernelRefuses(
      'EBUSY',
      'target is busy: files are in use (lazy=true detaches it, munmap or exit ends the use)',
    );
  const hangs_in = neverReturns(tx.host, 'namespace_unlock');
  if (busy || keptByFreeze(tx, mount) || hangs_in !== null) {
    const blocked = hangs_in === null ? {} : { umount_blocked: true, blocked_in: hangs_in };
    patch(tx, 'mounts', mount.id, { state: 'lazy', ...blocked });
    emit(tx, 'mount_changed', `mounts/${mount.id}`, { state: 'lazy' });
    return hangs_in === null ? okOutcome() : blockedOutcome(hangs_in);
  }
  return evictionOutcome(tx, unmount(tx, mount));
}
