import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dropRange, insertRows, protectAll } from '../../src/engine/model/change_entries.ts';
import {
  CHUNK_RUNS,
  chunksOf,
  clipRun,
  countPresent,
  differing,
  encodeRun,
  findRun,
  levelPages,
  levelShift,
  hasRuns,
  nextRun,
  NO_ENTRIES,
  rowsOf,
  runCount,
  runs,
  runsFrom,
  type Entries,
  type Run,
} from '../../src/engine/model/mapping_table.ts';
import { cases } from '../support/property.ts';

const PTE: Run = { index: 10, nr_pages: 4, pfn: 100, level: 'pte', kind: 'dax', writable: true, pgmap: 3 };
const PMD: Run = {
  index: 512,
  nr_pages: 1024,
  pfn: 4096,
  level: 'pmd',
  kind: 'dax',
  writable: false,
  pgmap: 1,
};
const PUD: Run = { index: 0, nr_pages: 262144, pfn: 0, level: 'pud', kind: 'dax', writable: true, pgmap: 2 };
const ANON: Run = { ...PTE, pfn: -1, kind: 'anon', pgmap: 0 };

function rowsFor(...list: readonly Run[]): Float64Array {
  return Float64Array.from(list.flatMap(encodeRun));
}

function insertRun(entries: Entries, run: Run): Entries {
  return insertRows(entries, rowsFor(run));
}

/** What one page maps to, in a map of single pages. */
type Page = Omit<Run, 'index' | 'nr_pages'>;
type Pages = Map<number, Page>;

function expand(entries: Entries): Pages {
  const pages: Pages = new Map();
  for (const { index, nr_pages, pfn, ...rest } of runs(entries)) {
    for (let at = 0; at < nr_pages; at += 1)
      pages.set(index + at, { pfn: pfn < 0 ? pfn : pfn + at, ...rest });
  }
  return pages;
}

/** Whether two runs of a table should be one. */
function continues(before: Run, run: Run): boolean {
  const { index, nr_pages, pfn, ...alike } = before;
  const next = {
    ...alike,
    index: index + nr_pages,
    pfn: pfn < 0 ? pfn : pfn + nr_pages,
    nr_pages: run.nr_pages,
  };
  return JSON.stringify(encodeRun(next)) === JSON.stringify(encodeRun(run));
}

type Op =
  | { readonly op: 'insert'; readonly list: readonly Run[] }
  | { readonly op: 'drop'; readonly start: number; readonly end: number; readonly anon: boolean }
  | { readonly op: 'protect' };

const SPACE = 2048;
const rest = { writable: fc.boolean(), pgmap: fc.integer({ min: 1, max: 2 }) };
const pteRun = fc
  .record({
    index: fc.integer({ min: 0, max: SPACE - 1 }),
    nr_pages: fc.integer({ min: 1, max: 40 }),
    kind: fc.constantFrom('dax', 'anon', 'cache'),
    ...rest,
  })
  .map(
    (run): Run => ({
      ...run,
      level: 'pte',
      kind: run.kind,
      pfn: run.kind === 'dax' ? 8192 + run.index : -1,
    }),
  );
const pmdRun = fc
  .record({ slot: fc.integer({ min: 0, max: 3 }), count: fc.integer({ min: 1, max: 2 }), ...rest })
  .map(
    ({ slot, count, ...own }): Run => ({
      ...own,
      index: slot * 512,
      nr_pages: count * 512,
      level: 'pmd',
      kind: 'dax',
      pfn: 8192 + slot * 512,
    }),
  );
const anyOp: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.array(fc.oneof(pteRun, pteRun, pmdRun), { minLength: 1, maxLength: 6 }), fc.boolean())
      .map(([list, sorted]): Op => {
        return { op: 'insert', list: sorted ? [...list].sort((a, b) => a.index - b.index) : list };
      }),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({
        start: fc.integer({ min: 0, max: SPACE }),
        length: fc.integer({ min: 1, max: 900 }),
        anon: fc.boolean(),
      })
      .map(({ start, length, anon }): Op => ({ op: 'drop', start, end: start + length, anon })),
  },
  { weight: 1, arbitrary: fc.constant<Op>({ op: 'protect' }) },
);

function perform(entries: Entries, op: Op): Entries {
  if (op.op === 'insert') return insertRows(entries, rowsFor(...op.list));
  return op.op === 'drop' ? dropRange(entries, op.start, op.end, op.anon) : protectAll(entries);
}

/** The same by single pages: a touched PMD goes whole. */
function performOnPages(pages: Pages, op: Op): void {
  if (op.op === 'protect') {
    for (const [index, page] of pages)
      if (page.kind !== 'anon') pages.set(index, { ...page, writable: false });
    return;
  }
  if (op.op === 'drop') dropPages(pages, op.start, op.end, op.anon);
  else for (const run of op.list) insertPages(pages, run);
}

