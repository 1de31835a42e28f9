import type { Unlink } from '../model/use_command.ts';
import { extentsOf } from '../model/extents.ts';
import type { File, Host, Pin } from '../model/host.ts';
import { blockDeviceGone, findFile, isFileUsed, pinsOfDevice } from '../model/lookup.ts';
import { findByPath } from '../fs/mount.ts';
import { isFrozen, untilThawed } from '../mm/freeze.ts';
import { freeInode } from '../mm/last_user.ts';
import { evictionOutcome } from '../mm/process_end.ts';
import { okOutcome, type Outcome } from '../model/outcome.ts';
import { intersect, normalize, type PfnRange } from '../model/pfn_range.ts';
import { isRefusal, kernelRefuses, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { emit, patch, type Transaction } from '../model/transaction.ts';

/**
 * unlink(2): no name leads to the file. Where nobody has it open or maps it its blocks are free and its record goes;
 * else both stay until its last user goes. Where its eviction never ends the call never returns, and the inode stays
 * (S47). Refused where a pin outlived its mapping; EROFS and EIO as the kernel answers. Source: fs/namei.c do_unlinkat()
 * mnt_want_write(), fs/ext4/namei.c ext4_unlink(), fs/xfs/xfs_inode.c xfs_remove().
 */
export function unlink(tx: Transaction, command: Unlink): Outcome | Refusal {
  const file = findFile(tx.host, command.file);
  if (isRefusal(file)) return file;
  if (file.state !== 'linked') return kernelRefuses('ENOENT', `${file.path} was unlinked already`);
  const refusal = refusesUnlink(tx, file);
  if (refusal !== null) return refusal;
  if (isFileUsed(tx.host, file.id)) {
    patch(tx, 'files', file.id, { state: 'unlinked', atime_due: true });
    emit(tx, 'file_unlinked', `files/${file.id}`, { path: file.path });
    return okOutcome();
  }
  const eviction = freeInode(tx, file);
  if (eviction.do !== 'ok') emit(tx, 'file_unlinked', `files/${file.id}`, { path: file.path });
  return evictionOutcome(tx, eviction);
}

function refusesUnlink(tx: Transaction, file: File): Refusal | null {
  const mount = findByPath(tx.host, file);
  if (isRefusal(mount)) return mount;
  if (mount.read_only) return kernelRefuses('EROFS', 'the file system went read-only');
  if (isFrozen(mount))
    return refuse('dax_device_busy', `the file system is frozen: unlink() blocks ${untilThawed(mount)}`);
  if (mount.fs_state === 'shutdown') return kernelRefuses('EIO', 'the file system is shut down');
  if (blockDeviceGone(tx.host, mount))
    return unknownOutcome(
      'unlink on a file system whose device is gone, before it is shut down, is neither recorded nor in the sources read: POST …/mounts/{mount}/shutdown ends it',
    );
  const pinned = pinsOfDevice(tx.host, file.dax_device).find((pin) => holdsPageOf(tx.host, pin, file));
  if (pinned === undefined) return null;
  return unknownOutcome(
    `what happens to pages that ${pinned.id} holds when their file is deleted is not recorded: DELETE the pin first`,
  );
}

/** Whether a page of the file is pinned: its mapping may be gone. */
function holdsPageOf(host: Host, pin: Pin, file: File): boolean {
  const own = extentsOf(host, file).map(({ pfn, nr_pages }): PfnRange => [pfn, nr_pages]);
  return intersect(normalize(pin.pfn_ranges), own).length > 0;
}
