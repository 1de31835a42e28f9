import type { DaxDevice, Host } from '../model/host.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import { leakedRanges, leakOf, memoryRangesOf } from '../model/memory_range.ts';
import type { Bytes, Capacity } from '../device/kmem/memory_block.ts';

/**
 * What of the host's devices is free, used and leaked. kmem claims whole memory blocks alone: what lies outside
 * (`unaligned`) is free while it is bound, and of no use. O(devices).
 * Source: kernel/resource.c request_mem_region(); B.1, B.3, FU10.
 */
export function capacityOf(host: Host): Capacity {
  const devices = [...host.tables.dax_devices.values()].map((device) => ({
    dax_device: device.name,
    ...bytesOf(host, device),
  }));
  const sum = (field: keyof Bytes) => devices.reduce((total, own) => total + own[field], 0);
  return {
    total: sum('total'),
    free: sum('free'),
    used: sum('used'),
    leaked: sum('leaked'),
    devices,
    leaked_ranges: leakedRanges(host).map((range) => ({
      ...leakOf(range),
      dax_device: range.dax_device,
      since: range.leaked_at!,
    })),
  };
}

function bytesOf(host: Host, device: DaxDevice): Bytes & { unaligned: number } {
  const ranges = memoryRangesOf(host, device.name);
  const inBlocks = ranges.reduce((sum, range) => sum + range.nr_pages * PAGE_BYTES, 0);
  // A smaller medium may have come where a range is burnt.
  const total = Math.max(device.size, inBlocks);
  const leaked = ranges.some((range) => range.leaked) ? inBlocks : 0;
  const held = device.driver === 'kmem' ? inBlocks - leaked : device.driver === null ? 0 : total - leaked;
  const unaligned = device.driver === 'kmem' || leaked > 0 ? total - inBlocks : 0;
  return { total, free: total - held - leaked, used: held, leaked, unaligned };
}