function dropPages(pages: Pages, start: number, end: number, anon: boolean): void {
  for (const [index, page] of [...pages]) {
    const unit = levelPages(page.level);
    const first = Math.floor(index / unit) * unit;
    if (first < end && start < first + unit && (page.kind !== 'anon' || anon)) pages.delete(index);
  }
}

function insertPages(pages: Pages, { index, nr_pages, pfn, ...own }: Run): void {
  dropPages(pages, index, index + nr_pages, true);
  for (let at = 0; at < nr_pages; at += 1) pages.set(index + at, { ...own, pfn: pfn < 0 ? pfn : pfn + at });
}

describe('a mapping table', () => {
  test('encodes and decodes every kind of run', () => {
    const cached = { ...PTE, kind: 'cache' as const, writable: false };
    for (const run of [PTE, PMD, PUD, ANON, cached, { ...PTE, kind: 'empty' as const }]) {
      expect([...runs(chunksOf(Float64Array.from(encodeRun(run))))]).toEqual([run]);
    }
  });

  test('knows the pages and the lsb of each level', () => {
    expect((['pte', 'pmd', 'pud'] as const).map((level) => [levelPages(level), levelShift(level)])).toEqual([
      [1, 12],
      [512, 21],
      [262144, 30],
    ]);
  });

  test('finds the run that maps a page, and none beside it', () => {
    const entries = insertRun(insertRun(NO_ENTRIES, PMD), PTE);
    expect([9, 10, 13, 14, 512, 1535, 1536].map((index) => findRun(entries, index)?.level ?? null)).toEqual([
      null,
      'pte',
      'pte',
      null,
      'pmd',
      'pmd',
      null,
    ]);
    expect(nextRun(entries, 1535)?.level).toBe('pmd');
    expect(nextRun(entries, 1536)).toBeNull();
  });

  test('clips a run to a window, and drops one that lies outside', () => {
    expect(clipRun(PTE, 11, 13)).toEqual({ ...PTE, index: 11, nr_pages: 2, pfn: 101 });
    expect(clipRun(ANON, 11, 13)).toEqual({ ...ANON, index: 11, nr_pages: 2 });
    expect(clipRun(PTE, 14, 20)).toBeNull();
  });

  test('merges what continues, and only that', () => {
    const next: Run = { ...PTE, index: 14, pfn: 104 };
    expect(runCount(insertRun(insertRun(NO_ENTRIES, PTE), next))).toBe(1);
    const apart: readonly Partial<Run>[] = [
      { index: 15 },
      { writable: false },
      { pgmap: 4 },
      { pfn: 200 },
      { kind: 'cache' },
      { pfn: -1 },
    ];
    for (const other of apart)
      expect(runCount(insertRun(insertRun(NO_ENTRIES, PTE), { ...next, ...other }))).toBe(2);
    expect(runCount(insertRun(insertRun(NO_ENTRIES, ANON), { ...ANON, index: 14 }))).toBe(1);
    expect(runCount(insertRun(insertRun(NO_ENTRIES, ANON), { ...ANON, index: 14, pfn: 1_000_000 }))).toBe(2);
    expect(runCount(insertRun(insertRun(NO_ENTRIES, PMD), { ...PTE, index: 1536 }))).toBe(2);
  });

  test('counts what is present by level', () => {
    const entries = insertRun(insertRun(insertRun(NO_ENTRIES, PMD), PTE), { ...ANON, index: 0, nr_pages: 2 });
    expect(countPresent(entries)).toEqual({ pte: 4, pmd: 2, pud: 0, anon: 2 });
  });

  test('equals a map of single pages after any operations', () => {
    fc.assert(
      fc.property(fc.array(anyOp, { maxLength: 25 }), (ops) => {
        const pages: Pages = new Map();
        let entries: Entries = NO_ENTRIES;
        for (const op of ops) {
          entries = perform(entries, op);
          performOnPages(pages, op);
          expect(new Map([...expand(entries)].sort(([a], [b]) => a - b))).toEqual(
            new Map([...pages].sort(([a], [b]) => a - b)),
          );
          const list = [...runs(entries)];
          expect(list.some((run, at) => at > 0 && continues(list[at - 1]!, run))).toBe(false);
        }
      }),
      cases(),
    );
  });
});

/** Every other page of so many. */
function sparse(count: number): Entries {
  const list = Array.from({ length: count }, (_, at) => ({
    ...PTE,
    index: 2 * at,
    nr_pages: 1,
    pfn: 2 * at,
  }));
  return chunksOf(Float64Array.from(list.flatMap(encodeRun)));
}

