import type { Badblocks, DaxDevice } from './host.ts';
import type { PfnRange } from './pfn_range.ts';
import { normalize, subtract } from './pfn_range.ts';
import { PAGE_BYTES } from './vocabulary.ts';

/** A badblock's unit. */
export const SECTOR_BYTES = 512;
const PAGE_SECTORS = PAGE_BYTES / SECTOR_BYTES;

/** Adds sectors to a list: sorted, merged. Source: block/badblocks.c badblocks_set(). */
export function addBadblocks(list: readonly Badblocks[], added: readonly Badblocks[]): Badblocks[] {
  return normalize([...list, ...added].map(pairOf)).map(blocksOf);
}

/** Takes sectors out of a list. Source: block/badblocks.c badblocks_clear(). */
export function dropBadblocks(list: readonly Badblocks[], gone: readonly Badblocks[]): Badblocks[] {
  return subtract(list.map(pairOf), normalize(gone.map(pairOf))).map(blocksOf);
}

/** The badblocks of a device in `nr_pages` pages from a pfn, cut to them. */
export function badblocksIn(device: DaxDevice, pfn: number, nr_pages: number): Badblocks[] {
  const from = (pfn - device.base_pfn) * PAGE_SECTORS;
  const to = from + nr_pages * PAGE_SECTORS;
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
  return Math.floor(first.offset / PAGE_SECTORS) - (pfn - device.base_pfn);
}

/** Pages of a device that a list of sectors touches, as pfns. */
export function pagesOf(device: DaxDevice, list: readonly Badblocks[]): PfnRange[] {
  return normalize(
    list.map(({ offset, length }) => {
      const first = Math.floor(offset / PAGE_SECTORS);
      const end = Math.ceil((offset + length) / PAGE_SECTORS);
      return [device.base_pfn + first, end - first] as const;
    }),
  );
}

/** Sectors of pages. */
export function sectorsOf(device: DaxDevice, [pfn, nr_pages]: PfnRange): Badblocks {
  return { offset: (pfn - device.base_pfn) * PAGE_SECTORS, length: nr_pages * PAGE_SECTORS };
}

function pairOf({ offset, length }: Badblocks): PfnRange {
  return [offset, length];
}

function blocksOf([offset, length]: PfnRange): Badblocks {
  return { offset, length };
}
