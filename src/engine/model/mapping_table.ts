import { firstEndingAfter } from './pfn_range.ts';
import { PMD_PAGES, PUD_PAGES } from './vocabulary.ts';

/**
 * The page-table entries of one mapping as sorted, non-overlapping runs in chunks of typed arrays, four columns a
 * run: `[index, nr_pages, pfn, bits]`. `index` is the page index in the mapping, `pfn` its first page frame
 * (-1 for memory that is not the device's). A run of PMD or PUD entries covers whole entries; neighbours that are
 * alike, over neighbouring pages, are one. A change makes new chunks of those around it and shares the others; none is
 * empty or longer than CHUNK_RUNS.
 *
 *   bits = level + 4 * (kind % 4) + 16 * writable + 32 * pgmap + 2^48 where the kind is the fourth or a later one
 *
 * What looks at every run loops over the columns of the chunks and asks the bits (ADR 17): an object a run costs thirty
 * times as much. `runs()` makes those, where few are looked at.
 */
export type Entries = readonly Float64Array[];
/** Doubles a run. */
export const COLUMNS = 4;
/** Kinds that two bits of a row tell; of the next ones LATER_KINDS is added. */
const FIRST_KINDS = 4;
const LATER_KINDS = 2 ** 48;
/** Runs a chunk at most: a change of a table copies one to four of them, and as many pointers as there are chunks. */
export const CHUNK_RUNS = 128;

/** The sizes of an entry: 4 KiB, 2 MiB, 1 GiB. */
export const LEVELS = ['pte', 'pmd', 'pud'] as const;
/** The size of an entry. */
export type Level = (typeof LEVELS)[number];
/**
 * `dax`: the device's own page. `anon`: copied on write. `cache`: a page-cache page, ordinary RAM. `ram`:
 * anonymous memory in a page of system RAM that kmem added; a hwpoison entry where that page is poisoned. `empty`: of
 * i_pages alone, an entry that leads to no page (S29). `zero`: the zero page, or the huge one, over a hole (S30).
 */
export const ENTRY_KINDS = ['dax', 'anon', 'cache', 'ram', 'empty', 'zero'] as const;
/** What an entry leads to. */
export type EntryKind = (typeof ENTRY_KINDS)[number];

/** Neighbouring entries that are alike, over neighbouring pages. */
export interface Run {
  readonly index: number;
  readonly nr_pages: number;
  readonly pfn: number;
  readonly level: Level;
  readonly kind: EntryKind;
  readonly writable: boolean;
  /** The device's pgmap number when the entry was made. */
  readonly pgmap: number;
}

/** Of a mapping that nobody has touched. */
export const NO_ENTRIES: Entries = [];

const PAGES_OF_LEVEL = [1, PMD_PAGES, PUD_PAGES] as const;
const SHIFT_OF_LEVEL = [12, 21, 30] as const;

/** Base pages one entry of this level maps: 1, 512 or 262144. */
export function levelPages(level: Level): number {
  return PAGES_OF_LEVEL[LEVELS.indexOf(level)]!;
}

/** si_addr_lsb of an entry: 12, 21 or 30. */
export function levelShift(level: Level): number {
  return SHIFT_OF_LEVEL[LEVELS.indexOf(level)]!;
}

/** The level in a row's bits, as its place in LEVELS. */
export function levelIn(bits: number): number {
  return bits & 3;
}

/** levelPages() of a row's bits. */
export function unitIn(bits: number): number {
  return PAGES_OF_LEVEL[bits & 3]!;
}

/** Whether a row is of pages of the device itself. */
export function isDax(bits: number): boolean {
  return (bits & 12) === 0 && bits < LATER_KINDS;
}

/** Whether a row is of pages that were copied on write. */
export function isAnon(bits: number): boolean {
  return (bits & 12) === 4 && bits < LATER_KINDS;
}

/** Whether a row is of pages of system RAM that kmem added. */
export function isRam(bits: number): boolean {
  return (bits & 12) === 12 && bits < LATER_KINDS;
}

/** Whether a row's entries translate to pfns: of the device, or of system RAM that has not left. */
export function translates(bits: number, pfn: number): boolean {
  return (isDax(bits) || isRam(bits)) && pfn >= 0;
}

/** Whether a row is of writable entries; of i_pages, of dirty ones. */
export function isWritable(bits: number): boolean {
  return (bits & WRITABLE) !== 0;
}
/** What is added to the bits of a row of writable entries. */
export const WRITABLE = 16;

/** The pgmap number in a row's bits. */
export function pgmapIn(bits: number): number {
  return Math.floor((bits < LATER_KINDS ? bits : bits - LATER_KINDS) / 32);
}

/** A run as its four columns. */
export function encodeRun(run: Run): [number, number, number, number] {
  const kind = ENTRY_KINDS.indexOf(run.kind);
  const bits =
    LEVELS.indexOf(run.level) +
    4 * (kind % FIRST_KINDS) +
    WRITABLE * (run.writable ? 1 : 0) +
    32 * run.pgmap +
    (kind < FIRST_KINDS ? 0 : LATER_KINDS);
  return [run.index, run.nr_pages, run.pfn, bits];
}

/** The entries whose runs stand in one array, as encoded: it is theirs from then on. */
export function chunksOf(rows: Float64Array): Entries {
  const chunks = Math.ceil(rows.length / COLUMNS / CHUNK_RUNS);
  if (chunks === 1) return [rows];
  const length = Math.ceil(rows.length / COLUMNS / chunks) * COLUMNS;
  return Array.from({ length: chunks }, (_, at) => rows.slice(at * length, (at + 1) * length));
}

