import type { Mount } from '../model/host.ts';
import type { Extent } from '../model/inode.ts';
import { blocksAt, daxDead } from '../model/lookup.ts';
import { levelPages } from '../model/mapping_table.ts';
import { PAGE_BYTES, PMD_PAGES } from '../model/vocabulary.ts';
import { goodPages } from './badblocks.ts';
import { missingHole } from './fault_hole.ts';
import { spanFrom, type Fits } from './fault_pmd.ts';
import {
  copyOnWrite,
  fileBehind,
  isPrivate,
  nextPresent,
  poisoned,
  startStore,
  storesShared,
  type Failure,
  type Step,
  type Walk,
} from './fault_walk.ts';
import { gather, settled } from './gather.ts';
import { emptied, filled } from './page_cache.ts';

/**
 * fs/dax.c dax_iomap_fault(): by PMD where everything allows it (A5, A10), else by PTE. `end` is that of the walk, or of
 * the file, behind which lies SIGBUS (A14).
 */
export function missingDax(walk: Walk, mount: Mount, index: number, end: number): Step {
  const { tx, mapping, device } = walk;
  if (index >= end) return daxRefuses(walk, mount, index) ?? { why: 'sigbus', index };
  const file = fileBehind(walk);
  const shift = mapping.offset / PAGE_BYTES;
  const blocks = blocksAt(walk.tx.host, file, index + shift);
  const gap = Math.min(end, nextPresent(walk, index), blocks.end - shift);
  if (blocks.extent === null) return missingHole(settled(walk), mount, index, gap);
  const failure = daxRefuses(walk, mount, index);
  if (failure !== null) return failure;
  const { pfn, offset } = blocks.extent;
  const limit = index + goodPages(device, pfn + (index + shift - offset), gap - index);
  if (limit === index) {
    gather(walk, file.id, emptied(tx.host, file, index + shift, index + shift + 1));
    return poisoned(walk, index);
  }
  if (walk.write && isPrivate(mapping)) {
    gather(walk, file.id, emptied(tx.host, file, index + shift, limit + shift));
    return copyOnWrite(walk, index, limit);
  }
  const { level, from, to } = spanFrom(walk, index, limit, fitsIn(walk, blocks.extent));
  walk.faults[level] += (to - from) / levelPages(level);
  gather(walk, mapping.id, [
    {
      index: from,
      nr_pages: to - from,
      pfn: pfn + (from + shift - offset),
      level,
      kind: 'dax',
      writable: walk.write,
      pgmap: device.pgmap,
    },
  ]);
  gather(walk, file.id, filled(tx.host, file, from + shift, to + shift, level, walk.write));
  return to;
}

/** A dead device, a shut-down or a frozen file system: who may still fault. */
function daxRefuses(walk: Walk, mount: Mount, index: number): Failure | null {
  const stores = storesShared(walk);
  const failure = stores ? startStore(walk, mount, index) : null;
  if (failure !== null) return failure;
  if (daxDead(walk.tx.host, mount)) return { why: 'sigbus', index };
  if (mount.fs_state !== 'shutdown') return null;
  // ext4_iomap_begin() does not ask; only a shared store starts a handle, which is refused (S35).
  const asks = mount.fs_type === 'xfs' || stores;
  return asks ? { why: 'sigbus', index } : null;
}

/** The 2 MiB lie in the extent, on a boundary of the device, and all of them can be read. */
function fitsIn({ device }: Walk, { offset, pfn, nr_pages }: Extent): Fits {
  return (page) => {
    if (page < offset || page + PMD_PAGES > offset + nr_pages) return false;
    const first = pfn + (page - offset);
    return first % PMD_PAGES === 0 && goodPages(device, first, PMD_PAGES) === PMD_PAGES;
  };
}
