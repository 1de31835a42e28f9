import { firstEndingAfter } from './pfn_range.ts';

/** Consecutive blocks of a file; all counts are of pages. */
export interface Extent {
  /** Page index in the file. */
  readonly offset: number;
  readonly pfn: number;
  readonly nr_pages: number;
}

/**
 * The extents of a file in order of offset; neighbours that lie one behind the other are one. A change makes new chunks of
 * those around it and shares the others; none is empty or longer than CHUNK_EXTENTS.
 */
export type Extents = readonly (readonly Extent[])[];
/** Extents of a chunk at most; the only chunk of a file stands in its record. */
const CHUNK_EXTENTS = 128;

/** Extents in chunks of about the same length. */
export function chunked(extents: readonly Extent[]): Extents {
  const chunks = Math.ceil(extents.length / CHUNK_EXTENTS);
  if (chunks === 1) return [extents];
  const length = Math.ceil(extents.length / chunks);
  return Array.from({ length: chunks }, (_, at) => extents.slice(at * length, (at + 1) * length));
}

/** The first extent that ends after a page index. O(log extents). */
export function nextExtent(extents: Extents, index: number): Extent | undefined {
  const chunk = extents[seekChunk(extents, index)];
  return chunk?.[seekExtent(chunk, index)];
}

/** Extents with blocks for a part of a hole: one with those that they continue. O(chunks), copied. */
export function withBlocks(extents: Extents, { offset, pfn, nr_pages }: Extent): Extents {
  const given = { offset, pfn, nr_pages };
  // Of what they may continue; behind all chunks, the last.
  const first = Math.max(0, Math.min(seekChunk(extents, offset - 1), extents.length - 1));
  const behind = first + (follows(given, extents[first + 1]?.[0]) ? 2 : 1);
  const around = withExtent(extents.slice(first, behind).flat(), given);
  return extents.slice(0, first).concat(chunked(around), extents.slice(behind));
}

function withExtent(extents: readonly Extent[], given: Extent): readonly Extent[] {
  const behind = seekExtent(extents, given.offset);
  const [before, next] = [extents[behind - 1], extents[behind]];
  const [joinsBefore, joinsNext] = [follows(before, given), follows(given, next)];
  const joined = {
    ...(joinsBefore ? before! : given),
    nr_pages: given.nr_pages + (joinsBefore ? before!.nr_pages : 0) + (joinsNext ? next!.nr_pages : 0),
  };
  const [from, to] = [behind - Number(joinsBefore), behind + Number(joinsNext)];
  return extents.slice(0, from).concat(joined, extents.slice(to));
}

function seekChunk(extents: Extents, index: number): number {
  return firstEndingAfter(index, extents.length, (at) => endOf(extents[at]!.at(-1)!));
}

function seekExtent(extents: readonly Extent[], index: number): number {
  return firstEndingAfter(index, extents.length, (at) => endOf(extents[at]!));
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
