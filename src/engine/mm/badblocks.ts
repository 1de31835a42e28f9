import type { Badblocks, DaxDevice } from '../model/host.ts';
import type { PfnRange } from '../model/pfn_range.ts';
import { normalize, subtract } from '../model/pfn_range.ts';
import { unknownOutcome, type Refusal } from '../model/refusal.ts';
import { PAGE_BYTES, SECTOR_BYTES } from '../model/vocabulary.ts';

/** Sectors of a base page. */
const PAGE_SECTORS = PAGE_BYTES / SECTOR_BYTES;

/** Adds ranges to a list: sorted, merged. Source: block/badblocks.c badblocks_set(). */
export function addBadblocks(list: readonly Badblocks[], added: readonly Badblocks[]): Badblocks[] {
  return normalize([...list, ...added].map(pairOf)).map(blocksOf);
}

/** Takes ranges out of a list, sector by sector. Source: block/badblocks.c badblocks_clear(). */
export function dropBadblocks(list: readonly Badblocks[], gone: readonly Badblocks[]): Badblocks[] {
  return subtract(list.map(pairOf), normalize(gone.map(pairOf))).map(blocksOf);
}

/** Those sectors of a list that lie in a range. */
export function cutBadblocks(list: readonly Badblocks[], { offset: from, length }: Badblocks): Badblocks[] {
  return list.flatMap((range) => {
    const start = Math.max(from, range.offset);
    const end = Math.min(from + length, range.offset + range.length);
    return start < end ? [{ offset: start, length: end - start }] : [];
  });
}

/**
 * How many pages from a pfn are good before one that holds a bad sector; `nr_pages` where all are.
 * Source: drivers/nvdimm/pmem.c __pmem_direct_access(), is_bad_pmem() over the sectors of the pages.
 */
export function goodPages(device: DaxDevice, pfn: number, nr_pages: number): number {
  const [first] = cutBadblocks(device.badblocks, sectorsOf(device, [pfn, nr_pages]));
  if (first === undefined) return nr_pages;
  return Math.floor(first.offset / PAGE_SECTORS) - (pfn - device.base_pfn);
}

/** New blocks of a file in which the medium cannot read something: what zeroing them does there is refused. */
export function refusesBadBlocks(device: DaxDevice, blocks: PfnRange): Refusal | null {
  if (goodPages(device, ...blocks) === blocks[1]) return null;
  return unknownOutcome('what becomes of new blocks that the medium cannot read is not in the sources read');
}

/** Pages of a device that hold a sector of a list, as pfns. */
export function pagesOf(device: DaxDevice, list: readonly Badblocks[]): PfnRange[] {
  return normalize(
    list.map(({ offset, length }) => {
      const first = Math.floor(offset / PAGE_SECTORS);
      const end = Math.ceil((offset + length) / PAGE_SECTORS);
      return [device.base_pfn + first, end - first] as const;
    }),
  );
}

/** The sectors of pages of a device. */
export function sectorsOf(device: DaxDevice, [pfn, nr_pages]: PfnRange): Badblocks {
  return { offset: (pfn - device.base_pfn) * PAGE_SECTORS, length: nr_pages * PAGE_SECTORS };
}

function pairOf({ offset, length }: Badblocks): PfnRange {
  return [offset, length];
}

function blocksOf([offset, length]: PfnRange): Badblocks {
  return { offset, length };
}
