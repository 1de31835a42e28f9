import { countPages, intersect } from '../../model/pfn_range.ts';
import { usedPages, physAddr, memoryRangesOf } from '../../model/memory_range.ts';
import { nrBlocks, firstBlock, pfnsOf, blockAt, blockName } from '../../model/memory_block.ts';
import { deviceOf, findModelled } from '../../model/lookup.ts';
import type { Host, MemoryRange } from '../../model/host.ts';
import type { MemoryBlockState } from '../../model/vocabulary.ts';
import { isRefusal, refuse, type Refusal } from '../../model/refusal.ts';

/**
 * One memory block, as `/sys/devices/system/memory/memoryN` and daxctl know it. It is a part of its range, which is
 * the record: it has no uid and no revision of its own.
 */
export interface MemoryBlock {
  readonly host: string;
  /** `memoryN`. */
  readonly id: string;
  readonly name: string;
  /** The N of `memoryN`: physical address by block size. */
  readonly block: number;
  readonly dax_device: string;
  /** `going-offline` while the write does not return. */
  readonly state: MemoryBlockState | 'going-offline';
  readonly zone: 'Normal' | 'Movable' | null;
  /** Whether the kernel has pages of its own there that cannot move; null where nobody has told. */
  readonly kernel_pages: boolean | null;
  /** As it was told; null where nobody has. */
  readonly removable: boolean | null;
  /** As it was told, else the zone that an online block is known to be in; null where neither is known. */
  readonly valid_zones: string | null;
  readonly node: number | null;
  /** Null where the device's address is not known; then `block` counts from a made-up one. */
  readonly phys_addr: string | null;
  readonly size: number;
  readonly pages_in_use: number;
  readonly hwpoisoned_pages: number;
  /** Its range has leaked: it stays reserved until a reboot. */
  readonly leaked: boolean;
}

/** Blocks of a range from the `start`-th on, at most `limit`. O(blocks, extents of anonymous memory). */
export function render(host: Host, range: MemoryRange, start: number, limit: number): MemoryBlock[] {
  const device = deviceOf(host, range.dax_device);
  const used = usedPages(host, range.dax_device);
  const nr_blocks = Math.max(0, Math.min(limit, nrBlocks(range) - start));
  return Array.from({ length: nr_blocks }, (_, n): MemoryBlock => {
    const at = start + n;
    const name = blockName(range, at);
    const pages = pfnsOf(range, at);
    return {
      host: range.host,
      id: name,
      name,
      block: firstBlock(range) + at,
      dax_device: range.dax_device,
      ...stateOf(range, at),
      node: range.node,
      phys_addr: device.phys_addr === null ? null : physAddr(pages[0]),
      size: range.block_bytes,
      pages_in_use: countPages(intersect(used, [pages])),
      hwpoisoned_pages: countPages(intersect(device.hwpoisoned, [pages])),
      leaked: range.leaked,
    };
  });
}

type State = Pick<MemoryBlock, 'state' | 'zone' | 'kernel_pages' | 'removable' | 'valid_zones'>;

function stateOf(range: MemoryRange, at: number): State {
  const { state: before, zone, kernel_pages, removable = null, valid_zones = zone } = blockAt(range, at);
  const state = range.offlining === at ? 'going-offline' : before;
  return { state, zone, kernel_pages, removable, valid_zones };
}

/** The `block`-th memory block of the machine, where it is the device's. */
export function findBlock(
  host: Host,
  dax_device: string,
  block: number,
): { range: MemoryRange; at: number } | Refusal {
  const device = findModelled(host, dax_device);
  if (isRefusal(device)) return device;
  for (const range of memoryRangesOf(host, dax_device)) {
    const at = block - firstBlock(range);
    if (at >= 0 && at < nrBlocks(range)) return { range, at };
  }
  return refuse('memory_block_not_found', `${dax_device} has no memory block ${String(block)}`);
}
