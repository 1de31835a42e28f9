import { patchSuperblock } from '../fs/superblock.ts';
import { syncWhileStoring } from '../removal/storing.ts';
import { findAttached } from '../fs/mount.ts';
import type { Mount } from '../model/host.ts';
import { blockDeviceGone } from '../model/lookup.ts';
import { isRefusal, kernelRefuses, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { emit, type Transaction } from '../model/transaction.ts';
import type { Freeze } from '../model/use_command.ts';

/**
 * fsfreeze -f: writers are held off, then all is written back and write-protected; reads go on. 409 with EBUSY where its
 * user has frozen it, EIO where it is shut down (FRZ1); that the device is gone under it decides nothing else (S38).
 * Source: fs/super.c freeze_super(), fs/ext4/super.c ext4_freeze(), fs/xfs/xfs_file.c xfs_dir_open().
 */
export function freeze(tx: Transaction, command: Freeze): Mount | Refusal {
  const mount = findAttached(tx.host, command.mount);
  if (isRefusal(mount)) return mount;
  const refusal = refusesFreeze(tx, mount);
  if (refusal !== null) return refusal;
  return syncWhileStoring(tx, mount, () => {
    const frozen = patchSuperblock(tx, mount, { frozen_by_user: true });
    emit(tx, 'mount_changed', `mounts/${mount.id}`, { frozen_by_user: true });
    return frozen;
  });
}

function refusesFreeze(tx: Transaction, mount: Mount): Refusal | null {
  // open(2) of the mount point: ext4's does not ask.
  if (mount.fs_type === 'xfs' && mount.fs_state === 'shutdown')
    return kernelRefuses('EIO', 'open: the file system is shut down');
  if (mount.frozen_by_user) return kernelRefuses('EBUSY', 'it is frozen already: POST …/thaw ends it');
  // Nothing is asked of one that is read-only.
  if (mount.read_only) return null;
  if (mount.fs_state === 'shutdown')
    return kernelRefuses('EIO', 'jbd2_journal_flush: the journal has aborted');
  if (!blockDeviceGone(tx.host, mount)) return null;
  return unknownOutcome(
    'the freeze of a file system whose device is gone, before it is shut down, is neither recorded nor in the sources read',
  );
}
