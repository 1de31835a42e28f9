import { PMD_PAGES, PUD_PAGES } from './vocabulary.ts';

/**
 * The page-table entries of one mapping as sorted, non-overlapping runs in one typed array, four columns a
 * run: `[index, nr_pages, pfn, bits]`. `index` is the page index in the mapping, `pfn` its first page frame
 * (-1 for memory that is not the device's). A run of PMD or PUD entries covers whole entries.
 *
 *   bits = level + 4 * kind + 16 * writable + 32 * pgmap
 */
export type Entries = Float64Array;
export const COLUMNS = 4;

export const LEVELS = ['pte', 'pmd', 'pud'] as const;
export type Level = (typeof LEVELS)[number];
/**
 * `dax`: the device's own page. `anon`: copied on write. `cache`: a page-cache page, ordinary RAM. `ram`:
 * anonymous memory in a page of system RAM that kmem added; a hwpoison entry where that page is poisoned.
 */
export const ENTRY_KINDS = ['dax', 'anon', 'cache', 'ram'] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

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

export const NO_ENTRIES: Entries = new Float64Array(0);

/** Base pages one entry of this level maps: 1, 512 or 262144. */
export function levelPages(level: Level): number {
  return level === 'pte' ? 1 : level === 'pmd' ? PMD_PAGES : PUD_PAGES;
}

/** si_addr_lsb of an entry: 12, 21 or 30. */
export function levelShift(level: Level): number {
  return level === 'pte' ? 12 : level === 'pmd' ? 21 : 30;
}

export function encodeRun(run: Run): [number, number, number, number] {
  const bits =
    LEVELS.indexOf(run.level) +
    4 * ENTRY_KINDS.indexOf(run.kind) +
    16 * (run.writable ? 1 : 0) +
    32 * run.pgmap;
  return [run.index, run.nr_pages, run.pfn, bits];
}

export function runCount(entries: Entries): number {
  return entries.length / COLUMNS;
}

/** The run at a position, decoded. */
export function runAt(entries: Entries, position: number): Run {
  const at = position * COLUMNS;
  const bits = entries[at + 3]!;
  return {
    index: entries[at]!,
    nr_pages: entries[at + 1]!,
    pfn: entries[at + 2]!,
    level: LEVELS[bits & 3]!,
    kind: ENTRY_KINDS[(bits >> 2) & 3]!,
    writable: (bits & 16) !== 0,
    pgmap: Math.floor(bits / 32),
  };
}

/** Position of the first run that ends after `index`; runCount() where there is none. O(log runs). */
export function seek(entries: Entries, index: number): number {
  let low = 0;
  let high = runCount(entries);
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = middle * COLUMNS;
    if (entries[at]! + entries[at + 1]! > index) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The run that maps this page, or null. */
export function findRun(entries: Entries, index: number): Run | null {
  const position = seek(entries, index);
  if (position === runCount(entries)) return null;
  const run = runAt(entries, position);
  return run.index <= index ? run : null;
}

/** All runs, decoded, in order of index. */
export function* runs(entries: Entries): Generator<Run> {
  const count = runCount(entries);
  for (let position = 0; position < count; position += 1) yield runAt(entries, position);
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

function pack(list: readonly Run[]): Entries {
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

/** Rewrites only the runs that `[start, end)` touches; the rest is copied as it stands. */
function splice(entries: Entries, start: number, end: number, replace: (touched: Run[]) => Run[]): Entries {
  const first = Math.max(0, seek(entries, start) - 1);
  const last = Math.min(runCount(entries), seek(entries, Math.max(start, end - 1)) + 2);
  const touched: Run[] = [];
  for (let position = first; position < last; position += 1) touched.push(runAt(entries, position));
  const middle = pack(replace(touched));
  const result = new Float64Array(first * COLUMNS + middle.length + (entries.length - last * COLUMNS));
  result.set(entries.subarray(0, first * COLUMNS), 0);
  result.set(middle, first * COLUMNS);
  result.set(entries.subarray(last * COLUMNS), first * COLUMNS + middle.length);
  return result;
}

/**
 * Zaps `[start, end)`. A PMD or PUD entry that is touched goes whole (split of file memory drops it); copied
 * pages stay unless `anon`.
 */
export function dropRange(entries: Entries, start: number, end: number, anon: boolean): Entries {
  return splice(entries, start, end, (touched) =>
    touched.flatMap((run) => {
      if (run.kind === 'anon' && !anon) return [run];
      const unit = levelPages(run.level);
      const from = run.index + Math.floor((start - run.index) / unit) * unit;
      const to = run.index + Math.ceil((end - run.index) / unit) * unit;
      const before = clipRun(run, run.index, Math.min(from, run.index + run.nr_pages));
      const after = clipRun(run, Math.max(to, run.index), run.index + run.nr_pages);
      if (to <= run.index || from >= run.index + run.nr_pages) return [run];
      return [before, after].filter((part) => part !== null);
    }),
  );
}

/** Sets entries: whatever was there in the run's range is replaced. */
export function insertRun(entries: Entries, run: Run): Entries {
  const cleared = dropRange(entries, run.index, run.index + run.nr_pages, true);
  return splice(cleared, run.index, run.index + run.nr_pages, (touched) => {
    const at = touched.findIndex((other) => other.index > run.index);
    return at < 0 ? [...touched, run] : [...touched.slice(0, at), run, ...touched.slice(at)];
  });
}

/** Write-protects every entry that is not a copy. O(runs). */
export function protectAll(entries: Entries): Entries {
  const list = [...runs(entries)].map((run) => (run.kind === 'anon' ? run : { ...run, writable: false }));
  return pack(list);
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
