import { neverReturns } from '../../mm/never_returns.ts';
import type { Host, Mount } from '../../model/host.ts';
import { filesOf, isFileUsed, mountsOn } from '../../model/lookup.ts';
import { gendiskDeleted } from '../../device/lifecycle.ts';
import { evict, evictionWhileBound } from '../../mm/evict.ts';
import { diskName } from '../../fs/partition.ts';
import { shutDown } from '../../fs/superblock.ts';
import { syncSuperblock } from '../../fs/sync.ts';
import type { StepInput, StepOutput } from '../step.ts';
import { storeAgain, storingLoops } from '../storing.ts';

/**
 * Syncs each mounted file system, which write-protects every dirty shared entry (A6), takes the block device
 * away and, from v6.12, shuts the file system down.
 * Source: block/genhd.c del_gendisk(), fs/super.c fs_bdev_mark_dead().
 */
export function delGendisk(input: StepInput): StepOutput {
  const { tx, device, parameters } = input;
  const mounts = mountsOn(tx.host, device);
  const hangs_in = neverReturns(tx.host, 'bdi_unregister');
  if (hangs_in !== null) return { end: 'stuck', result: { hangs_in } };
  // fs_bdev_mark_dead() waits for the superblock, where a umount or the eviction of an inode never ends (S47).
  if (mounts.some((mount) => neverEnds(tx.host, mount)))
    return { end: 'stuck', result: { hangs_in: 'super_lock' } };
  const synced = mounts.filter((mount) => syncSuperblock(tx, mount));
  const eviction = evictIdle(tx, mounts);
  if (eviction !== null) return eviction;
  const signals = storeAgain(tx, storingLoops(tx, device));
  const log: string[] = [];
  for (const mount of mounts) {
    if (parameters.shuts_fs_down === true) log.push(...markDead(input, mount));
  }
  gendiskDeleted(tx, device);
  return {
    end: 'done',
    signals,
    log,
    result: { synced: synced.map((mount) => mount.id), shut_down: parameters.shuts_fs_down === true },
  };
}

function neverEnds(host: Host, { file_system, state }: Mount): boolean {
  return state === 'shutting_down' || filesOf(host, file_system).some((file) => file.state === 'freeing');
}

/**
 * shrink_dcache_sb(), evict_inodes(): DAX inodes that nobody has open or maps go, while their memmap is there. Null where
 * they do; else how the step ends, which holds s_umount of that superblock (S47).
 */
function evictIdle(tx: StepInput['tx'], mounts: readonly Mount[]): StepOutput | null {
  for (const { file_system } of mounts) {
    const idle = filesOf(tx.host, file_system).filter(({ id, dax }) => dax && !isFileUsed(tx.host, id));
    const eviction = evictionWhileBound(tx.host, idle);
    if (eviction.do === 'hang')
      return { end: 'stuck', result: { hangs_in: eviction.in }, holds_s_umount_of: file_system };
    if (eviction.do === 'unknown') return { end: 'unknown', result: { unknown: eviction.why } };
    evict(tx, idle);
  }
  return null;
}

function markDead({ tx }: StepInput, mount: Mount): string[] {
  if (mount.fs_state === 'shutdown') return [];
  const disk = diskName(mount);
  const reason = mount.fs_type === 'ext4' ? 'NOLOGFLUSH (2)' : 'device removal (0x20)';
  shutDown(tx, mount, reason);
  return mount.fs_type === 'ext4'
    ? [`EXT4-fs (${disk}): shut down requested (2)`, `Aborting journal on device ${disk}-8.`]
    : [
        `XFS (${disk}): Block device removal (0x20) detected at fs_bdev_mark_dead+…  Shutting down filesystem.`,
        `XFS (${disk}): Please unmount the filesystem and rectify the problem(s)`,
      ];
}
