import type { File, Mount } from '../model/host.ts';
import { daxDead, extentAt } from '../model/lookup.ts';
import { findRun, levelPages, type Level } from '../model/mapping_table.ts';
import { entriesOf, insertEntries } from '../model/transaction.ts';
import { PAGE_BYTES, PMD_PAGES } from '../model/vocabulary.ts';
import { goodPages } from './badblocks.ts';
import {
  copyOnWrite,
  dirtyFile,
  fileBehind,
  frozen,
  isPrivate,
  nextPresent,
  nextRunStart,
  poisoned,
  type Failure,
  type Step,
  type Walk,
} from './fault_walk.ts';
import { isFrozen } from './freeze.ts';
import { addEmpty, addPages, holdsPte } from './page_cache.ts';
import { updateTimes } from './times.ts';

/** fs/dax.c dax_iomap_fault(): by PMD where everything allows it (A5, A10), else by PTE. */
export function missingDax(walk: Walk, mount: Mount, index: number, end: number): Step {
  const { tx, mapping, device } = walk;
  const failure = daxRefuses(walk, mount, index);
  if (failure !== null) return failure;
  const file = fileBehind(walk);
  const shift = mapping.offset / PAGE_BYTES;
  const extent = extentAt(file, index + shift);
  const gap = Math.min(end, nextPresent(walk, index));
  const limit = index + goodPages(device, extent.pfn + (index + shift - extent.offset), gap - index);
  if (limit === index) return poisoned(walk, index);
  if (walk.write && isPrivate(mapping)) {
    addEmpty(tx, file, index + shift, limit + shift);
    return copyOnWrite(walk, index, limit);
  }
  const byPmd = pmdFits(walk, file, extent, index);
  const from = byPmd ? Math.floor((index + shift) / PMD_PAGES) * PMD_PAGES - shift : index;
  const to = byPmd
    ? pmdEnd(walk, file, extent, from, limit)
    : Math.min(
        limit,
        extent.offset + extent.nr_pages - shift,
        nextPmdStart(walk, file, extent, index, limit),
      );
  const level: Level = byPmd ? 'pmd' : 'pte';
  walk.faults[level] += (to - from) / levelPages(level);
  insertEntries(tx, mapping.id, [
    {
      index: from,
      nr_pages: to - from,
      pfn: extent.pfn + (from + shift - extent.offset),
      level,
      kind: 'dax',
      writable: walk.write,
      pgmap: device.pgmap,
    },
  ]);
  addPages(tx, file, from + shift, to + shift, level);
  if (walk.write) dirtyFile(walk, from, to);
  return to;
}

/** A dead device, a shut-down or a frozen file system: who may still fault. */
function daxRefuses(walk: Walk, mount: Mount, index: number): Failure | null {
  const storesShared = walk.write && !isPrivate(walk.mapping);
  if (storesShared) {
    // sb_start_pagefault() comes before all that asks the file system or the device (S38).
    if (isFrozen(mount)) return frozen(index);
    updateTimes(walk.tx, mount, fileBehind(walk));
  }
  if (daxDead(walk.tx.host, mount)) return { why: 'sigbus', index };
  if (mount.fs_state !== 'shutdown') return null;
  // ext4_iomap_begin() does not ask; only a shared store starts a handle, which is refused (S35).
  const asks = mount.fs_type === 'xfs' || storesShared;
  return asks ? { why: 'sigbus', index } : null;
}

/** A10: whether the 2 MiB around a page can be one PMD entry. */
function pmdFits(walk: Walk, file: File, extent: File['extents'][number], index: number): boolean {
  const { mapping } = walk;
  if (mapping.page_size < 2097152) return false;
  const shift = mapping.offset / PAGE_BYTES;
  const page = Math.floor((index + shift) / PMD_PAGES) * PMD_PAGES;
  const from = page - shift;
  const insideVma = from >= 0 && from + PMD_PAGES <= mapping.length / PAGE_BYTES;
  const insideFile = (page + PMD_PAGES) * PAGE_BYTES <= file.size;
  const insideExtent = page >= extent.offset && page + PMD_PAGES <= extent.offset + extent.nr_pages;
  if (!insideVma || !insideFile || !insideExtent) return false;
  const pfn = extent.pfn + (page - extent.offset);
  const fits = pfn % PMD_PAGES === 0 && goodPages(walk.device, pfn, PMD_PAGES) === PMD_PAGES;
  return fits && !holdsPte(walk.tx.host, file, page, page + PMD_PAGES) && rangeIsEmpty(walk, from);
}

/** A PMD cannot be set where PTEs of this VMA are present (a page table hangs there). */
function rangeIsEmpty(walk: Walk, from: number): boolean {
  const first = findRun(entriesOf(walk.tx.host, walk.mapping.id), from);
  return first === null && nextRunStart(walk, from) >= from + PMD_PAGES;
}

/** Last page up to which PMD after PMD fits. */
function pmdEnd(
  walk: Walk,
  file: File,
  extent: File['extents'][number],
  from: number,
  limit: number,
): number {
  let to = from + PMD_PAGES;
  while (to < limit && pmdFits(walk, file, extent, to)) to += PMD_PAGES;
  return to;
}

/** Where, ahead of a page faulted by PTE, a PMD would fit again: the PTE run stops there. */
function nextPmdStart(
  walk: Walk,
  file: File,
  extent: File['extents'][number],
  index: number,
  limit: number,
): number {
  const shift = walk.mapping.offset / PAGE_BYTES;
  let at = (Math.floor((index + shift) / PMD_PAGES) + 1) * PMD_PAGES - shift;
  if (walk.mapping.page_size < 2097152) return limit;
  while (at < limit && !pmdFits(walk, file, extent, at)) at += PMD_PAGES;
  return Math.min(at, limit);
}
