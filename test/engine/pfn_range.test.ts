import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countPages,
  intersect,
  normalize,
  subtract,
  type PfnRange,
} from '../../src/engine/model/pfn_range.ts';
import { cases } from '../support/property.ts';

function pagesOf(ranges: readonly PfnRange[]): number[] {
  const pages = ranges.flatMap(([pfn, count]) => Array.from({ length: count }, (_, at) => pfn + at));
  return [...new Set(pages)].sort((a, b) => a - b);
}

const anyRanges = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 30 })).map((pair): PfnRange => pair),
  { maxLength: 12 },
);

describe('pfn ranges', () => {
  test('normalize keeps every page once, sorted and apart', () => {
    fc.assert(
      fc.property(anyRanges, (ranges) => {
        const normal = normalize(ranges);
        expect(pagesOf(normal)).toEqual(pagesOf(ranges));
        expect(countPages(normal)).toBe(pagesOf(ranges).length);
        normal.slice(1).forEach(([pfn], at) => {
          const [before, count] = normal[at] ?? [0, 0];
          expect(pfn).toBeGreaterThan(before + count);
        });
      }),
      cases(),
    );
  });

  test('intersect is the set of common pages', () => {
    fc.assert(
      fc.property(anyRanges, anyRanges, (a, b) => {
        const other = new Set(pagesOf(b));
        expect(pagesOf(intersect(normalize(a), normalize(b)))).toEqual(
          pagesOf(a).filter((page) => other.has(page)),
        );
      }),
      cases(),
    );
  });

  test('subtract is the set of pages of the first alone', () => {
    fc.assert(
      fc.property(anyRanges, anyRanges, (a, b) => {
        const other = new Set(pagesOf(b));
        expect(pagesOf(subtract(normalize(a), normalize(b)))).toEqual(
          pagesOf(a).filter((page) => !other.has(page)),
        );
      }),
      cases(),
    );
  });
});
