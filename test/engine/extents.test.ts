import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyForGood, emptyHost } from '../../src/engine/model/apply.ts';
import type { Change } from '../../src/engine/model/event.ts';
import { extentChunks, extentOfPfn, extentsOf } from '../../src/engine/model/extents.ts';
import type { File, Host } from '../../src/engine/model/host.ts';
import { joined, withBlocks, type Extent, type Extents } from '../../src/engine/model/inode.ts';
import { blocksAt, fileOf } from '../../src/engine/model/lookup.ts';
import { differing } from '../../src/engine/model/mapping_table.ts';
import { cases } from '../support/property.ts';
import { wholeOf } from './part.ts';
import { applyUndoable } from './undoable.ts';

/** So many extents, each of one page with a hole of three behind it. */
const holed = (count: number): Extent[] =>
  Array.from({ length: count }, (_, at) => ({ offset: 4 * at, pfn: 900_000 - 2 * at, nr_pages: 1 }));

const put = (extents: readonly Extent[]): Change => {
  return {
    op: 'put',
    kind: 'files',
    id: 'f1',
    record: { id: 'f1', revision: 1, extents } as unknown as File,
  };
};
const give = (offset: number, pfn = offset): Change => {
  return { op: 'give_blocks', file: 'f1', offset, pfn, nr_pages: 1 };
};
const GONE: Change = { op: 'delete', kind: 'files', id: 'f1' };

const byOffset = (a: Extent, b: Extent): number => a.offset - b.offset;

function hostOf(extents: readonly Extent[]): Host {
  const host = emptyHost();
  applyForGood(host, put(extents));
  return host;
}

test('blocks for holes, one after another, are extents in order, in chunks that are none too long', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...Array(900).keys()]), fc.boolean(), (pages, isInOrder) => {
      const pfnOf = (page: number): number => (isInOrder ? page : page - (page % 3) * 10_000) + 50_000;
      const given = pages.map((page): Extent => ({ offset: page, pfn: pfnOf(page), nr_pages: 1 }));
      const extents = given.reduce<Extents>((made, one) => withBlocks(made, one), []);
      const sorted = given.sort(byOffset);
      expect(extents.flat()).toEqual(joined(sorted, (a, b) => a.pfn + a.nr_pages === b.pfn));
      expect(extents.every(({ length }) => length > 0 && length <= 128)).toBe(true);
    }),
    cases(30),
  );
});

test('blocks between two chunks may make one extent of the last of the one and the first of the other', () => {
  const pages = [...Array(300).keys()].map((at): Extent => ({ offset: 2 * at, pfn: 2 * at, nr_pages: 1 }));
  const host = hostOf(pages);
  const before = extentChunks(host, fileOf(host, 'f1'));
  const offset = before[1]![0]!.offset - 1;
  applyForGood(host, give(offset));
  const after = extentChunks(host, fileOf(host, 'f1'));
  expect(after.flat()).toEqual(
    joined([...pages, { offset, pfn: offset, nr_pages: 1 }].sort(byOffset), () => true),
  );
  expect(differing(before, after)[0]).toEqual(before.slice(0, 2));
});

describe('a file of more than 128 extents', () => {
  test('has them beside its record, and in it again once they are one', () => {
    const host = hostOf(holed(128));
    expect([fileOf(host, 'f1').extents.length, host.extents.size]).toEqual([128, 0]);
    applyForGood(host, give(513));
    expect(fileOf(host, 'f1')).toEqual({ id: 'f1', revision: 2, extents: [] });
    expect(extentsOf(host, fileOf(host, 'f1'))).toEqual([
      ...holed(128),
      { offset: 513, pfn: 513, nr_pages: 1 },
    ]);
    applyForGood(host, put(holed(3)));
    expect([extentsOf(host, fileOf(host, 'f1')), host.extents.size]).toEqual([holed(3), 0]);
  });

  test('keeps them when its record changes, and loses them with it', () => {
    const host = hostOf(holed(400));
    applyForGood(host, put([]));
    expect(extentsOf(host, fileOf(host, 'f1'))).toEqual(holed(400));
    applyForGood(host, GONE);
    expect(host.extents.size).toBe(0);
  });

  test.each([128, 129, 400])('is as it was once a change of its %i extents is undone', (count) => {
    const host = hostOf(holed(count));
    for (const change of [give(2), put([]), put(holed(5)), put(holed(500)), GONE]) {
      const before = wholeOf(host);
      applyUndoable(host, [change])();
      expect(wholeOf(host)).toEqual(before);
    }
  });

  test('is found by page and by pfn', () => {
    const host = hostOf(holed(400));
    const file = fileOf(host, 'f1');
    for (const at of [0, 99, 100, 101, 399]) {
      const extent = holed(400)[at]!;
      expect(blocksAt(host, file, 4 * at)).toEqual({ extent, end: 4 * at + 1 });
      expect(blocksAt(host, file, 4 * at + 1)).toEqual({
        extent: null,
        end: at < 399 ? 4 * at + 4 : Infinity,
      });
      expect(extentOfPfn(host, file, extent.pfn)).toEqual(extent);
    }
    expect(extentOfPfn(host, file, 900_001)).toBeUndefined();
  });

  test.each([1_000, 100_000])('has at most three other chunks for blocks of one of %i holes', (count) => {
    const host = hostOf(holed(count));
    for (const page of [1, 2 * count + 2, 4 * count - 1, 4 * count + 9]) {
      const before = extentChunks(host, fileOf(host, 'f1'));
      applyForGood(host, give(page));
      const [gone, come] = differing(before, extentChunks(host, fileOf(host, 'f1')));
      expect(gone.length).toBeLessThanOrEqual(2);
      expect(come.length).toBeLessThanOrEqual(3);
    }
  });
});
