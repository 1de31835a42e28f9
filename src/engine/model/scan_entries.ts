import { added } from './append.ts';
import { isWithin } from './change_entries.ts';
import type { Extent } from './inode.ts';
import {
  clipRun,
  COLUMNS,
  isDax,
  isRam,
  isWritable,
  levelIn,
  LEVELS,
  pgmapIn,
  rowAt,
  runCount,
  runsFrom,
  seekChunk,
  translates,
  unitIn,
  type Entries,
  type Level,
  type Run,
} from './mapping_table.ts';
import type { PfnRange } from './pfn_range.ts';
import {
  addPfns,
  pfnList,
  rangesFound,
  rangesIn,
  rangesOf,
  reserve,
  setOf,
  type PfnList,
  type PfnSet,
} from './pfn_set.ts';

/** Which entries for the device's own pages are looked at. */
export interface Which {
  /** Those of this pgmap are, or are not; null: whichever it is. */
  readonly only: number | null;
  readonly but: number | null;
  /** Page indices. */
  readonly from: number;
  readonly to: number;
}

/** Every entry that leads to a page of the device. */
export const EVERY: Which = { only: null, but: null, from: 0, to: Number.POSITIVE_INFINITY };

/** Whether a row is of entries for the device's own pages, of such a pgmap. */
function isOf(bits: number, { only, but }: Which): boolean {
  if (!isDax(bits)) return false;
  const pgmap = pgmapIn(bits);
  return pgmap !== but && (only === null || pgmap === only);
}

/** Adds the pfns that entries translate to: of the device, or of system RAM that has not left. O(runs). */
export function addReached(list: PfnList, entries: Entries): void {
  const pairs = reserve(list, runCount(entries));
  let { length } = list;
  for (const rows of entries) {
    for (let at = 0; at < rows.length; at += COLUMNS) {
      const pfn = rows[at + 2]!;
      if (!translates(rows[at + 3]!, pfn)) continue;
      pairs[length] = pfn;
      pairs[length + 1] = rows[at + 1]!;
      length += 2;
    }
  }
  list.length = length;
}

/** What entries translate to, ends to end in order of index, and what of that is writable: one array where all is. */
interface Translated {
  readonly all: number[];
  readonly writable: number[];
}

/** The pfns from one up to another that entries translate to: of the device, or of system RAM that has not left. O(runs). */
export function translatedSpans(entries: Entries, first: number, end: number): Translated {
  let all: number[] = [];
  let writable: number[] = [];
  let isOne = true;
  for (const rows of entries) {
    for (let at = 0; at < rows.length; at += COLUMNS) {
      const pfn = rows[at + 2]!;
      const bits = rows[at + 3]!;
      if (!translates(bits, pfn)) continue;
      const from = Math.max(pfn, first);
      const to = Math.min(pfn + rows[at + 1]!, end);
      all = addSpan(all, from, to);
      if (isWritable(bits)) writable = addSpan(writable, from, to);
      else isOne = false;
    }
  }
  return { all, writable: isOne ? all : writable };
}

/** Adds a span behind others, or to the last where it goes on with that; an array with just the first has no room to spare. */
export function addSpan(spans: number[], from: number, to: number): number[] {
  if (from >= to) return spans;
  if (spans.length === 0) return [from, to];
  if (spans.at(-1) === from) spans[spans.length - 1] = to;
  else spans.push(from, to);
  return spans;
}

/** Whether entries translate to no other pfns than these. O(runs up to one that does, ranges). */
export function leadsInto(entries: Entries, set: PfnSet): boolean {
  let here = 0;
  for (const rows of entries) {
    for (let at = 0; at < rows.length; at += COLUMNS) {
      const pfn = rows[at + 2]!;
      if (!translates(rows[at + 3]!, pfn)) continue;
      const end = pfn + rows[at + 1]!;
      while (here < set.length && set[here]! + set[here + 1]! < end) here += 2;
      if (here === set.length || set[here]! > pfn) return false;
    }
  }
  return true;
}

/** Adds the pages of system RAM that entries map; a hwpoison entry whose page has left maps none. O(runs). */
export function addRam(list: PfnList, entries: Entries): void {
  for (const rows of entries) {
    for (let at = 0; at < rows.length; at += COLUMNS)
      if (isRam(rows[at + 3]!) && rows[at + 2]! >= 0) addPfns(list, rows[at + 2]!, rows[at + 1]!);
  }
}

