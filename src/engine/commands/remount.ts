import { isFrozen } from '../mm/freeze.ts';
import { findAttached, hasWriters } from '../fs/mount.ts';
import { patchSuperblock } from '../fs/superblock.ts';
import { syncSuperblock } from '../fs/sync.ts';
import type { Mount } from '../model/host.ts';
import { blockDeviceGone } from '../model/lookup.ts';
import { isRefusal, kernelRefuses, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { emit, type Transaction } from '../model/transaction.ts';
import type { Remount } from '../model/use_command.ts';

/**
 * mount -o remount: read-only, once all is written back, or writable again. 409 with EBUSY while it is frozen, and, for
 * `ro`, while a file is open for writing or one that was unlinked is in use (RMT1). What a file system that is dead or
 * shut down answers is not known (RMT2). Source: fs/super.c reconfigure_super(), fs/namespace.c sb_prepare_remount_readonly().
 */
export function remount(tx: Transaction, command: Remount): Mount | Refusal {
  const mount = findAttached(tx.host, command.mount);
  if (isRefusal(mount)) return mount;
  const read_only = command.options === 'ro';
  const refusal = refusesRemount(tx, mount, read_only);
  if (refusal !== null) return refusal;
  if (mount.read_only === read_only) return mount;
  syncSuperblock(tx, mount);
  const record = patchSuperblock(tx, mount, { read_only });
  emit(tx, 'mount_changed', `mounts/${mount.id}`, { read_only });
  return record;
}

function refusesRemount(tx: Transaction, mount: Mount, read_only: boolean): Refusal | null {
  if (isFrozen(mount)) return kernelRefuses('EBUSY', 'the file system is frozen');
  if (read_only && !mount.read_only && hasWriters(tx, mount))
    return kernelRefuses('EBUSY', 'files are open for writing, or unlinked and in use');
  if (mount.fs_state === 'alive' && !blockDeviceGone(tx.host, mount)) return null;
  return unknownOutcome(
    'the remount of a file system that is shut down, or whose device is gone, is neither recorded nor in the sources read',
  );
}
