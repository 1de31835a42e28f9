import { firstEndingAfter } from './pfn_range.ts';
import { PMD_PAGES, PUD_PAGES } from './vocabulary.ts';

/**
 * The page-table entries of one mapping as sorted, non-overlapping runs in chunks of typed arrays, four columns a
 * run: `[index, nr_pages, pfn, bits]`. `index` is the page index in the mapping, `pfn` its first page frame
 * (-1 for memory that is not the device's). A run of PMD or PUD entries covers whole entries. A change makes new
 * chunks of those around it and shares the others; none is empty or longer than CHUNK_RUNS.
 *
 *   bits = level + 4 * (kind % 4) + 16 * writable + 32 * pgmap + 2^48 where the kind is the fourth or a later one
 */
export type Entries = readonly Float64Array[];
const COLUMNS = 4;
/** Kinds that two bits of a row tell; of the next ones LATER_KINDS is added. */
const FIRST_KINDS = 4;
const LATER_KINDS = 2 ** 48;
/** Runs a chunk at most: one change of a large table copies three chunks or four. */
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

/** Base pages one entry of this level maps: 1, 512 or 262144. */
export function levelPages(level: Level): number {
  return level === 'pte' ? 1 : level === 'pmd' ? PMD_PAGES : PUD_PAGES;
}

/** si_addr_lsb of an entry: 12, 21 or 30. */
export function levelShift(level: Level): number {
  return level === 'pte' ? 12 : level === 'pmd' ? 21 : 30;
}