/** The first of the ranges that entries for the device's own pages make, ascending. O(runs). */
export function firstDaxRanges(entries: Entries, max: number): PfnRange[] {
  const list = pfnList();
  const isShort = ascends(entries);
  for (const rows of entries) {
    for (let at = 0; at < rows.length; at += COLUMNS)
      if (isDax(rows[at + 3]!)) addPfns(list, rows[at + 2]!, rows[at + 1]!);
    if (isShort && rangesFound(list) > max && rangesIn(setOf({ ...list })) > max) break;
  }
  return rangesOf(setOf(list), max);
}

/** Whether the pfns of entries for the device's own pages ascend with their indices. */
function ascends(entries: Entries): boolean {
  let last = Number.NEGATIVE_INFINITY;
  for (const rows of entries) {
    for (let at = 0; at < rows.length; at += COLUMNS) {
      if (!isDax(rows[at + 3]!)) continue;
      if (rows[at + 2]! < last) return false;
      last = rows[at + 2]!;
    }
  }
  return true;
}

/** Whether an entry translates to a pfn of the device, or of system RAM. O(runs up to it). */
export function reaches(entries: Entries): boolean {
  for (const rows of entries) {
    for (let at = 0; at < rows.length; at += COLUMNS)
      if (translates(rows[at + 3]!, rows[at + 2]!)) return true;
  }
  return false;
}

/** Pages of writable entries; of i_pages, dirty ones. O(runs), once a table. */
export function writablePages(entries: Entries): number {
  return countedIn(entries).writable;
}

/** Whether an entry is writable; of i_pages, dirty. O(runs up to it). */
export function hasWritable(entries: Entries): boolean {
  for (const rows of entries) {
    for (let at = 3; at < rows.length; at += COLUMNS) if (isWritable(rows[at]!)) return true;
  }
  return false;
}

/** Pages of the device itself that entries of each size map. O(runs), once a table. */
export function daxPages(entries: Entries): Readonly<Record<Level, number>> {
  return countedIn(entries).dax;
}

/** What entries are counted by. */
interface PagesCounted {
  readonly all: number;
  readonly writable: number;
  readonly dax: Readonly<Record<Level, number>>;
}

/** A removal asks several times for the pages of a file before it changes any. */
const counted = new WeakMap<Entries, PagesCounted>();

function countedIn(entries: Entries): PagesCounted {
  const known = counted.get(entries) ?? countPages(entries);
  counted.set(entries, known);
  return known;
}

function countPages(entries: Entries): PagesCounted {
  const dax = [0, 0, 0];
  let all = 0;
  let writable = 0;
  for (const rows of entries) {
    for (let at = 0; at < rows.length; at += COLUMNS) {
      const nr_pages = rows[at + 1]!;
      const bits = rows[at + 3]!;
      all += nr_pages;
      if (isWritable(bits)) writable += nr_pages;
      if (isDax(bits)) dax[levelIn(bits)]! += nr_pages;
    }
  }
  return { all, writable, dax: { pte: dax[0]!, pmd: dax[1]!, pud: dax[2]! } };
}

/**
 * A run of each kind that there is of the device's own pages, the first of them, as far as it lies within: what differs
 * is size, writable and pgmap. O(runs, kinds).
 */
export function daxKinds(entries: Entries, which: Which): Run[] {
  const { from, to } = which;
  let kinds: Run[] = [];
  let seen: number[] = [];
  let last = Number.NaN;
  for (let chunk = seekChunk(entries, from); chunk < entries.length; chunk += 1) {
    const rows = entries[chunk]!;
    for (let at = 0; at < rows.length; at += COLUMNS) {
      const bits = rows[at + 3]!;
      if (rows[at]! >= to) return kinds;
      if (bits === last || rows[at]! + rows[at + 1]! <= from) continue;
      last = bits;
      if (seen.includes(bits) || !isOf(bits, which)) continue;
      seen = added(seen, bits);
      const run = rowAt(rows, at / COLUMNS);
      kinds = added(kinds, which === EVERY ? run : clipRun(run, from, to)!);
    }
  }
  return kinds;
}