/** All runs in one array, which may be that of the entries. */
export function rowsOf(entries: Entries): Float64Array {
  if (entries.length === 1) return entries[0]!;
  const rows = new Float64Array(entries.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of entries) {
    rows.set(chunk, at);
    at += chunk.length;
  }
  return rows;
}

/** How many runs there are. O(chunks). */
export function runCount(entries: Entries): number {
  return entries.reduce((sum, chunk) => sum + rowCount(chunk), 0);
}

function rowCount(rows: Float64Array): number {
  return rows.length / COLUMNS;
}

/** The run at a position, decoded. */
export function rowAt(rows: Float64Array, position: number): Run {
  const at = position * COLUMNS;
  const bits = rows[at + 3]!;
  return {
    index: rows[at]!,
    nr_pages: rows[at + 1]!,
    pfn: rows[at + 2]!,
    level: LEVELS[levelIn(bits)]!,
    kind: ENTRY_KINDS[((bits >> 2) & 3) + (bits < LATER_KINDS ? 0 : FIRST_KINDS)]!,
    writable: isWritable(bits),
    pgmap: pgmapIn(bits),
  };
}

function endAt(rows: Float64Array, position: number): number {
  return rows[position * COLUMNS]! + rows[position * COLUMNS + 1]!;
}

/** The chunk of the first run that ends after `index`. */
export function seekChunk(entries: Entries, index: number): number {
  return firstEndingAfter(index, entries.length, (at) => endAt(entries[at]!, rowCount(entries[at]!) - 1));
}

/** The position in a chunk of the first run that ends after `index`. */
export function seekRow(rows: Float64Array, index: number): number {
  return firstEndingAfter(index, rowCount(rows), (at) => endAt(rows, at));
}

/** Runs, decoded, in order of index, from the first on that ends after `index`. */
export function* runsFrom(entries: Entries, index: number): Generator<Run> {
  let first = true;
  for (let chunk = seekChunk(entries, index); chunk < entries.length; chunk += 1) {
    const rows = entries[chunk]!;
    for (let at = first ? seekRow(rows, index) : 0; at < rowCount(rows); at += 1) yield rowAt(rows, at);
    first = false;
  }
}

/** The first run that ends after `index`, or null. O(log runs). */
export function nextRun(entries: Entries, index: number): Run | null {
  const rows = entries[seekChunk(entries, index)];
  return rows === undefined ? null : rowAt(rows, seekRow(rows, index));
}

/** Whether a run reaches into `[start, end)` page indices. O(log runs). */
export function hasRuns(entries: Entries, start: number, end: number): boolean {
  const rows = entries[seekChunk(entries, start)];
  return rows !== undefined && rows[seekRow(rows, start) * COLUMNS]! < end;
}

/** The run that maps this page, or null. */
export function findRun(entries: Entries, index: number): Run | null {
  const run = nextRun(entries, index);
  return run !== null && run.index <= index ? run : null;
}

/** All runs, decoded, in order of index. */
export function* runs(entries: Entries): Generator<Run> {
  for (const rows of entries) {
    for (let at = 0; at < rowCount(rows); at += 1) yield rowAt(rows, at);
  }
}

/** The part of a run inside `[start, end)` page indices; a larger entry is never cut by a caller that rounds. */
export function clipRun(run: Run, start: number, end: number): Run | null {
  const from = Math.max(run.index, start);
  const to = Math.min(run.index + run.nr_pages, end);
  if (from >= to) return null;
  return {
    ...run,
    index: from,
    nr_pages: to - from,
    pfn: run.pfn < 0 ? run.pfn : run.pfn + (from - run.index),
  };
}

/** Counts of present entries by level, and of copied pages. O(runs). */
export function countPresent(entries: Entries): { pte: number; pmd: number; pud: number; anon: number } {
  const pages = [0, 0, 0];
  let anon = 0;
  for (const rows of entries) {
    for (let at = 0; at < rows.length; at += COLUMNS) {
      const bits = rows[at + 3]!;
      if (isAnon(bits)) anon += rows[at + 1]!;
      else pages[levelIn(bits)]! += rows[at + 1]!;
    }
  }
  return { pte: pages[0]!, pmd: pages[1]! / PMD_PAGES, pud: pages[2]! / PUD_PAGES, anon };
}

/** The chunks of each of two lists that the other has not, where one was made of the other. O(chunks). */
export function differing<Chunk>(
  a: readonly Chunk[],
  b: readonly Chunk[],
): readonly [readonly Chunk[], readonly Chunk[]] {
  const [head, tail] = commonEnds(a, b);
  return [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
}

/** How many members two lists share at the head and, of the rest, at the tail: the same ones, or such as are alike. */
export function commonEnds<T>(
  a: readonly T[],
  b: readonly T[],
  areAlike: (one: T, other: T) => boolean = () => false,
): [head: number, tail: number] {
  const shortest = Math.min(a.length, b.length);
  const [lastA, lastB] = [a.length - 1, b.length - 1];
  let head = 0;
  // Of long lists most members are the same: none of those is worth a call.
  while (head < shortest && (a[head] === b[head] || areAlike(a[head]!, b[head]!))) head += 1;
  let tail = 0;
  while (
    tail < shortest - head &&
    (a[lastA - tail] === b[lastB - tail] || areAlike(a[lastA - tail]!, b[lastB - tail]!))
  )
    tail += 1;
  return [head, tail];
}
