import { firstEndingAfter, type PfnRange } from './pfn_range.ts';

/**
 * Pages as ranges that ascend and do not touch, two doubles each: `[pfn, nr_pages, pfn, nr_pages, …]`. What PfnRange[] is
 * to records, for as many ranges as are mapped: one pass costs a few nanoseconds a range.
 */
export type PfnSet = Float64Array;
/** Doubles a range. */
const PAIR = 2;

/** Ranges as they are found, in whatever order and however often. */
export interface PfnList {
  pairs: Float64Array;
  /** Doubles of `pairs` that are taken. */
  length: number;
}

/** Nothing found yet. */
export function pfnList(): PfnList {
  return { pairs: new Float64Array(0), length: 0 };
}

/** Makes room for so many ranges: who finds many writes them there itself. */
export function reserve(list: PfnList, ranges: number): Float64Array {
  const wanted = list.length + PAIR * ranges;
  if (wanted > list.pairs.length) {
    const pairs = new Float64Array(list.length === 0 ? wanted : Math.max(wanted, 2 * list.pairs.length));
    pairs.set(list.pairs.subarray(0, list.length));
    list.pairs = pairs;
  }
  return list.pairs;
}

/** Adds a range. */
export function addPfns(list: PfnList, pfn: number, nr_pages: number): void {
  const pairs = reserve(list, 1);
  pairs[list.length] = pfn;
  pairs[list.length + 1] = nr_pages;
  list.length += PAIR;
}

/** How many ranges were added. */
export function rangesFound({ length }: PfnList): number {
  return length / PAIR;
}

/**
 * All that was found, each page once; the list is used up. O(ranges) where they ascend, or the pieces that do lie behind
 * each other; else O(ranges log pieces), less what is found more than once.
 */
export function setOf({ pairs, length }: PfnList): PfnSet {
  const begins = [0];
  const end = coalesce(pairs, length, begins);
  if (begins.length === 1) return taken(pairs, end);
  const pieces = begins.map((begin, at) => pairs.subarray(begin, begins[at + 1] ?? end));
  return unionOf(pieces);
}

/** Makes one of ranges that touch the one before; tells where they descend. Returns what is then taken. */
function coalesce(pairs: Float64Array, length: number, begins: number[]): number {
  let to = 0;
  let last = Number.NEGATIVE_INFINITY;
  let end = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < length; at += PAIR) {
    const pfn = pairs[at]!;
    const behind = pfn + pairs[at + 1]!;
    if (pfn < last) begins.push(to);
    else if (pfn <= end) {
      if (behind > end) {
        end = behind;
        pairs[to - 1] = end - last;
      }
      continue;
    }
    pairs[to] = pfn;
    pairs[to + 1] = behind - pfn;
    to += PAIR;
    last = pfn;
    end = behind;
  }
  return to;
}

function taken(pairs: Float64Array, length: number): PfnSet {
  if (pairs.length === length) return pairs;
  return 2 * length < pairs.length ? pairs.slice(0, length) : pairs.subarray(0, length);
}

/** Pages of any of these. */
export function unionOf(sets: readonly PfnSet[]): PfnSet {
  let pieces = sets.filter(({ length }) => length > 0).sort((a, b) => a[0]! - b[0]!);
  const areApart = pieces.every((piece, at) => at === 0 || endOf(pieces[at - 1]!) < piece[0]!);
  if (pieces.length === 1) return pieces[0]!;
  if (areApart) return concatenated(pieces);
  while (pieces.length > 1) {
    const merged: PfnSet[] = [];
    for (let at = 0; at < pieces.length; at += 2) {
      const [piece, other] = [pieces[at]!, pieces[at + 1]];
      merged.push(other === undefined ? piece : union(piece, other));
    }
    pieces = merged;
  }
  return pieces[0]!;
}

function concatenated(pieces: readonly PfnSet[]): PfnSet {
  const all = new Float64Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function endOf(set: PfnSet): number {
  return set[set.length - 2]! + set[set.length - 1]!;
}

/** Pages of either. O(ranges). */
export function union(a: PfnSet, b: PfnSet): PfnSet {
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a;
  const out = new Float64Array(a.length + b.length);
  let to = 0;
  let last = Number.NEGATIVE_INFINITY;
  let end = Number.NEGATIVE_INFINITY;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const takesA = j === b.length || (i < a.length && a[i]! <= b[j]!);
    const pfn = takesA ? a[i]! : b[j]!;
    const behind = pfn + (takesA ? a[i + 1]! : b[j + 1]!);
    if (takesA) i += PAIR;
    else j += PAIR;
    if (pfn <= end) {
      if (behind > end) {
        end = behind;
        out[to - 1] = end - last;
      }
      continue;
    }
    out[to] = pfn;
    out[to + 1] = behind - pfn;
    to += PAIR;
    last = pfn;
    end = behind;
  }
  return taken(out, to);
}

