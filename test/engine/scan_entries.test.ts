import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { insertRows } from '../../src/engine/model/change_entries.ts';
import { joined, type Extent } from '../../src/engine/model/inode.ts';
import {
  clipRun,
  encodeRun,
  levelPages,
  NO_ENTRIES,
  runs,
  type Entries,
  type Run,
} from '../../src/engine/model/mapping_table.ts';
import {
  countPages,
  intersect,
  normalize,
  subtract,
  type PfnRange,
} from '../../src/engine/model/pfn_range.ts';
import {
  pfnList,
  rangesFound,
  rangesOf,
  setOf,
  setOfRanges,
  type PfnList,
} from '../../src/engine/model/pfn_set.ts';
import {
  addDax,
  addEntered,
  addEnteredHeads,
  addRam,
  addReached,
  daxKinds,
  daxPages,
  daxRuns,
  EVERY,
  firstDaxRanges,
  hasWritable,
  leadsInto,
  pagesEntered,
  reaches,
  writablePages,
  type Which,
} from '../../src/engine/model/scan_entries.ts';
import { cases } from '../support/property.ts';

const anyRun = fc
  .record({
    slot: fc.integer({ min: 0, max: 7 }),
    at: fc.integer({ min: 0, max: 500 }),
    nr_pages: fc.integer({ min: 1, max: 12 }),
    level: fc.constantFrom('pte', 'pte', 'pmd'),
    kind: fc.constantFrom('dax', 'dax', 'anon', 'ram', 'cache', 'empty'),
    pfn: fc.integer({ min: 0, max: 4000 }),
    writable: fc.boolean(),
    pgmap: fc.integer({ min: 1, max: 2 }),
  })
  .map(({ slot, at, nr_pages, level, kind, pfn, writable, pgmap }): Run => {
    const huge = level === 'pmd';
    const place = huge ? { index: slot * 512, nr_pages: 512 } : { index: slot * 512 + at, nr_pages };
    const none = kind === 'anon' || kind === 'cache' || kind === 'empty' || (kind === 'ram' && writable);
    return { ...place, level, kind, pfn: none ? -1 : pfn, writable, pgmap };
  });
const anyEntries = fc
  .array(anyRun, { maxLength: 30 })
  .map((list): Entries => insertRows(NO_ENTRIES, Float64Array.from(list.flatMap(encodeRun))));
const anyWhich = fc.record({
  only: fc.constantFrom(null, 1),
  but: fc.constantFrom(null, 2),
  from: fc.integer({ min: 0, max: 4096 }),
  to: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 0, max: 4096 })),
});

function pfnsOf(list: readonly Run[]): PfnRange[] {
  return normalize(list.map(({ pfn, nr_pages }): PfnRange => [pfn, nr_pages]));
}

function added(add: (list: PfnList) => void): PfnRange[] {
  const list = pfnList();
  add(list);
  return rangesOf(setOf(list));
}

/** Those that are looked at, as far as they lie within. */
function wanted(entries: Entries, { only, but, from, to }: Which): Run[] {
  const list = [...runs(entries)].filter(({ kind, pgmap }) => {
    return kind === 'dax' && pgmap !== but && (only === null || pgmap === only);
  });
  return list.flatMap((run) => clipRun(run, from, to) ?? []);
}

/** Extents of a file with holes between them. */
const EXTENTS: readonly Extent[] = Array.from({ length: 20 }, (_, at) => ({
  offset: at * 200,
  pfn: 100_000 - at * 500,
  nr_pages: at % 3 === 0 ? 200 : 90,
}));

function blocksBehind(index: number, nr_pages: number): PfnRange[] {
  return EXTENTS.flatMap(({ offset, pfn, nr_pages: nr }) => {
    const from = Math.max(index, offset);
    const to = Math.min(index + nr_pages, offset + nr);
    return from < to ? [[pfn + (from - offset), to - from] as const] : [];
  });
}

