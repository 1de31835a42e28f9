import type { Unlink } from '../model/use_command.ts';
import type { File, Pin } from '../model/host.ts';
import { blockDeviceGone, findFile, isFileUsed, mountedSuperblock, pinsOfDevice } from '../model/lookup.ts';
import { evict, evictionOf } from '../mm/evict.ts';
import { isFrozen, untilThawed } from '../mm/freeze.ts';
import { intersect, normalize, type PfnRange } from '../model/pfn_range.ts';
import { isRefusal, kernelRefuses, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { emit, patch, remove, type Transaction } from '../model/transaction.ts';

/**
 * unlink(2): no name leads to the file. Where nobody has it open or maps it its blocks are free and its record goes;
 * else both stay until its last user goes. Refused where a pin outlived its mapping; EROFS and EIO as the kernel
 * answers. Source: fs/namei.c do_unlinkat() mnt_want_write(), fs/ext4/namei.c ext4_unlink(),
 * fs/xfs/xfs_inode.c xfs_remove().
 */
export function unlink(tx: Transaction, command: Unlink): null | Refusal {
  const file = findFile(tx.host, command.file);
  if (isRefusal(file)) return file;
  if (file.state !== 'linked') return kernelRefuses('ENOENT', `${file.path} was unlinked already`);
  const refusal = refusesUnlink(tx, file);
  if (refusal !== null) return refusal;
  if (isFileUsed(tx.host, file.id)) {
    patch(tx, 'files', file.id, { state: 'unlinked' });
    emit(tx, 'file_unlinked', `files/${file.id}`, { path: file.path });
    return null;
  }
  const eviction = evictionOf(tx.host, [file]);
  if (eviction.do === 'unknown') return unknownOutcome(eviction.why);
  if (eviction.do !== 'ok')
    return refuse(
      'dax_device_busy',
      `unlink() never returns from ${eviction.do === 'hang' ? eviction.in : eviction.at}: POST …/reboot`,
    );
  evict(tx, [file]);
  remove(tx, 'files', file.id);
  emit(tx, 'file_deleted', `files/${file.id}`, { path: file.path });
  return null;
}

function refusesUnlink(tx: Transaction, file: File): Refusal | null {
  const mount = mountedSuperblock(tx.host, file);
  if (isRefusal(mount)) return mount;
  if (mount.read_only) return kernelRefuses('EROFS', 'the file system went read-only');
  if (isFrozen(mount))
    return refuse('dax_device_busy', `the file system is frozen: unlink() blocks ${untilThawed(mount)}`);
  if (mount.fs_state === 'shutdown') return kernelRefuses('EIO', 'the file system is shut down');
  if (blockDeviceGone(tx.host, mount))
    return unknownOutcome(
      'unlink on a file system whose device is gone, before it is shut down, is neither recorded nor in the sources read: POST …/mounts/{mount}/shutdown ends it',
    );
  const pinned = pinsOfDevice(tx.host, file.dax_device).find((pin) => holdsPageOf(pin, file));
  if (pinned === undefined) return null;
  return unknownOutcome(
    `what happens to pages that ${pinned.id} holds when their file is deleted is not recorded: DELETE the pin first`,
  );
}

/** Whether a page of the file is pinned: its mapping may be gone. */
function holdsPageOf(pin: Pin, { extents }: File): boolean {
  const own = extents.map(({ pfn, nr_pages }): PfnRange => [pfn, nr_pages]);
  return intersect(normalize(pin.pfn_ranges), own).length > 0;
}
