import { findAttached } from '../fs/mount.ts';
import { patchSuperblock } from '../fs/superblock.ts';
import { isFrozen } from '../mm/freeze.ts';
import { goOn } from '../mm/thawed.ts';
import type { Mount } from '../model/host.ts';
import { isRefusal, kernelRefuses, type Refusal } from '../model/refusal.ts';
import { emit, type Transaction } from '../model/transaction.ts';
import type { Thaw } from '../model/use_command.ts';
import { storeAgain, storingLoopsOn } from '../removal/storing.ts';
import { fileIo } from './file_io.ts';

/**
 * fsfreeze -u: its user's freeze ends, and who waited goes on where no removal holds it frozen, too. 409 with EINVAL where
 * its user has not frozen it, EIO where it is an xfs that is shut down: nobody can open it to thaw it (FRZ2). Refused
 * where what becomes of who waits is not known.
 * Source: fs/super.c thaw_super(), fs/xfs/xfs_file.c xfs_dir_open().
 */
export function thaw(tx: Transaction, command: Thaw): Mount | Refusal {
  const mount = findAttached(tx.host, command.mount);
  if (isRefusal(mount)) return mount;
  if (mount.fs_type === 'xfs' && mount.fs_state === 'shutdown')
    return kernelRefuses('EIO', 'open: the file system is shut down');
  if (!mount.frozen_by_user) return kernelRefuses('EINVAL', 'its user has not frozen it');
  const thawed = patchSuperblock(tx, mount, { frozen_by_user: false });
  emit(tx, 'mount_changed', `mounts/${mount.id}`, { frozen_by_user: false });
  if (isFrozen(thawed)) return thawed;
  const loops = storingLoopsOn(tx, mount);
  const refusal = goOn(tx, mount.file_system, (pid, { file, offset, length }) => {
    const outcome = fileIo(tx, { type: 'file_io', pid, file, kind: 'pwrite', offset, length });
    return isRefusal(outcome) ? outcome : null;
  });
  if (refusal !== null) return refusal;
  storeAgain(tx, loops);
  return tx.host.tables.mounts.get(mount.id)!;
}