describe('a mapping table of many chunks', () => {
  const COUNT = 5 * CHUNK_RUNS + 7;

  test('keeps its runs and its order, and no chunk is empty or too long', () => {
    let entries = sparse(COUNT);
    for (let at = 0; at < COUNT; at += 3)
      entries = insertRun(entries, { ...PTE, index: 2 * at + 1, nr_pages: 1, pfn: 1_000_000 });
    entries = dropRange(entries, 2 * CHUNK_RUNS, 5 * CHUNK_RUNS, true);
    const found = [...runs(entries)];
    expect(found.map(({ index }) => index)).toEqual(
      Array.from({ length: 2 * COUNT }, (_, index) => index).filter(
        (index) =>
          (index % 2 === 0 || index % 6 === 1) && (index < 2 * CHUNK_RUNS || index >= 5 * CHUNK_RUNS),
      ),
    );
    expect(entries.every((chunk) => chunk.length > 0 && chunk.length <= 4 * CHUNK_RUNS)).toBe(true);
    expect([...runs(chunksOf(rowsOf(entries)))]).toEqual(found);
    for (const index of [0, 2 * CHUNK_RUNS - 1, 2 * CHUNK_RUNS, 2 * COUNT - 1, 2 * COUNT]) {
      const later = found.filter((run) => run.index + run.nr_pages > index);
      expect([...runsFrom(entries, index)]).toEqual(later);
      expect(nextRun(entries, index)).toEqual(later[0] ?? null);
      expect(hasRuns(entries, index, index + 4)).toBe(later.some((run) => run.index < index + 4));
    }
  });

  const PER_CHUNK = rowsOf(sparse(COUNT).slice(0, 1)).length / 4;
  test.each([
    ['within a chunk', 2.5 * PER_CHUNK, 1],
    ['between two', 2 * PER_CHUNK - 1, 2],
    ['behind the last', 2 * COUNT, 1],
  ])('a change %s copies what it needs and shares the others', (_where, at, copied) => {
    const before = sparse(COUNT);
    const after = insertRun(before, { ...PTE, index: Math.floor(at), nr_pages: 1, pfn: 1_000_000 });
    expect(before.filter((chunk) => !after.includes(chunk))).toHaveLength(copied);
  });

  test('a change copies the chunks around it and shares the others', () => {
    const before = sparse(COUNT);
    const run = { ...PTE, index: 2 * COUNT - CHUNK_RUNS + 1, nr_pages: 1, pfn: 1_000_000 };
    const after = insertRun(before, run);
    expect(before.filter((chunk) => !after.includes(chunk)).length).toBeLessThanOrEqual(3);
    const [gone, come] = differing(before, after);
    expect(gone).toEqual(before.filter((chunk) => !after.includes(chunk)));
    expect([...runs(come)].filter(({ pfn }) => pfn === run.pfn)).toEqual([run]);
    expect(differing(before, before)).toEqual([[], []]);
  });

  test('changes far from each other, made at once, copy what is around each and share what lies between', () => {
    const before = sparse(COUNT);
    const added = [1, 2.5 * PER_CHUNK, 2 * COUNT - 3].map((at) => {
      return { ...PTE, index: 2 * Math.floor(at / 2) + 1, nr_pages: 1, pfn: 1_000_000 };
    });
    const after = insertRows(before, rowsFor(...added));
    expect(before.filter((chunk) => !after.includes(chunk))).toHaveLength(3);
    const told = [...runs(before), ...added].sort((a, b) => a.index - b.index);
    expect([...runs(after)]).toEqual(told);
  });

  test('what a drop leaves of a chunk joins a neighbour that has room', () => {
    const chunk = (from: number, runs: number): Float64Array =>
      rowsFor(
        ...Array.from({ length: runs }, (_, at) => ({ ...PTE, index: from + 8 * at, pfn: from + 8 * at })),
      );
    const entries = [chunk(0, 100), chunk(1000, 100), chunk(2000, 100)];
    const left = dropRange(entries, 1000, 1780, true);
    expect(left.map(({ length }) => length / 4)).toEqual([102, 100]);
    expect(dropRange(left, 0, 790, true).map(({ length }) => length / 4)).toEqual([103]);
    expect(dropRange(entries, 0, 5000, true)).toEqual([]);
    expect(dropRange(entries, 5000, 6000, true)).toBe(entries);
  });

  test('a protect shares what it need not change, and joins what then goes on, also over the end of a chunk', () => {
    const clean = { ...PTE, writable: false };
    const dirty = (index: number): Run => ({ ...PTE, index, pfn: 90 + index });
    const entries = [
      rowsFor({ ...clean, index: 0, pfn: 90 }),
      rowsFor(dirty(4)),
      rowsFor({ ...clean, index: 8, pfn: 98 }, dirty(12), { ...ANON, index: 40 }),
      rowsFor({ ...clean, index: 60, pfn: 150 }),
    ];
    const after = protectAll(entries);
    expect([...runs(after)]).toEqual([
      { ...clean, index: 0, nr_pages: 16, pfn: 90 },
      { ...ANON, index: 40 },
      { ...clean, index: 60, pfn: 150 },
    ]);
    expect(after.at(-1)).toBe(entries.at(-1));
    expect(protectAll(after)).toBe(after);
  });
});