/** A run as its four columns. */
export function encodeRun(run: Run): [number, number, number, number] {
  const kind = ENTRY_KINDS.indexOf(run.kind);
  const bits =
    LEVELS.indexOf(run.level) +
    4 * (kind % FIRST_KINDS) +
    16 * (run.writable ? 1 : 0) +
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
function rowAt(rows: Float64Array, position: number): Run {
  const at = position * COLUMNS;
  const stored = rows[at + 3]!;
  const isLater = stored >= LATER_KINDS;
  const bits = isLater ? stored - LATER_KINDS : stored;
  return {
    index: rows[at]!,
    nr_pages: rows[at + 1]!,
    pfn: rows[at + 2]!,
    level: LEVELS[bits & 3]!,
    kind: ENTRY_KINDS[((bits >> 2) & 3) + (isLater ? FIRST_KINDS : 0)]!,
    writable: (bits & 16) !== 0,
    pgmap: Math.floor(bits / 32),
  };
}

function endAt(rows: Float64Array, position: number): number {
  return rows[position * COLUMNS]! + rows[position * COLUMNS + 1]!;
}

function seekChunk(entries: Entries, index: number): number {
  return firstEndingAfter(index, entries.length, (at) => endAt(entries[at]!, rowCount(entries[at]!) - 1));
}

function seekRow(rows: Float64Array, index: number): number {
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

function mergeable(a: Run, b: Run): boolean {
  return (
    a.index + a.nr_pages === b.index &&
    a.level === b.level &&
    a.kind === b.kind &&
    a.writable === b.writable &&
    a.pgmap === b.pgmap &&
    (a.pfn < 0 ? b.pfn < 0 : a.pfn + a.nr_pages === b.pfn)
  );
}

function pack(list: readonly Run[]): Float64Array {
  const merged: Run[] = [];
  for (const run of list) {
    const last = merged.at(-1);
    if (last !== undefined && mergeable(last, run)) {
      merged[merged.length - 1] = { ...last, nr_pages: last.nr_pages + run.nr_pages };
    } else merged.push(run);
  }
  const entries = new Float64Array(merged.length * COLUMNS);
  merged.forEach((run, position) => {
    entries.set(encodeRun(run), position * COLUMNS);
  });
  return entries;
}

/** Rewrites only the chunks of `[start, end)`, and a neighbour where they end with a run of it. O(chunks). */
function splice(entries: Entries, start: number, end: number, replace: (touched: Run[]) => Run[]): Entries {
  const first = Math.max(0, chunkBefore(entries, start));
  const last = Math.min(entries.length, chunkAfter(entries, Math.max(start, end - 1)) + 1);
  const changed = spliceRows(rowsOf(entries.slice(first, last)), start, end, replace);
  return entries.slice(0, first).concat(chunksOf(changed), entries.slice(last));
}

/** The chunk of the run before the first that ends after `index`. */
function chunkBefore(entries: Entries, index: number): number {
  const chunk = seekChunk(entries, index);
  const rows = entries[chunk];
  return rows === undefined || seekRow(rows, index) === 0 ? chunk - 1 : chunk;
}

/** The chunk of the run behind the first that ends after `index`. */
function chunkAfter(entries: Entries, index: number): number {
  const chunk = seekChunk(entries, index);
  const rows = entries[chunk];
  return rows === undefined || seekRow(rows, index) === rowCount(rows) - 1 ? chunk + 1 : chunk;
}

/** Rewrites only the runs that `[start, end)` touches; the rest is copied as it stands. */
function spliceRows(
  rows: Float64Array,
  start: number,
  end: number,
  replace: (touched: Run[]) => Run[],
): Float64Array {
  const first = Math.max(0, seekRow(rows, start) - 1);
  const last = Math.min(rowCount(rows), seekRow(rows, Math.max(start, end - 1)) + 2);
  const touched: Run[] = [];
  for (let position = first; position < last; position += 1) touched.push(rowAt(rows, position));
  const middle = pack(replace(touched));
  const result = new Float64Array(first * COLUMNS + middle.length + (rows.length - last * COLUMNS));
  result.set(rows.subarray(0, first * COLUMNS), 0);
  result.set(middle, first * COLUMNS);
  result.set(rows.subarray(last * COLUMNS), first * COLUMNS + middle.length);
  return result;
}

/**
 * Zaps `[start, end)`. A PMD or PUD entry that is touched goes whole (split of file memory drops it); copied
 * pages stay unless `anon`.
 */
export function dropRange(entries: Entries, start: number, end: number, anon: boolean): Entries {
  return splice(entries, start, end, (touched) =>
    touched.flatMap((run) => (run.kind === 'anon' && !anon ? [run] : leftOf(run, start, end))),
  );
}

/** What a zap of `[start, end)` leaves of a run. */
function leftOf(run: Run, start: number, end: number): Run[] {
  const unit = levelPages(run.level);
  const from = run.index + Math.floor((start - run.index) / unit) * unit;
  const to = run.index + Math.ceil((end - run.index) / unit) * unit;
  if (to <= run.index || from >= run.index + run.nr_pages) return [run];
  const before = clipRun(run, run.index, Math.min(from, run.index + run.nr_pages));
  const after = clipRun(run, Math.max(to, run.index), run.index + run.nr_pages);
  return [before, after].filter((part) => part !== null);
}

/** Sets entries: whatever was there in the run's range is replaced. */
export function insertRun(entries: Entries, run: Run): Entries {
  const end = run.index + run.nr_pages;
  return splice(entries, run.index, end, (touched) => {
    const left = touched.flatMap((other) => leftOf(other, run.index, end));
    const at = left.findIndex((other) => other.index > run.index);
    return at < 0 ? [...left, run] : [...left.slice(0, at), run, ...left.slice(at)];
  });
}

/** Write-protects every entry that is not a copy. O(runs). */
export function protectAll(entries: Entries): Entries {
  const list = [...runs(entries)].map((run) => (run.kind === 'anon' ? run : { ...run, writable: false }));
  return chunksOf(pack(list));
}

/** Counts of present entries by level, and of copied pages. */
export function countPresent(entries: Entries): { pte: number; pmd: number; pud: number; anon: number } {
  const present = { pte: 0, pmd: 0, pud: 0, anon: 0 };
  for (const run of runs(entries)) {
    if (run.kind === 'anon') present.anon += run.nr_pages;
    else present[run.level] += run.nr_pages / levelPages(run.level);
  }
  return present;
}

/** The runs of each of two tables in which they differ; chunks that they share are not read. */
export function differing(a: Entries, b: Entries): readonly [Entries, Entries] {
  const [head, tail] = commonEnds(a, b);
  const [x, y] = [rowsOf(a.slice(head, a.length - tail)), rowsOf(b.slice(head, b.length - tail))];
  const [first, last] = commonEnds(x, y).map((values) => values - (values % COLUMNS));
  return [chunksOf(x.slice(first, x.length - last!)), chunksOf(y.slice(first, y.length - last!))];
}

/** How many members two lists share at the head and, of the rest, at the tail. */
export function commonEnds<T>(a: ArrayLike<T>, b: ArrayLike<T>): [head: number, tail: number] {
  const shortest = Math.min(a.length, b.length);
  let head = 0;
  while (head < shortest && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < shortest - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  return [head, tail];
}

/** Visits the entries that lead to pages of the device, in order of index. O(runs), without an object a run. */
export function eachTranslation(
  entries: Entries,
  visit: (pfn: number, nr_pages: number, writable: boolean) => void,
): void {
  for (const rows of entries) {
    for (let at = 0; at < rows.length; at += COLUMNS) {
      const [pfn, bits] = [rows[at + 2]!, rows[at + 3]!];
      const kind = (bits >> 2) & 3;
      const leadsThere = bits < LATER_KINDS && (kind === DAX || kind === RAM);
      if (leadsThere && pfn >= 0) visit(pfn, rows[at + 1]!, (bits & 16) !== 0);
    }
  }
}

const DAX = ENTRY_KINDS.indexOf('dax');
const RAM = ENTRY_KINDS.indexOf('ram');