describe('what loops over columns finds is what runs tell:', () => {
  test('pages that are reached, written, of each size, and their indices', () => {
    fc.assert(
      fc.property(anyEntries, anyEntries, (entries, others) => {
        const all = [...runs(entries)];
        const isReached = ({ kind, pfn }: Run): boolean => kind === 'dax' || (kind === 'ram' && pfn >= 0);
        const reached = all.filter(isReached);
        expect(
          added((list) => {
            addReached(list, entries);
          }),
        ).toEqual(pfnsOf(reached));
        expect(reaches(entries)).toBe(reached.length > 0);
        expect(
          added((list) => {
            addRam(list, entries);
          }),
        ).toEqual(pfnsOf(reached.filter(({ kind }) => kind === 'ram')));
        const beside = pfnsOf([...runs(others)].filter(isReached));
        if (leadsInto(entries, setOfRanges(beside))) expect(subtract(pfnsOf(reached), beside)).toEqual([]);
        const writable = all.filter((run) => run.writable);
        expect(writablePages(entries)).toBe(writable.reduce((sum, run) => sum + run.nr_pages, 0));
        expect(hasWritable(entries)).toBe(writable.length > 0);
        const pages = daxPages(entries);
        const dax = all.filter(({ kind }) => kind === 'dax');
        for (const level of ['pte', 'pmd', 'pud'] as const)
          expect(pages[level]).toBe(
            dax.filter((run) => run.level === level).reduce((sum, run) => sum + run.nr_pages, 0),
          );
        const entered = normalize(all.map(({ index, nr_pages }): PfnRange => [index, nr_pages]));
        const indices = pfnsOf([...runs(others)]);
        expect(pagesEntered(entries, setOfRanges(indices))).toBe(countPages(intersect(entered, indices)));
        for (const max of [1, 3, 100])
          expect(firstDaxRanges(entries, max)).toEqual(pfnsOf(dax).slice(0, max));
      }),
      cases(),
    );
  });

  test('a table whose pfns are those of another, in their order, leads into them', () => {
    const run = { level: 'pte', kind: 'dax', writable: false, pgmap: 1 } as const;
    const rowsAt = (...pfns: number[]): Entries =>
      insertRows(
        NO_ENTRIES,
        Float64Array.from(pfns.flatMap((pfn, at) => encodeRun({ ...run, index: 3 * at, nr_pages: 2, pfn }))),
      );
    const set = setOfRanges([
      [10, 4],
      [20, 2],
    ]);
    expect(leadsInto(rowsAt(10, 12, 20), set)).toBe(true);
    expect(leadsInto(rowsAt(10, 13), set)).toBe(false);
    expect(leadsInto(rowsAt(10, 30), set)).toBe(false);
    expect(leadsInto(NO_ENTRIES, set)).toBe(true);
    expect(firstDaxRanges(rowsAt(...Array.from({ length: 5000 }, (_, at) => 4 * at)), 2)).toEqual([
      [0, 2],
      [4, 2],
    ]);
  });

  test('the kinds, runs and pages of some entries', () => {
    fc.assert(
      fc.property(anyEntries, fc.oneof(fc.constant(EVERY), anyWhich), (entries, which) => {
        const some = wanted(entries, which);
        const first = new Map<string, Run>();
        for (const run of some) {
          const kind = `${run.level} ${String(run.writable)} ${String(run.pgmap)}`;
          if (!first.has(kind)) first.set(kind, run);
        }
        expect(daxKinds(entries, which)).toEqual([...first.values()]);
        expect(daxRuns(entries, which)).toEqual(some);
        for (const level of ['pte', 'pmd', null] as const) {
          const whole = wanted(entries, { ...which, from: 0, to: Number.POSITIVE_INFINITY })
            .filter((run) => level === null || run.level === level)
            .flatMap((run): PfnRange[] => {
              const unit = levelPages(run.level);
              const from = Math.max(0, Math.floor((which.from - run.index) / unit) * unit);
              const to = Math.min(run.nr_pages, Math.ceil((which.to - run.index) / unit) * unit);
              const touches = run.index < which.to && run.index + run.nr_pages > which.from;
              return touches ? [[run.pfn + from, to - from]] : [];
            });
          expect(
            added((list) => {
              addDax(list, entries, level, which);
            }),
          ).toEqual(normalize(whole));
        }
      }),
      cases(),
    );
  });

  test('the blocks behind DAX entries in i_pages, and the first of each', () => {
    fc.assert(
      fc.property(anyEntries, (entries) => {
        const dax = [...runs(entries)].filter(({ kind }) => kind === 'dax');
        const blocks = dax.flatMap(({ index, nr_pages }) => blocksBehind(index, nr_pages));
        expect(
          added((list) => {
            addEntered(list, EXTENTS, entries);
          }),
        ).toEqual(normalize(blocks));
        const heads = dax.flatMap(({ level, index, nr_pages }) => {
          if (level === 'pte') return blocksBehind(index, nr_pages);
          return Array.from({ length: nr_pages / 512 }, (_, at) => blocksBehind(index + at * 512, 1)).flat();
        });
        expect(
          added((list) => {
            addEnteredHeads(list, EXTENTS, entries, 4096);
          }),
        ).toEqual(normalize(heads));
        const few = pfnList();
        addEnteredHeads(few, EXTENTS, entries, 1);
        expect(rangesFound(few)).toBeLessThanOrEqual(Math.max(1, heads.length));
        expect(countPages(heads)).toBeGreaterThanOrEqual(heads.length);
      }),
      cases(),
    );
  });
});

test('ranges that follow each other by index are one where they may be', () => {
  const ranges = [
    { offset: 0, nr_pages: 2 },
    { offset: 2, nr_pages: 3 },
    { offset: 6, nr_pages: 1 },
    { offset: 7, nr_pages: 1 },
  ];
  expect(joined(ranges, ({ offset }) => offset < 6)).toEqual([
    { offset: 0, nr_pages: 5 },
    { offset: 6, nr_pages: 1 },
    { offset: 7, nr_pages: 1 },
  ]);
});
