import { factsOf } from '../kernels/of_host.ts';
import { commitDead } from '../fs/sync.ts';
import { filesOf, findMount } from '../model/lookup.ts';
import type { Mount } from '../model/host.ts';
import { blockedOutcome, okOutcome, type Outcome } from '../model/outcome.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { emit, hostRecord, type Transaction } from '../model/transaction.ts';
import type { Sync } from '../model/use_command.ts';
import { syncWhileStoring } from '../removal/storing.ts';

/**
 * sync(2), as far as it comes to one file system: what is dirty is written back and write-protected, and the journal, or
 * log, commits what it has. It tells of no error, and never returns where any superblock of the host is never torn down,
 * for it comes to all of them (S2). Source: fs/sync.c ksys_sync(), fs/ext4/super.c ext4_sync_fs(), fs/xfs/xfs_super.c
 * xfs_fs_sync_fs(); SYN1.
 */
export function sync(tx: Transaction, command: Sync): Outcome | Refusal {
  const mount = findMount(tx.host, command.mount);
  if (isRefusal(mount)) return mount;
  if (hostRecord(tx.host).stuck.includes('s_umount')) return waitBehind(tx, mount);
  syncWhileStoring(tx, mount, () => {
    const parts = [mount, ...filesOf(tx.host, mount.file_system)];
    if (parts.some(({ uncommitted }) => uncommitted)) commitDead(tx, mount);
    emit(tx, 'mount_changed', `mounts/${mount.id}`, { synced: true });
  });
  return okOutcome();
}

/**
 * The flushers, which are woken first, write back what they can lock; no journal is asked to commit, for that comes after
 * all superblocks. Source: fs/sync.c ksys_sync(), fs/fs-writeback.c __writeback_inodes_wb() super_trylock_shared().
 */
function waitBehind(tx: Transaction, mount: Mount): Outcome {
  const { sync_waits_in: blocked_in } = factsOf(tx.host);
  const wait = () => emit(tx, 'mount_changed', `mounts/${mount.id}`, { blocked_in });
  if (mount.state === 'shutting_down') wait();
  else syncWhileStoring(tx, mount, wait);
  return blockedOutcome(blocked_in);
}
