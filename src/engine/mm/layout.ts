import { extentsOf } from '../model/extents.ts';
import { fileSystemOf, filesOf } from '../model/lookup.ts';
import type { File, FileSystem, Host } from '../model/host.ts';
import type { PfnRange } from '../model/pfn_range.ts';
import { addPfns, pfnList, setOf, without } from '../model/pfn_set.ts';
import { giveExtent, patch, type Transaction } from '../model/transaction.ts';
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

/**
 * Room for blocks: behind the last file there has been, then the gaps that files left, as `[pfn, nr_pages]`. O(extents)
 * from the second on.
 */
function* rooms(host: Host, { id, start_pfn, nr_pages, next_free }: FileSystem): Generator<PfnRange> {
  yield [start_pfn + next_free, nr_pages - next_free];
  const taken = pfnList();
  for (const file of filesOf(host, id))
    for (const { pfn, nr_pages: count } of extentsOf(host, file)) addPfns(taken, pfn, count);
  const head = metadataPages(nr_pages);
  const free = without(Float64Array.of(start_pfn + head, nr_pages - head), setOf(taken));
  for (let at = 0; at < free.length; at += 2) yield [free[at]!, free[at + 1]!];
}

/** Room for so many pages in one piece, on a boundary of `unit` pages; null where there is none. */
export function allocate(
  host: Host,
  file_system: FileSystem,
  nr_pages: number,
  unit = nr_pages >= PMD_PAGES ? PMD_PAGES : 1,
): PfnRange | null {
  for (const [pfn, room] of rooms(host, file_system)) {
    const at = Math.ceil(pfn / unit) * unit;
    if (at + nr_pages <= pfn + room) return [at, nr_pages];
  }
  return null;
}

/** The first room that there is for at most so many pages; null where the file system is full. */
export function allocateSome(host: Host, file_system: FileSystem, nr_pages: number): PfnRange | null {
  for (const [pfn, room] of rooms(host, file_system)) {
    if (room > 0) return [pfn, Math.min(nr_pages, room)];
  }
  return null;
}

/** Pages of a file system are given out: what is laid out next comes behind them. */
export function take(tx: Transaction, file_system: FileSystem, [pfn, nr_pages]: PfnRange): void {
  const next_free = Math.max(file_system.next_free, pfn + nr_pages - file_system.start_pfn);
  patch(tx, 'file_systems', file_system.id, { next_free });
}

/** A hole of a file gets these blocks, from a page index on. */
export function giveBlocks(tx: Transaction, file: File, offset: number, [pfn, nr_pages]: PfnRange): void {
  take(tx, fileSystemOf(tx.host, file.file_system), [pfn, nr_pages]);
  giveExtent(tx, file.id, { offset, pfn, nr_pages });
}
