import { CHANGES } from './changes.ts';
import { row } from './row.ts';

const tooLong = 'too_long_by_its_start' as const;
const walk = [
  [CHANGES.notify_failure, 'walks_past_last_ag'],
  CHANGES.length_of_walk,
  CHANGES.length_of_partition,
] as const;
const walks = row<'walks_past_last_ag' | 'too_long_by_its_start' | 'exact' | null>;
const aborts = 'EIO_aborts_journal' as const;
const iterates = 'iterate_supers' as const;
const locks = 'super_lock' as const;

/** How kernels differ in ext4 and xfs. Rule B6. */
// biome-ignore format: a table is read by its columns
export const FILE_SYSTEMS = {
  //                              v5.10     letter    posted    armed     v6.1            v6.12           v7.3
  /** xfs made with reflink=1: the mount with DAX is refused, or it works on a whole device. */
  xfs_reflink_with_dax:      row(['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL', 'whole_device', 'whole_device', 'whole_device'], 'xfs_fc_fill_super(), xfs_setup_dax_always()', 'R13',       CHANGES.fsdax_cow),
  /** How far the walk of an xfs with rmapbt on a partition goes: the removal is refused where it is too long by its start. */
  xfs_walk_of_partition:   walks([null,     null,     null,     null,     tooLong,        'exact',        'exact'],        'xfs_dax_notify_failure()',                    'R54, S27',  ...walk),
  /** What the first fsync of an ext4 whose device is gone does to its journal. */
  ext4_fsync_on_dead_device: row(['EIO',    'EIO',    'EIO',    'EIO',    aborts,         aborts,         aborts],         'ext4_sync_file()',                            'R37, R41',  CHANGES.ext4_dead_fsync),
  /** What fsync of an xfs makes of the flush that fails, where it has nothing to commit. */
  xfs_fsync_flush:           row(['ignored','ignored','ignored','ignored','EIO',          'EIO',          'EIO'],          'xfs_file_fsync()',                            'S37',       CHANGES.xfs_flush),
  /** Where sync(2) waits for a superblock that is never torn down. */
  sync_waits_in:             row([iterates, iterates, iterates, iterates, iterates,       locks,          locks],          'iterate_supers(), super_lock()',              'S2, SYN1',  CHANGES.super_lock),
  /** ext4_handle_error() with errors=remount-ro makes the file system answer EROFS. */
  ext4_error_sets_rdonly:    row([true,     true,     true,     true,     false,          false,          false],          'ext4_handle_error()',                         'R156',      CHANGES.ext4_rdonly),
  /** ext4_writepages() on an aborted journal. */
  ext4_writepages_aborted:   row(['EIO',    'EIO',    'EIO',    'EIO',    'EROFS',        'EROFS',        'EROFS'],        'ext4_writepages()',                           'R37, R101', CHANGES.ext4_dead_fsync),
};
