import type { DaxDevice } from '../model/host.ts';
import { PAGE_BYTES, SECTOR_BYTES } from '../model/vocabulary.ts';

/** Bytes of a device, from its start, that are poisoned in one manner. */
export interface PoisonedRange {
  readonly offset: number;
  readonly length: number;
  /** Null where no listing has shown the device's address. */
  readonly phys_addr: string | null;
  /** PG_hwpoison in the struct page. */
  readonly hwpoison: boolean;
  /** The medium cannot be read. */
  readonly badblock: boolean;
}

/** Flags and badblocks of a device merged, ascending: cut where either begins or ends. O(n log n) ranges. */
export function poisonedRanges(device: DaxDevice): PoisonedRange[] {
  const flags = device.hwpoisoned.map(([pfn, nr_pages]) => {
    const from = (pfn - device.base_pfn) * PAGE_BYTES;
    return { from, to: from + nr_pages * PAGE_BYTES };
  });
  const bad = device.badblocks.map(({ offset, length }) => {
    return { from: offset * SECTOR_BYTES, to: (offset + length) * SECTOR_BYTES };
  });
  const cuts = [...new Set([...flags, ...bad].flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
  const inFlags = within(flags);
  const inBad = within(bad);
  return cuts.flatMap((from, at) => {
    const hwpoison = inFlags(from);
    const badblock = inBad(from);
    if (!hwpoison && !badblock) return [];
    return [
      { offset: from, length: cuts[at + 1]! - from, phys_addr: addressOf(device, from), hwpoison, badblock },
    ];
  });
}

/** Whether ascending positions, asked in order, lie in ascending ranges. */
function within(ranges: readonly { readonly from: number; readonly to: number }[]): (at: number) => boolean {
  let next = 0;
  return (at) => {
    while (next < ranges.length && ranges[next]!.to <= at) next += 1;
    return next < ranges.length && ranges[next]!.from <= at;
  };
}

function addressOf(device: DaxDevice, offset: number): string | null {
  return device.phys_addr === null ? null : `0x${(BigInt(device.phys_addr) + BigInt(offset)).toString(16)}`;
}
