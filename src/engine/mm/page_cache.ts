import type { File, Host } from '../model/host.ts';
import { isFileUsed } from '../model/lookup.ts';
import {
  findRun,
  levelPages,
  nextRun,
  runs,
  runsFrom,
  type EntryKind,
  type Level,
  type Run,
} from '../model/mapping_table.ts';
import {
  dropEntries,
  entriesOf,
  insertEntries,
  protectEntries,
  type Transaction,
} from '../model/transaction.ts';
import type { PfnRange } from '../model/pfn_range.ts';
import { hasWritable } from '../model/scan_entries.ts';
import { PAGE_BYTES, PMD_PAGES } from '../model/vocabulary.ts';

/**
 * i_pages of a file, kept under the file's id in the same runs as page-table entries: DAX entries (`dax`, by PTE or PMD
 * size, `zero` over a hole, or `empty`) or cached pages (`cache`); `writable` is the DIRTY tag. Pfns are the extents' matter: -1.
 * Source: fs/dax.c dax_insert_entry(), PAGECACHE_TAG_DIRTY.
 */
function pageRun(kind: EntryKind, index: number, nr_pages: number, level: Level): Run {
  return { index, nr_pages, pfn: -1, level, kind, writable: false, pgmap: 0 };
}

/** The real DAX entries in i_pages of a file: those behind which a page of the device stands. In order. O(entries). */
export function daxEntries(host: Host, { id }: File): Run[] {
  return [...runs(entriesOf(host, id))].filter(({ kind }) => kind === 'dax');
}

/** The run that covers a page index, or null. */
export function cachedAt(host: Host, file: File, index: number): Run | null {
  return findRun(entriesOf(host, file.id), index);
}

/** First index at or after `from` that something covers; Infinity where none. */
export function nextCached(host: Host, file: File, from: number): number {
  const run = nextRun(entriesOf(host, file.id), from);
  return run === null ? Number.POSITIVE_INFINITY : Math.max(run.index, from);
}

/** Whether `[start, end)` holds an entry by PTE. */
export function holdsPte(host: Host, file: File, start: number, end: number): boolean {
  for (const run of runsFrom(entriesOf(host, file.id), start)) {
    if (run.index >= end) return false;
    if (run.level === 'pte') return true;
  }
  return false;
}

/** Adds real entries where there are none, empty or zero ones; what is there stays (a PTE fault reuses a PMD entry). */
export function addPages(tx: Transaction, file: File, start: number, end: number, level: Level): void {
  insertEntries(tx, file.id, filled(tx.host, file, start, end, level, false));
}

/** The entries that addPages() adds; dirty with all that is there, where asked. */
export function filled(
  host: Host,
  file: File,
  start: number,
  end: number,
  level: Level,
  dirty: boolean,
): Run[] {
  const run = { ...pageRun(file.dax ? 'dax' : 'cache', start, end - start, level), writable: dirty };
  return entered(host, file, run);
}

/**
 * grab_mapping_entry() of a fault that then fills no page in: where nothing is an empty entry by PTE stays, so that no
 * PMD fits any more (S29).
 */
export function addEmpty(tx: Transaction, file: File, start: number, end: number): void {
  insertEntries(tx, file.id, emptied(tx.host, file, start, end));
}

/** The entries that addEmpty() adds. */
export function emptied(host: Host, file: File, start: number, end: number): Run[] {
  return entered(host, file, pageRun('empty', start, end - start, 'pte'));
}

/** A read fault of a hole leaves the zero page there. Source: fs/dax.c dax_load_hole(), dax_pmd_load_hole(). */
export function addZero(tx: Transaction, file: File, start: number, end: number, level: Level): void {
  insertEntries(tx, file.id, entered(tx.host, file, pageRun('zero', start, end - start, level)));
}

/** What of a run goes where nothing is, or what it takes the place of; with a dirty one what stays is tagged. */
function entered(host: Host, file: File, run: Run): Run[] {
  const added: Run[] = [];
  const end = run.index + run.nr_pages;
  let index = run.index;
  while (index < end) {
    const cached = cachedAt(host, file, index);
    const next = cached === null ? nextCached(host, file, index) : cached.index + cached.nr_pages;
    const to = Math.min(end, next);
    if (cached === null || gives(cached.kind, run.kind)) added.push({ ...run, index, nr_pages: to - index });
    else if (run.writable && !cached.writable) added.push(tagged(cached, index, to));
    index = to;
  }
  return added;
}

/** Whether dax_insert_entry() puts an entry in the place of another. */
function gives(there: EntryKind, kind: EntryKind): boolean {
  return there === 'empty' || (there === 'zero' && kind === 'dax');
}

/** The huge zero entries in i_pages that reach into `[start, end)`: whole ones, as `[index, nr_pages]`. */
export function hugeZeros(host: Host, file: File, start: number, end: number): PfnRange[] {
  const found: PfnRange[] = [];
  for (const run of runsFrom(entriesOf(host, file.id), start)) {
    if (run.index >= end) break;
    if (run.kind !== 'zero' || run.level !== 'pmd') continue;
    const from = Math.max(run.index, Math.floor(start / PMD_PAGES) * PMD_PAGES);
    const to = Math.min(run.index + run.nr_pages, Math.ceil(end / PMD_PAGES) * PMD_PAGES);
    found.push([from, to - from]);
  }
  return found;
}

/** Tags `[start, end)` dirty; a PMD entry is tagged whole. */
export function tagDirty(tx: Transaction, file: File, start: number, end: number): void {
  insertEntries(tx, file.id, dirtied(tx.host, file, start, end));
}

/** The entries that tagDirty() tags. */
export function dirtied(host: Host, file: File, start: number, end: number): Run[] {
  const list: Run[] = [];
  for (const run of runsFrom(entriesOf(host, file.id), start)) {
    if (run.index >= end) break;
    if (!run.writable) list.push(tagged(run, start, end));
  }
  return list;
}

function tagged(run: Run, start: number, end: number): Run {
  const unit = levelPages(run.level);
  const from = Math.max(run.index, run.index + Math.floor((start - run.index) / unit) * unit);
  const to = Math.min(run.index + run.nr_pages, run.index + Math.ceil((end - run.index) / unit) * unit);
  return { ...run, index: from, nr_pages: to - from, writable: true };
}

/** All clean: after a write-back. */
export function clean(tx: Transaction, file: File): void {
  protectEntries(tx, [file.id]);
}

/** Nothing cached: a new mount, a reboot, an eviction. */
export function forget(tx: Transaction, file: File): void {
  forgetRange(tx, file, [0, Math.ceil(file.size / PAGE_BYTES)]);
}

/** Nothing is cached of pages of a file, given as `[index, nr_pages]`; an entry by PMD that is touched goes whole. */
export function forgetRange(tx: Transaction, { id }: File, [index, nr_pages]: PfnRange): void {
  if (entriesOf(tx.host, id).length > 0) dropEntries(tx, id, index, nr_pages, true);
}

/** Whether the inode of a file is in core, as far as anybody can know: it has pages, or is open or mapped (R76). */
export function inCore(host: Host, { id }: File): boolean {
  return entriesOf(host, id).length > 0 || isFileUsed(host, id);
}

/** Whether anything of the file is to be written back. */
export function hasDirty(host: Host, file: File): boolean {
  return hasWritable(entriesOf(host, file.id));
}
