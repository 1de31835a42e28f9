import { firstEndingAfter } from './pfn_range.ts';

/** Consecutive blocks of a file; all counts are of pages. */
export interface Extent {
  /** Page index in the file. */
  readonly offset: number;
  readonly pfn: number;
  readonly nr_pages: number;
}

/**
 * The extents of a file, which are in order, with blocks for a part of one of its holes: one with those that they continue.
 * O(extents), copied.
 */
export function withBlocks(extents: readonly Extent[], { offset, pfn, nr_pages }: Extent): readonly Extent[] {
  const behind = firstEndingAfter(offset, extents.length, (at) => endOf(extents[at]!));
  const [before, next] = [extents[behind - 1], extents[behind]];
  const given = { offset, pfn, nr_pages };
  const [joinsBefore, joinsNext] = [follows(before, given), follows(given, next)];
  const joined = {
    ...(joinsBefore ? before! : given),
    nr_pages: nr_pages + (joinsBefore ? before!.nr_pages : 0) + (joinsNext ? next!.nr_pages : 0),
  };
  const [from, to] = [behind - Number(joinsBefore), behind + Number(joinsNext)];
  return extents.slice(0, from).concat(joined, extents.slice(to));
}

/** Page indices of a file. */
export type IndexRange = Pick<Extent, 'offset' | 'nr_pages'>;

/** Ranges that follow each other by index as one, where they may be. O(ranges). */
export function joined<Range extends IndexRange>(
  ranges: readonly Range[],
  may: (before: Range, next: Range) => boolean,
): Range[] {
  const list: Range[] = [];
  for (const range of ranges) {
    const last = list.at(-1);
    const joins = last !== undefined && last.offset + last.nr_pages === range.offset && may(last, range);
    if (joins) list[list.length - 1] = { ...last, nr_pages: last.nr_pages + range.nr_pages };
    else list.push(range);
  }
  return list;
}

function follows(last: Extent | undefined, next: Extent | undefined): boolean {
  if (last === undefined || next === undefined) return false;
  return endOf(last) === next.offset && last.pfn + last.nr_pages === next.pfn;
}

function endOf({ offset, nr_pages }: Extent): number {
  return offset + nr_pages;
}

/** How the times of a file stand; none of them is told. */
export interface FileTimes {
  /** Its times changed after its device went, and no commit has come since: fsync has something to commit (S36). */
  readonly uncommitted: boolean;
  /** It was changed after its atime: the next read or mmap updates that (relatime). */
  readonly atime_due: boolean;
}
