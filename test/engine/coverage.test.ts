import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cover, coverageOf, firstRanges, noCoverage, type Spans } from '../../src/engine/model/coverage.ts';
import { normalize, type PfnRange } from '../../src/engine/model/pfn_range.ts';
import { cases } from '../support/property.ts';

const PAGES = 400;

interface Way {
  readonly from: number;
  readonly nr_pages: number;
  readonly writable: boolean;
}

const ways = fc.array(
  fc.record({
    from: fc.integer({ min: 0, max: PAGES }),
    nr_pages: fc.integer({ min: 1, max: 40 }),
    writable: fc.boolean(),
  }),
  { maxLength: 60 },
);

/** As cover() is told of a way, at addresses far above 2^32 too. */
function coverAll(list: readonly Way[], base = 0) {
  const coverage = noCoverage();
  for (const { from, nr_pages, writable } of list)
    cover(coverage, base + from, base + from + nr_pages, 1, writable ? 1 : 0);
  return coverage;
}

function spansOf({ from, nr_pages }: Way, base: number): Spans {
  return [base + from, base + from + nr_pages];
}

/** Pages one by one. */
function pagesOf(list: readonly Way[], base: number): PfnRange[] {
  return list.flatMap(({ from, nr_pages }) =>
    Array.from({ length: nr_pages }, (_, at): PfnRange => [base + from + at, 1]),
  );
}

test('[EX3] ways to pages are counted as page by page, whichever came and went before, in whatever order', () => {
  const stories = fc.tuple(ways, ways, fc.constantFrom(0, 2 ** 40 + 7));
  fc.assert(
    fc.property(stories, ([stay, leave, base]) => {
      const coverage = coverAll([...leave, ...stay], base);
      for (const { from, nr_pages, writable } of leave)
        cover(coverage, base + from, base + from + nr_pages, -1, writable ? -1 : 0);
      const writers = stay.filter(({ writable }) => writable);
      const reached = normalize(pagesOf(stay, base));
      expect(firstRanges(coverage, Infinity)).toEqual(reached);
      expect(firstRanges(coverage, 2)).toEqual(reached.slice(0, 2));
      expect([coverage.pages, coverage.writable_pages]).toEqual([
        new Set(pagesOf(stay, base).map(([pfn]) => pfn)).size,
        new Set(pagesOf(writers, base).map(([pfn]) => pfn)).size,
      ]);
      expect(coverage).toEqual(coverAll(stay.toReversed(), base));
      const all = [stay, writers].map((list) => list.map((way) => spansOf(way, base)));
      expect(coverageOf(all[0]!, all[1]!)).toEqual(coverage);
    }),
    cases(500),
  );
});

test('[EX3] chunks stay short, whatever the stride of what is reached, and a way more rewrites one or two', () => {
  for (const stride of [2, 512, 4096]) {
    const list = Array.from({ length: 4000 }, (_, at) => ({
      from: at * stride,
      nr_pages: 1,
      writable: false,
    }));
    const coverage = coverAll(list);
    const longest = Math.max(...coverage.chunks.map(({ length }) => length / 3));
    expect(longest).toBeLessThan(64 * 16);
    const before = coverage.chunks.map((chunk) => [...chunk]);
    cover(coverage, 2000 * stride, 2000 * stride + 1, -1, 0);
    const same = new Set(before.map((chunk) => chunk.join()));
    expect(coverage.chunks.filter((chunk) => !same.has(chunk.join())).length).toBeLessThan(3);
  }
});
