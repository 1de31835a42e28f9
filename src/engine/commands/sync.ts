import { commitDead, syncSuperblock } from '../fs/sync.ts';
import { blockDeviceGone, filesOf, findMount } from '../model/lookup.ts';
import { blockedOutcome, okOutcome, type Outcome } from '../model/outcome.ts';
import { isRefusal, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { emit, type Transaction } from '../model/transaction.ts';
import type { Sync } from '../model/use_command.ts';
import { storeAgain, storingLoopsOn } from '../removal/storing.ts';

/**
 * sync(2), as far as it comes to one file system: what is dirty is written back and write-protected, and the journal
 * commits what it has. It tells of no error, and never returns where the superblock is never torn down (S2). Refused
 * where it forces the log of an xfs whose device is gone: whether that has anything to write, and so shuts it down, is
 * not known. Source: fs/sync.c ksys_sync(), fs/ext4/super.c ext4_sync_fs(),
 * fs/xfs/xfs_super.c xfs_fs_sync_fs(); SYN1.
 */
export function sync(tx: Transaction, command: Sync): Outcome | Refusal {
  const mount = findMount(tx.host, command.mount);
  if (isRefusal(mount)) return mount;
  if (mount.state === 'shutting_down') return blockedOutcome('iterate_supers');
  const dead = blockDeviceGone(tx.host, mount) && mount.fs_state !== 'shutdown' && !mount.read_only;
  if (dead && mount.fs_type === 'xfs')
    return unknownOutcome(
      'whether the log of an xfs whose device is gone has anything to write is not known: fsync of a file shows what it answers',
    );
  const loops = storingLoopsOn(tx, mount);
  syncSuperblock(tx, mount);
  if (filesOf(tx.host, mount.file_system).some(({ uncommitted }) => uncommitted)) commitDead(tx, mount);
  emit(tx, 'mount_changed', `mounts/${mount.id}`, { synced: true });
  storeAgain(tx, loops);
  return okOutcome();
}