/** Pages that lie in both. O(log ranges, ranges from where both have begun). */
export function common(a: PfnSet, b: PfnSet): PfnSet {
  const out = new Float64Array(a.length + b.length);
  let to = 0;
  let i = reaching(a, b[0]);
  let j = reaching(b, a[0]);
  while (i < a.length && j < b.length) {
    const endA = a[i]! + a[i + 1]!;
    const endB = b[j]! + b[j + 1]!;
    const from = Math.max(a[i]!, b[j]!);
    const pages = Math.min(endA, endB) - from;
    if (pages > 0) {
      out[to] = from;
      out[to + 1] = pages;
      to += PAIR;
    }
    if (endA < endB) i += PAIR;
    else j += PAIR;
  }
  return taken(out, to);
}

/** How many pages lie in both. O(ranges). */
export function pagesInBoth(a: PfnSet, b: PfnSet): number {
  if (a === b) return pagesIn(a);
  let pages = 0;
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const endA = a[i]! + a[i + 1]!;
    const endB = b[j]! + b[j + 1]!;
    pages += Math.max(0, Math.min(endA, endB) - Math.max(a[i]!, b[j]!));
    if (endA < endB) i += PAIR;
    else j += PAIR;
  }
  return pages;
}

/** Pages of the first that do not lie in the second. O(log ranges, ranges from where both have begun). */
export function without(a: PfnSet, b: PfnSet): PfnSet {
  const left = pfnList();
  let j = reaching(b, a[0]);
  for (let i = 0; i < a.length; i += PAIR) {
    let from = a[i]!;
    const end = from + a[i + 1]!;
    while (j < b.length && b[j]! + b[j + 1]! <= from) j += PAIR;
    for (let k = j; k < b.length && b[k]! < end; k += PAIR) {
      if (b[k]! > from) addPfns(left, from, b[k]! - from);
      from = Math.max(from, b[k]! + b[k + 1]!);
    }
    if (from < end) addPfns(left, from, end - from);
  }
  return taken(left.pairs, left.length);
}

/** Its pages that lie in a range. O(log ranges) where all do. */
export function within(set: PfnSet, pfn: number, nr_pages: number): PfnSet {
  if (set.length === 0) return set;
  if (set[0]! >= pfn && endOf(set) <= pfn + nr_pages) return set;
  return common(set, Float64Array.of(pfn, nr_pages));
}

/** Where the first range begins that ends behind a pfn; the end where that is of no range. */
function reaching(set: PfnSet, pfn: number | undefined): number {
  if (pfn === undefined) return set.length;
  return PAIR * firstEndingAfter(pfn, set.length / PAIR, (at) => set[PAIR * at]! + set[PAIR * at + 1]!);
}

/** Whether pages of a range lie in it. O(log ranges). */
export function meets(set: PfnSet, pfn: number, nr_pages: number): boolean {
  const at = reaching(set, pfn);
  return at < set.length && set[at]! < pfn + nr_pages;
}

/** How many pages there are. O(ranges). */
export function pagesIn(set: PfnSet): number {
  let pages = 0;
  for (let at = 1; at < set.length; at += PAIR) pages += set[at]!;
  return pages;
}

/** How many ranges there are. */
export function rangesIn(set: PfnSet): number {
  return set.length / PAIR;
}

/** The first ranges, as records have them. */
export function rangesOf(set: PfnSet, max = Number.POSITIVE_INFINITY): PfnRange[] {
  const ranges = Math.min(rangesIn(set), max);
  return Array.from({ length: ranges }, (_, at) => [set[PAIR * at]!, set[PAIR * at + 1]!]);
}

/** Ranges as records have them, in whatever order. */
export function setOfRanges(ranges: readonly PfnRange[]): PfnSet {
  const list = pfnList();
  reserve(list, ranges.length);
  for (const [pfn, nr_pages] of ranges) if (nr_pages > 0) addPfns(list, pfn, nr_pages);
  return setOf(list);
}
