import { goodPages } from './badblocks.ts';
import type { DaxDevice, File, Mapping, Mount } from '../model/host.ts';
import { touchAnonymous, type KnownMemory } from './anonymous.ts';
import {
  blockDeviceGone,
  daxDead,
  deviceOf,
  extentAt,
  mappingsOfDevice,
  memmapGone,
  must,
  superblockOf,
} from '../model/lookup.ts';
import { factsOf } from '../kernels/of_host.ts';
import { findRun, levelPages, nextRun, type Level, type Run } from '../model/mapping_table.ts';
import { markFaulted } from './hwpoison.ts';
import { addPages, cachedAt, holdsPte, nextCached, tagDirty } from './page_cache.ts';
import type { Effect } from '../kernels/effect.ts';
import { isRefusal, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { storeEffect } from './stale.ts';
import { dropEntries, entriesOf, insertEntries, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES, PMD_PAGES } from '../model/vocabulary.ts';

/** Why a touch of a page does not succeed, and at which page of the mapping. */
export type Failure =
  /** BUS_ADRERR, or BUS_MCEERR_AR with this lsb where the fault met poison (VM_FAULT_HWPOISON). */
  | { readonly why: 'sigbus'; readonly index: number; readonly hwpoison_lsb?: number }
  | { readonly why: 'blocked'; readonly index: number; readonly in: string }
  | { readonly why: 'oops'; readonly index: number; readonly effect: Extract<Effect, { do: 'oops' }> }
  | { readonly why: 'refused'; readonly refusal: Refusal };

export interface Touched {
  readonly failure: Failure | null;
  readonly faults: { readonly pte: number; readonly pmd: number; readonly pud: number };
}

interface Walk {
  readonly tx: Transaction;
  readonly mapping: Mapping;
  readonly device: DaxDevice;
  readonly write: boolean;
  readonly end: number;
  readonly faults: { pte: number; pmd: number; pud: number };
  readonly known: KnownMemory;
}

/**
 * The processor touches `[start, start + nr)` pages of a mapping, in order, faulting in what is not mapped;
 * ends at the first page that fails. Work grows with runs, not pages.
 * Source: mm/memory.c handle_mm_fault(), fs/dax.c dax_iomap_fault(), drivers/dax/device.c dev_dax_huge_fault().
 */
export function touch(tx: Transaction, mapping: Mapping, start: number, nr: number, write: boolean): Touched {
  const device = deviceOf(tx.host, mapping.dax_device);
  const faults = { pte: 0, pmd: 0, pud: 0 };
  const walk: Walk = { tx, mapping, device, write, end: start + nr, faults, known: {} };
  let index = start;
  while (index < walk.end) {
    const run = findRun(entriesOf(tx.host, mapping.id), index);
    const step = mapping.anonymous
      ? anonymous(walk, run, index)
      : run === null
        ? missing(walk, index)
        : present(walk, run, index);
    if (typeof step !== 'number') return { failure: step, faults: walk.faults };
    index = step;
  }
  return { failure: null, faults: walk.faults };
}

/** Memory of system-ram: a poisoned page is a hwpoison entry, AR with lsb 12 at the touch (M53). */
function anonymous(walk: Walk, run: Run | null, index: number): number | Failure {
  const { tx, mapping, write, known } = walk;
  const end = run === null ? nextPresent(walk, index) : Math.min(walk.end, run.index + run.nr_pages);
  const before = entriesOf(tx.host, mapping.id);
  const step = touchAnonymous({ tx, mapping, index, end, write, known }, run);
  if (step === 'poisoned') return { why: 'sigbus', index, hwpoison_lsb: 12 };
  if (isRefusal(step)) return { why: 'refused', refusal: step };
  if (entriesOf(tx.host, mapping.id) !== before) walk.faults.pte += step - index;
  return step;
}

function isPrivate(mapping: Mapping): boolean {
  return mapping.flags.includes('private');
}

/** A page that is mapped: a read is served; a store may need more. Returns the next page to look at. */
function present(walk: Walk, run: Run, index: number): number | Failure {
  const runEnd = run.index + run.nr_pages;
  if (!walk.write || run.kind === 'anon') return runEnd;
  if (isPrivate(walk.mapping)) return storePrivate(walk, run, index);
  if (run.kind === 'cache') {
    dirtyFile(walk, index, Math.min(walk.end, runEnd));
    return runEnd;
  }
  if (run.writable) return runEnd;
  return storeProtected(walk, run, index);
}

/** A13: a store to a private PMD drops it, to a private PTE copies from the old page without asking anybody. */
function storePrivate(walk: Walk, run: Run, index: number): number | Failure {
  if (run.kind === 'dax' && memmapGone(walk.device)) {
    const effect = storeEffect(walk.tx.host, walk.mapping, run);
    if (effect.do === 'oops') return { why: 'oops', index, effect };
  }
  if (run.level !== 'pte') {
    dropEntries(walk.tx, walk.mapping.id, index, 1);
    return missing(walk, index);
  }
  return copyOnWrite(walk, index, Math.min(walk.end, run.index + run.nr_pages));
}

function copyOnWrite(walk: Walk, index: number, end: number): number {
  walk.faults.pte += end - index;
  const anon: Run = {
    index,
    nr_pages: end - index,
    pfn: -1,
    level: 'pte',
    kind: 'anon',
    writable: true,
    pgmap: 0,
  };
  insertEntries(walk.tx, walk.mapping.id, [anon]);
  return end;
}

/** The first store to a write-protected shared entry faults again (A11). */
function storeProtected(walk: Walk, run: Run, index: number): number | Failure {
  const mount = mountOf(walk);
  if (mount.fs_state === 'frozen') return frozen(index);
  if (daxDead(walk.tx.host, mount) || mount.fs_state === 'shutdown') {
    return storeOnDead(walk, run, index, mount);
  }
  const unit = levelPages(run.level);
  const from = run.index + Math.floor((index - run.index) / unit) * unit;
  const end = Math.min(run.index + run.nr_pages, run.index + Math.ceil((walk.end - run.index) / unit) * unit);
  const good = goodPages(walk.device, run.pfn + (from - run.index), end - from);
  const to = from + Math.floor(good / unit) * unit;
  if (to === from) return storeOverPoison(walk, run, index);
  walk.faults[run.level] += (to - from) / unit;
  const writable = {
    ...run,
    index: from,
    nr_pages: to - from,
    pfn: run.pfn + (from - run.index),
    writable: true,
  };
  insertEntries(walk.tx, walk.mapping.id, [writable]);
  dirtyFile(walk, from, to);
  return to;
}

/** A fault by PMD over a badblock falls back: the entry goes, and PTEs serve what is good. */
function storeOverPoison(walk: Walk, run: Run, index: number): number | Failure {
  if (run.level === 'pte') return poisoned(walk, index);
  dropEntries(walk.tx, walk.mapping.id, index, 1);
  return missing(walk, index);
}

/** dax_direct_access() of a badblock: -EIO, from v6.12 on -EHWPOISON. Source: drivers/nvdimm/pmem.c. */
function poisoned(walk: Walk, index: number): Failure {
  const lsb = factsOf(walk.tx.host).memory_failure.badblock_fault_lsb;
  return { why: 'sigbus', index, ...(lsb === null ? {} : { hwpoison_lsb: lsb }) };
}

/** C4: a store to a stale shared entry: SIGBUS; whether the entry goes, or the kernel, depends on its size and owner. */
function storeOnDead(walk: Walk, run: Run, index: number, mount: Mount): Failure {
  const effect = storeEffect(walk.tx.host, walk.mapping, run);
  if (memmapGone(walk.device) && effect.do === 'oops') return { why: 'oops', index, effect };
  const splits = mount.fs_type === 'xfs' || (mount.fs_state === 'alive' && mount.journal === 'live');
  if (run.level !== 'pte' && splits) dropEntries(walk.tx, walk.mapping.id, index, 1);
  return { why: 'sigbus', index };
}

function frozen(index: number): Failure {
  return { why: 'blocked', index, in: 'percpu_rwsem_wait' };
}

/** A page that is not mapped: the device node, the page cache or DAX serve the fault. */
function missing(walk: Walk, index: number): number | Failure {
  if (walk.mapping.file === null) {
    return walk.device.mode === 'devdax' || walk.device.mode === 'system-ram'
      ? missingChardev(walk, index)
      : missingBlockDevice(walk, index);
  }
  const file = fileOf(walk);
  const filePages = Math.ceil(file.size / PAGE_BYTES);
  const end = Math.min(walk.end, filePages - walk.mapping.offset / PAGE_BYTES);
  const mount = mountOf(walk);
  return file.dax ? missingDax(walk, mount, index, end) : missingCached(walk, mount, index, end);
}

/** drivers/dax/device.c check_vma(), dev_dax_huge_fault(): entries of the device's align, as writable as the VMA. */
function missingChardev(walk: Walk, index: number): number | Failure {
  const { device, mapping } = walk;
  const alive =
    device.dax_alive && device.driver === 'device_dax' && device.instance === mapping.device_instance;
  if (!alive) return { why: 'sigbus', index };
  const level: Level = device.align === 4096 ? 'pte' : device.align === 2097152 ? 'pmd' : 'pud';
  const unit = levelPages(level);
  const from = Math.floor(index / unit) * unit;
  const to = Math.min(mapping.length / PAGE_BYTES, Math.ceil(nextPresent(walk, index) / unit) * unit);
  const pfn = device.base_pfn + mapping.offset / PAGE_BYTES + from;
  const nr_pages = to - from;
  walk.faults[level] += nr_pages / unit;
  insertEntries(walk.tx, mapping.id, [
    { index: from, nr_pages, pfn, level, kind: 'dax', writable: mapping.prot === 'rw', pgmap: device.pgmap },
  ]);
  markFaulted(walk.tx, device.name, [pfn, nr_pages]);
  return to;
}

/** The page cache of the block device: what any mapping has cached stays, the rest needs the device. */
function missingBlockDevice(walk: Walk, index: number): number | Failure {
  const { tx, mapping, device } = walk;
  const alive =
    device.instance === mapping.device_instance && device.driver === 'nd_pmem' && device.media_present;
  const page = index + mapping.offset / PAGE_BYTES;
  if (!alive && !cachedElsewhere(walk, page)) return { why: 'sigbus', index };
  const to = alive ? nextPresent(walk, index) : index + 1;
  const anon = isPrivate(mapping) && walk.write;
  walk.faults.pte += to - index;
  insertEntries(tx, mapping.id, [
    {
      index,
      nr_pages: to - index,
      pfn: -1,
      level: 'pte',
      kind: anon ? 'anon' : 'cache',
      writable: true,
      pgmap: 0,
    },
  ]);
  return to;
}

function cachedElsewhere(walk: Walk, page: number): boolean {
  const others = mappingsOfDevice(walk.tx.host, walk.device.name).filter(
    (other) => other.file === null && other.device_instance === walk.mapping.device_instance,
  );
  return others.some((other) => {
    const run = findRun(entriesOf(walk.tx.host, other.id), page - other.offset / PAGE_BYTES);
    return run?.kind === 'cache';
  });
}

/** mm/filemap.c filemap_fault(): a cached page is RAM; another is read from the device. */
function missingCached(walk: Walk, mount: Mount, index: number, end: number): number | Failure {
  const { tx, mapping } = walk;
  const file = fileOf(walk);
  const shift = mapping.offset / PAGE_BYTES;
  const own = cachedAt(tx.host, file, index + shift);
  const limit = Math.min(end, nextPresent(walk, index));
  let to = limit;
  if (own !== null) to = Math.min(limit, own.index + own.nr_pages - shift);
  else {
    if (blockDeviceGone(tx.host, mount) || mount.fs_state === 'shutdown') return { why: 'sigbus', index };
    to = Math.min(limit, nextCached(tx.host, file, index + shift) - shift);
    addPages(tx, file, index + shift, to + shift, 'pte');
  }
  if (walk.write && isPrivate(mapping)) return copyOnWrite(walk, index, to);
  walk.faults.pte += to - index;
  insertEntries(tx, mapping.id, [
    { index, nr_pages: to - index, pfn: -1, level: 'pte', kind: 'cache', writable: walk.write, pgmap: 0 },
  ]);
  if (walk.write) dirtyFile(walk, index, to);
  return to;
}

/** fs/dax.c dax_iomap_fault(): by PMD where everything allows it (A5, A10), else by PTE. */
function missingDax(walk: Walk, mount: Mount, index: number, end: number): number | Failure {
  const { tx, mapping, device } = walk;
  const failure = daxRefuses(walk, mount, index);
  if (failure !== null) return failure;
  const file = fileOf(walk);
  const shift = mapping.offset / PAGE_BYTES;
  const extent = extentAt(file, index + shift);
  const gap = Math.min(end, nextPresent(walk, index));
  const limit = index + goodPages(device, extent.pfn + (index + shift - extent.offset), gap - index);
  if (limit === index) return poisoned(walk, index);
  if (walk.write && isPrivate(mapping)) return copyOnWrite(walk, index, limit);
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
  if (daxDead(walk.tx.host, mount)) return { why: 'sigbus', index };
  if (mount.fs_state === 'frozen') return walk.write && !isPrivate(walk.mapping) ? frozen(index) : null;
  if (mount.fs_state !== 'shutdown') return null;
  if (mount.fs_type === 'xfs' || (walk.write && !isPrivate(walk.mapping))) return { why: 'sigbus', index };
  const detail =
    'a read fault on an ext4 that was shut down while its device is alive is neither recorded nor in the sources read';
  return { why: 'refused', refusal: unknownOutcome(detail) };
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

function nextRunStart(walk: Walk, from: number): number {
  return nextRun(entriesOf(walk.tx.host, walk.mapping.id), from)?.index ?? Number.POSITIVE_INFINITY;
}

/** The end of the gap a missing page lies in, within the walk. */
function nextPresent(walk: Walk, index: number): number {
  return Math.min(walk.end, nextRunStart(walk, index));
}

/** The file behind the mapping as it stands now. */
function fileOf(walk: Walk): File {
  return must(walk.tx.host.tables.files.get(walk.mapping.file!), `file of ${walk.mapping.id}`);
}

function mountOf(walk: Walk): Mount {
  return superblockOf(walk.tx.host, fileOf(walk).file_system)!;
}

function dirtyFile(walk: Walk, from: number, to: number): void {
  if (walk.mapping.file === null) return;
  const file = fileOf(walk);
  const shift = walk.mapping.offset / PAGE_BYTES;
  tagDirty(walk.tx, file, from + shift, to + shift);
}
