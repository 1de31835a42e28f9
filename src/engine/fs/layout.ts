import { filesOf } from '../model/lookup.ts';
import type { Host, FileSystem } from '../model/host.ts';
import type { Extent } from '../model/inode.ts';
import { PMD_PAGES, type FsType } from '../model/vocabulary.ts';

/** Pages kept for metadata and the log at the head of a file system; files start behind them. */
const METADATA_PAGES = 4 * PMD_PAGES;
/** Pages at the head of a file system that are no file's. */
export function metadataPages(nr_pages: number): number {
  return Math.min(METADATA_PAGES, Math.floor(nr_pages / 2));
}

/** Blocks of one group of an ext4 of 4 KiB blocks. */
const EXT4_GROUP_PAGES = 32768;

/**
 * Where the first file of a new file system lies, in pages from its start. ext4 keeps the first block group for
 * directories, and the second begins with a copy of the superblock; xfs begins right behind its metadata.
 * Source: fs/ext4/balloc.c ext4_inode_to_goal_block(); recording `min-ext4-ram-low-exit`.
 */
export function firstFilePage(fs_type: FsType, nr_pages: number): number {
  if (fs_type === 'xfs' || nr_pages <= EXT4_GROUP_PAGES) return metadataPages(nr_pages);
  return EXT4_GROUP_PAGES + PMD_PAGES;
}

/** Behind the last file there has been or, where no room is left there, in the first gap that files left. */
export function allocate(host: Host, file_system: FileSystem, nr_pages: number): Extent | null {
  const { id, start_pfn, next_free } = file_system;
  const unit = nr_pages >= PMD_PAGES ? PMD_PAGES : 1;
  const aligned = (pfn: number): number => Math.ceil(pfn / unit) * unit;
  const end = start_pfn + file_system.nr_pages;
  const behind = aligned(start_pfn + next_free);
  if (behind + nr_pages <= end) return { offset: 0, pfn: behind, nr_pages };
  let from = start_pfn + metadataPages(file_system.nr_pages);
  const taken = filesOf(host, id).flatMap(({ extents }) => extents);
  for (const extent of taken.sort((a, b) => a.pfn - b.pfn)) {
    if (aligned(from) + nr_pages <= extent.pfn) break;
    from = extent.pfn + extent.nr_pages;
  }
  return aligned(from) + nr_pages <= end ? { offset: 0, pfn: aligned(from), nr_pages } : null;
}
