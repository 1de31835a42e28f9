import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alikeVmas, type Mapped } from '../../src/engine/mm/alike_vmas.ts';
import { sweepCalls, type Calls, type SweptRound } from '../../src/engine/mm/kill_sweep.ts';
import { insertRows } from '../../src/engine/model/change_entries.ts';
import type { Mapping } from '../../src/engine/model/host.ts';
import {
  encodeRun,
  findRun,
  levelPages,
  NO_ENTRIES,
  runs,
  type Entries,
  type Level,
  type Run,
} from '../../src/engine/model/mapping_table.ts';
import { cases } from '../support/property.ts';

const anyRun = fc
  .record({
    slot: fc.integer({ min: 0, max: 2 }),
    at: fc.integer({ min: 0, max: 40 }),
    nr_pages: fc.integer({ min: 1, max: 3 }),
    kind: fc.constantFrom('pte', 'pte', 'pte', 'anon', 'pmd'),
    pgmap: fc.integer({ min: 1, max: 2 }),
  })
  .map(({ slot, at, nr_pages, kind, pgmap }): Run => {
    const pfn = kind === 'anon' ? -1 : 4096 + slot * 512;
    const alike = { pfn, kind: kind === 'anon' ? 'anon' : 'dax', writable: false, pgmap } as const;
    if (kind === 'pmd') return { ...alike, index: slot * 512, nr_pages: 512, level: 'pmd' };
    return { ...alike, index: slot * 512 + at, nr_pages, level: 'pte' };
  });
const anyEntries = fc
  .array(anyRun, { maxLength: 8 })
  .map((list): Entries => insertRows(NO_ENTRIES, Float64Array.from(list.flatMap(encodeRun))));

/** VMAs of a file that some map alike. */
const anyVmas = fc
  .record({
    tables: fc.array(anyEntries, { minLength: 1, maxLength: 3 }),
    behind: anyEntries,
    vmas: fc.array(
      fc.record({
        table: fc.nat(2),
        copies: fc.boolean(),
        finds: fc.boolean(),
        shift: fc.constantFrom(0, 0, 512),
        collected: fc.boolean(),
        refaults: fc.constantFrom(false, false, false, true),
      }),
      { maxLength: 6 },
    ),
  })
  .map(({ tables, behind, vmas }): Mapped[] =>
    vmas.map(({ table, copies, finds, shift, collected, refaults }, at) => {
      const shared = tables[table % tables.length]!;
      const entries = copies ? shared.map((rows) => rows.slice()) : shared;
      const mapping = { id: `v${String(at)}` } as Mapping;
      return { mapping, entries, behind: finds ? behind : null, shift, collected, refaults };
    }),
  );
const anyCalls = fc
  .record({
    start: fc.constantFrom(0, 0, 5),
    nr: fc.integer({ min: 1, max: 2100 }),
    stride: fc.constantFrom(1, 1, 1, 2, 512),
    named_max: fc.constantFrom(0, 3, 100),
  })
  .map(({ start, nr, stride, named_max }): Calls => {
    return { start, end: start + nr, stride, named_max, callsAt: (_index, indices) => indices };
  });

/** What one call finds of a VMA. */
interface Met {
  readonly vma: Mapped;
  readonly level: Level;
  readonly start: number;
  readonly stays: boolean;
}

/** E1, call by call and page by page. */
function oneByOne(vmas: readonly Mapped[], { start, end, stride }: Calls) {
  const sent = new Map<string, { id: string; level: Level; index: number; count: number }>();
  const gone = new Set<number>();
  for (let index = start; index < end; index += stride) {
    const met = vmas.flatMap((vma) => metBy(vma, index)).filter(({ stays }) => stays || !gone.has(index));
    const told = met.filter(({ vma }) => vma.collected);
    // By the place where a run begins, of one place by the VMA.
    told.sort((a, b) => a.start - b.start);
    const unit = Math.max(0, ...told.map(({ level }) => levelPages(level)));
    for (const { vma, level } of told) {
      const { id } = vma.mapping;
      const before = sent.get(`${id} ${level}`) ?? { id, level, index, count: 0 };
      sent.set(`${id} ${level}`, { ...before, count: before.count + 1 });
    }
    const from = unit === 0 ? index : Math.floor(index / unit) * unit;
    for (let page = from; page < from + unit; page += 1) gone.add(page);
  }
  return { sent: [...sent.values()], gone };
}

/** Copied pages are found behind which the file has a real entry. */
function metBy(vma: Mapped, index: number): Met[] {
  const run = findRun(vma.entries, index - vma.shift);
  if (run === null) return [];
  const { level } = run;
  if (run.kind !== 'anon') return [{ vma, level, start: run.index + vma.shift, stays: vma.refaults }];
  const behind = vma.behind === null ? null : findRun(vma.behind, index);
  if (behind?.kind !== 'dax') return [];
  return [{ vma, level, start: Math.max(run.index + vma.shift, behind.index), stays: true }];
}

