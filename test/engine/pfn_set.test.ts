import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countPages,
  intersect,
  normalize,
  overlaps,
  subtract,
  type PfnRange,
} from '../../src/engine/model/pfn_range.ts';
import {
  addPfns,
  common,
  meets,
  pagesIn,
  pagesInBoth,
  pfnList,
  rangesFound,
  rangesIn,
  rangesOf,
  setOf,
  setOfRanges,
  union,
  unionOf,
  within,
  without,
} from '../../src/engine/model/pfn_set.ts';
import { cases } from '../support/property.ts';

const anyRanges = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 12 })).map((pair): PfnRange => pair),
  { maxLength: 24 },
);

describe('a set of pfns', () => {
  test('has what ranges have, however they come', () => {
    fc.assert(
      fc.property(anyRanges, anyRanges, anyRanges, (a, b, c) => {
        const [x, y] = [normalize(a), normalize(b)];
        const [setX, setY] = [setOfRanges(a), setOfRanges(b)];
        expect(rangesOf(setX)).toEqual(x);
        expect(rangesIn(setX)).toBe(x.length);
        expect(pagesIn(setX)).toBe(countPages(x));
        expect(rangesOf(union(setX, setY))).toEqual(normalize([...a, ...b]));
        expect(rangesOf(unionOf([setX, setY, setOfRanges(c)]))).toEqual(normalize([...a, ...b, ...c]));
        expect(rangesOf(common(setX, setY))).toEqual(intersect(x, y));
        expect(pagesInBoth(setX, setY)).toBe(countPages(intersect(x, y)));
        expect(pagesInBoth(setX, setX)).toBe(countPages(x));
        expect(rangesOf(without(setX, setY))).toEqual(subtract(x, y));
        for (const [pfn, nr_pages] of b) {
          expect(rangesOf(within(setX, pfn, nr_pages))).toEqual(intersect(x, normalize([[pfn, nr_pages]])));
          if (nr_pages > 0) expect(meets(setX, pfn, nr_pages)).toBe(overlaps([pfn, nr_pages], x));
        }
      }),
      cases(),
    );
  });

  test('tells its first ranges, and how many were found', () => {
    const list = pfnList();
    for (const pfn of [9, 1, 5, 2]) addPfns(list, pfn, 1);
    expect(rangesFound(list)).toBe(4);
    expect(rangesOf(setOf(list), 2)).toEqual([
      [1, 2],
      [5, 1],
    ]);
    expect(rangesOf(setOf(pfnList()))).toEqual([]);
  });

  test('is the same one where all of it lies within', () => {
    const set = setOfRanges([[4, 2]]);
    expect(within(set, 4, 2)).toBe(set);
    expect(within(set, 0, 100)).toBe(set);
  });
});