/** The runs of the device's own pages, decoded, as far as they lie within. O(runs). */
export function daxRuns(entries: Entries, { only, but, from, to }: Which): Run[] {
  const list: Run[] = [];
  for (const run of runsFrom(entries, from)) {
    if (run.index >= to) break;
    const isWanted = run.pgmap !== but && (only === null || run.pgmap === only);
    if (run.kind === 'dax' && isWanted) list.push(clipRun(run, from, to)!);
  }
  return list;
}

/** Adds the pfns of the device's own pages, of entries of one size or all; whole ones where they reach into it. */
export function addDax(list: PfnList, entries: Entries, level: Level | null, which: Which): void {
  const { from, to } = which;
  const wanted = level === null ? -1 : LEVELS.indexOf(level);
  for (let chunk = seekChunk(entries, from); chunk < entries.length; chunk += 1) {
    const rows = entries[chunk]!;
    for (let at = 0; at < rows.length; at += COLUMNS) {
      const index = rows[at]!;
      const end = index + rows[at + 1]!;
      const bits = rows[at + 3]!;
      if (index >= to) return;
      if (end <= from || !isOf(bits, which) || (wanted >= 0 && levelIn(bits) !== wanted)) continue;
      const unit = unitIn(bits);
      const first = Math.max(0, Math.floor((from - index) / unit) * unit);
      const stop = Math.min(end - index, Math.ceil((to - index) / unit) * unit);
      addPfns(list, rows[at + 2]! + first, stop - first);
    }
  }
}

/**
 * Adds the pfns behind the DAX entries in i_pages of a file of these extents, in the order of their indices: what has no
 * block is none. O(runs, extents).
 */
export function addEntered(list: PfnList, extents: readonly Extent[], entries: Entries): void {
  let next = 0;
  for (const rows of entries) {
    for (let at = 0; at < rows.length; at += COLUMNS)
      if (isDax(rows[at + 3]!)) next = addBlocks(list, extents, next, rows[at]!, rows[at + 1]!);
  }
}

/** The same of the first page behind each entry; of larger ones no more than that makes so many ranges. */
export function addEnteredHeads(
  list: PfnList,
  extents: readonly Extent[],
  entries: Entries,
  ranges_max: number,
): void {
  let next = 0;
  for (const rows of entries) {
    for (let at = 0; at < rows.length; at += COLUMNS) {
      const bits = rows[at + 3]!;
      if (!isDax(bits)) continue;
      const unit = unitIn(bits);
      const end = rows[at]! + rows[at + 1]!;
      if (unit === 1) next = addBlocks(list, extents, next, rows[at]!, rows[at + 1]!);
      else
        for (let head = rows[at]!; head < end && rangesFound(list) < ranges_max; head += unit)
          next = addBlocks(list, extents, next, head, 1);
    }
  }
}

/** Adds the blocks behind page indices, from an extent on that does not lie behind them; returns the one for the next. */
function addBlocks(
  list: PfnList,
  extents: readonly Extent[],
  from: number,
  index: number,
  nr_pages: number,
): number {
  let next = from;
  const end = index + nr_pages;
  while (next < extents.length && endOfExtent(extents[next]!) <= index) next += 1;
  for (let here = next; here < extents.length && extents[here]!.offset < end; here += 1) {
    const { offset, pfn } = extents[here]!;
    const first = Math.max(index, offset);
    addPfns(list, pfn + (first - offset), Math.min(end, endOfExtent(extents[here]!)) - first);
  }
  return next;
}

function endOfExtent({ offset, nr_pages }: Extent): number {
  return offset + nr_pages;
}

/** How many of these page indices there are entries for. O(runs, ranges), once a table where one range has all of them. */
export function pagesEntered(entries: Entries, indices: PfnSet): number {
  const isOne = indices.length === 2 && isWithin(entries, indices[0]!, indices[0]! + indices[1]!);
  if (isOne) return countedIn(entries).all;
  let pages = 0;
  let next = 0;
  for (const rows of entries) {
    for (let at = 0; at < rows.length; at += COLUMNS) {
      const index = rows[at]!;
      const end = index + rows[at + 1]!;
      while (next < indices.length && indices[next]! + indices[next + 1]! <= index) next += 2;
      for (let here = next; here < indices.length && indices[here]! < end; here += 2)
        pages += Math.min(end, indices[here]! + indices[here + 1]!) - Math.max(index, indices[here]!);
    }
  }
  return pages;
}