test('[E1] a sweep signals, and takes away, what call by call and page by page would', () => {
  fc.assert(
    fc.property(anyVmas, anyCalls, (vmas, calls) => {
      const { sent, regions, rounds } = sweepCalls(vmas, calls);
      const wanted = oneByOne(vmas, calls);
      expect(sent.map(({ mapping: { id }, ...rest }) => ({ id, ...rest }))).toEqual(wanted.sent);
      expect(entriesIn(vmas, (page) => regions.some(([from, to]) => page >= from && page < to))).toEqual(
        entriesIn(vmas, (page) => wanted.gone.has(page)),
      );
      const all = sweepCalls(vmas, { ...calls, named_max: Number.POSITIVE_INFINITY });
      expect(firstNamed(rounds, calls.named_max)).toEqual(firstNamed(all.rounds, calls.named_max));
    }),
    cases(400),
  );
});

/** The first that are named, call by call. */
function firstNamed(rounds: readonly SweptRound[], most: number): string[] {
  const named: string[] = [];
  for (const { count, victims } of rounds)
    for (let call = 0; call < count && named.length < most; call += 1)
      named.push(...victims.map(({ mapping, stays }) => `${mapping.id} ${String(stays)}`));
  return named.slice(0, most);
}

/** The pages of entries that such a page index is of: own copies stay. */
function entriesIn(vmas: readonly Mapped[], isIn: (page: number) => boolean): string[] {
  return vmas.flatMap(({ mapping, entries, shift }) =>
    [...runs(entries)].flatMap(({ index, nr_pages, kind }) =>
      Array.from({ length: kind === 'anon' ? 0 : nr_pages }, (_, at) => index + shift + at)
        .filter(isIn)
        .map((page) => `${mapping.id} ${String(page)}`),
    ),
  );
}

/** A table of these runs, each in a chunk of its own where it is said so. */
function table(list: readonly Run[], isSplit = false): Entries {
  const rows = list.map((run) => Float64Array.from(encodeRun(run)));
  return isSplit ? rows : [Float64Array.from(rows.flatMap((row) => [...row]))];
}

const page: Run = { index: 0, nr_pages: 1, pfn: 9, level: 'pte', kind: 'dax', writable: false, pgmap: 1 };
const next: Run = { ...page, index: 2, pfn: 11 };

test('[E1] VMAs are alike whose entries are of the same sizes at the same pages, and found alike', () => {
  const entries = table([page, next]);
  const vma = { entries, behind: null, shift: 0, collected: true, refaults: false };
  const others = {
    itself: vma,
    'of other pfns, pgmaps and rights': {
      ...vma,
      entries: table([page, { ...next, pfn: 40, pgmap: 2, writable: true }]),
    },
    'a page further': { ...vma, entries: table([page, { ...next, index: 3 }]) },
    longer: { ...vma, entries: table([page, { ...next, nr_pages: 2 }]) },
    'copied on write': { ...vma, entries: table([page, { ...next, kind: 'anon', pfn: -1 }]) },
    'by PMD': { ...vma, entries: table([page, { ...next, level: 'pmd' }]) },
    'in chunks of their own': { ...vma, entries: table([page, next], true) },
    'of another file': { ...vma, behind: entries },
    'faulted in again': { ...vma, refaults: true },
    'not collected': { ...vma, collected: false },
    'of other pages of the file': { ...vma, shift: 1 },
  };
  const told = Object.entries(others).map(([name, other]) => {
    const mapped = [vma, other].map((each, at) => ({
      ...each,
      mapping: { id: `v${String(at)}` } as Mapping,
    }));
    return [name, alikeVmas(mapped).map(({ members }) => members)];
  });
  const isApart = (name: string): boolean => !['itself', 'of other pfns, pgmaps and rights'].includes(name);
  expect(told).toEqual(Object.keys(others).map((name) => [name, isApart(name) ? [[0], [1]] : [[0, 1]]]));
});

test('[E1] a sweep over more VMAs that have a page at once than most have', () => {
  const calls: Calls = { start: 0, end: 64, stride: 1, named_max: 0, callsAt: (_index, indices) => indices };
  const vmas = Array.from({ length: 40 }, (_, at): Mapped => {
    const entries = table([{ ...page, nr_pages: at + 1 }]);
    const mapping = { id: `v${String(at)}` } as Mapping;
    return { mapping, entries, behind: null, shift: 0, collected: true, refaults: false };
  });
  const { sent } = sweepCalls(vmas, calls);
  expect(sent.map(({ count }) => count)).toEqual(vmas.map((_, at) => at + 1));
});
