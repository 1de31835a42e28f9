import type { File, Mount } from '../model/host.ts';
import { blocksAt, daxDead, fileSystemOf } from '../model/lookup.ts';
import { levelPages, type Run } from '../model/mapping_table.ts';
import { unknownOutcome } from '../model/refusal.ts';
import { insertEntries, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES, PMD_PAGES } from '../model/vocabulary.ts';
import { fileSpace } from './address_space.ts';
import { refusesBadBlocks } from './badblocks.ts';
import { spanFrom, type Span } from './fault_pmd.ts';
import { storeOnDead } from './fault_store.ts';
import {
  copyOnWrite,
  fileBehind,
  mountOf,
  startStore,
  storesShared,
  type Step,
  type Walk,
} from './fault_walk.ts';
import { unmap } from './kill_procs.ts';
import { allocate, allocateSome, giveBlocks } from './layout.ts';
import { addEmpty, addZero, forgetRange, hugeZeros } from './page_cache.ts';

/**
 * A page of a hole, up to `limit`: a read maps the zero page, a private store copies it, and neither asks the device; a
 * shared store has blocks allocated and faults again (S30).
 * Source: fs/dax.c dax_load_hole(), dax_pmd_load_hole(), dax_fault_cow_page(), grab_mapping_entry().
 */
export function missingHole(walk: Walk, mount: Mount, index: number, limit: number): Step {
  if (storesShared(walk)) {
    const failure = startStore(walk, mount, index);
    if (failure !== null) return failure;
    return isDead(walk, mount) ? { why: 'sigbus', index } : fillHole(walk, index, limit);
  }
  // xfs_read_iomap_begin() asks whether it was shut down, ext4_iomap_begin() does not.
  if (mount.fs_type === 'xfs' && mount.fs_state === 'shutdown') return { why: 'sigbus', index };
  if (mayHaveShutDown(walk, mount)) return { why: 'refused', refusal: unknownOutcome(NOT_TOLD) };
  return walk.write ? copyZeros(walk, index, limit) : mapZeros(walk, index, limit);
}

const NOT_TOLD =
  'whether the store to a hole that failed has shut the xfs down depends on what it has read of its free space before (S30)';

/**
 * Whether an xfs whose device is gone may have shut itself down over a store to this file that failed: one to a hole
 * cancels the transaction that allocates, which is dirty where the blocks of the free space were in core.
 * Source: fs/xfs/xfs_iomap.c xfs_iomap_write_direct(), fs/xfs/xfs_trans.c xfs_trans_cancel().
 */
function mayHaveShutDown(walk: Walk, mount: Mount): boolean {
  return mount.fs_type === 'xfs' && fileBehind(walk).uncommitted && isDead(walk, mount);
}

/** The first shared store to the zero page of a hole. */
export function storeOverHole(walk: Walk, run: Run, index: number): Step {
  const mount = mountOf(walk);
  const failure = startStore(walk, mount, index);
  if (failure !== null) return failure;
  if (isDead(walk, mount)) return storeOnDead(walk, run, index, mount);
  return fillHole(walk, index, Math.min(walk.end, run.index + run.nr_pages));
}

/** Whether a store gets no blocks: the device is gone or the file system was shut down. */
function isDead({ tx }: Walk, mount: Mount): boolean {
  return mount.fs_state === 'shutdown' || daxDead(tx.host, mount);
}

function copyZeros(walk: Walk, index: number, limit: number): number {
  const file = fileBehind(walk);
  const shift = walk.mapping.offset / PAGE_BYTES;
  downgrade(walk.tx, file, index + shift, limit + shift);
  addEmpty(walk.tx, file, index + shift, limit + shift);
  return copyOnWrite(walk, index, limit);
}

function mapZeros(walk: Walk, index: number, limit: number): number {
  const { tx, mapping } = walk;
  const file = fileBehind(walk);
  const shift = mapping.offset / PAGE_BYTES;
  const { level, from, to } = spanOf(walk, file, index, limit);
  if (level === 'pte') downgrade(tx, file, from + shift, to + shift);
  walk.faults[level] += (to - from) / levelPages(level);
  insertEntries(tx, mapping.id, [
    { index: from, nr_pages: to - from, pfn: -1, level, kind: 'zero', writable: false, pgmap: 0 },
  ]);
  addZero(tx, file, from + shift, to + shift, level);
  return to;
}

/** An entry by PMD needs 2 MiB without a block. */
function spanOf(walk: Walk, file: File, index: number, limit: number): Span {
  return spanFrom(walk, index, limit, (page) => {
    const { extent, end } = blocksAt(walk.tx.host, file, page);
    return extent === null && page + PMD_PAGES <= end;
  });
}

/** A fault by PTE ends the huge zero entry that its page lies in: nobody maps these 2 MiB any more, own copies stay. */
function downgrade(tx: Transaction, file: File, start: number, end: number): void {
  for (const [from, nr_pages] of hugeZeros(tx.host, file, start, end)) {
    unmap(tx, fileSpace(tx, file).maps, from, from + nr_pages);
    forgetRange(tx, file, [from, nr_pages]);
  }
}

/**
 * Blocks for the pages of a store: 2 MiB where the fault is by PMD and there is room for them in one piece, else what is
 * free. Nobody maps zeros there any more. The page is missing then, and is faulted in; SIGBUS where nothing is free.
 * Source: fs/dax.c dax_insert_entry() ("replacing a zero page with block mapping"), dax_fault_return().
 */
function fillHole(walk: Walk, index: number, limit: number): Step {
  const { tx } = walk;
  const file = fileBehind(walk);
  const shift = walk.mapping.offset / PAGE_BYTES;
  const { level, from, to } = spanOf(walk, file, index, limit);
  const file_system = fileSystemOf(tx.host, file.file_system);
  const huge = level === 'pmd' ? allocate(tx.host, file_system, PMD_PAGES) : null;
  const at = huge === null ? index : from;
  const room = huge ?? allocateSome(tx.host, file_system, Math.min(to, limit) - index);
  if (room === null) {
    downgrade(tx, file, index + shift, index + shift + 1);
    addEmpty(tx, file, index + shift, index + shift + 1);
    return { why: 'sigbus', index };
  }
  const refusal = refusesBadBlocks(walk.device, room);
  if (refusal !== null) return { why: 'refused', refusal };
  giveBlocks(tx, file, at + shift, room);
  if (huge === null) downgrade(tx, file, at + shift, at + shift + room[1]);
  unmap(tx, fileSpace(tx, file).maps, at + shift, at + shift + room[1]);
  return index;
}
