import type { Badblocks, DaxDevice } from '../model/host.ts';
import type { PfnRange } from '../model/pfn_range.ts';
import { normalize, subtract } from '../model/pfn_range.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';

/** Adds ranges to a list: sorted, merged. Source: block/badblocks.c badblocks_set(). */
export function addBadblocks(list: readonly Badblocks[], added: readonly Badblocks[]): Badblocks[] {
  return normalize([...list, ...added].map(pairOf)).map(blocksOf);
}

/** Takes ranges out of a list. Source: block/badblocks.c badblocks_clear(). */
export function dropBadblocks(list: readonly Badblocks[], gone: readonly Badblocks[]): Badblocks[] {
  return subtract(list.map(pairOf), normalize(gone.map(pairOf))).map(blocksOf);
}

/** The badblocks of a device in `nr_pages` pages from a pfn, cut to them. */
export function badblocksIn(device: DaxDevice, pfn: number, nr_pages: number): Badblocks[] {
  const from = (pfn - device.base_pfn) * PAGE_BYTES;
  const to = from + nr_pages * PAGE_BYTES;
  return device.badblocks.flatMap(({ offset, length }) => {
    const start = Math.max(from, offset);
    const end = Math.min(to, offset + length);
    return start < end ? [{ offset: start, length: end - start }] : [];
  });
}

/** How many pages from a pfn are good before one with a badblock; `nr_pages` where all are. */
export function goodPages(device: DaxDevice, pfn: number, nr_pages: number): number {
  const [first] = badblocksIn(device, pfn, nr_pages);
  if (first === undefined) return nr_pages;
  return Math.floor(first.offset / PAGE_BYTES) - (pfn - device.base_pfn);
}

/** Pages of a device that a list of bad ranges touches, as pfns. */
export function pagesOf(device: DaxDevice, list: readonly Badblocks[]): PfnRange[] {
  return normalize(
    list.map(({ offset, length }) => {
      const first = Math.floor(offset / PAGE_BYTES);
      const end = Math.ceil((offset + length) / PAGE_BYTES);
      return [device.base_pfn + first, end - first] as const;
    }),
  );
}

/** The bytes of pages. */
export function bytesOf(device: DaxDevice, [pfn, nr_pages]: PfnRange): Badblocks {
  return { offset: (pfn - device.base_pfn) * PAGE_BYTES, length: nr_pages * PAGE_BYTES };
}

function pairOf({ offset, length }: Badblocks): PfnRange {
  return [offset, length];
}

function blocksOf([offset, length]: PfnRange): Badblocks {
  return { offset, length };
}
