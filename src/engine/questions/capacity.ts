import type { DaxDevice, Host } from '../model/host.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import { leakedRanges, leakOf, memoryRangesOf } from '../model/memory_range.ts';

/** Bytes of address space: total = free + used + leaked. */
export interface Bytes {
  readonly total: number;
  /** No driver claims it. */
  readonly free: number;
  /** A driver holds its request_mem_region(). */
  readonly used: number;
  /** No driver holds it, and none can until a reboot. */
  readonly leaked: number;
}

/** The ledger of a host, and the ranges of it that are leaked. */
export interface Capacity extends Bytes {
  readonly devices: readonly (Bytes & { readonly dax_device: string; readonly unaligned: number })[];
  readonly leaked_ranges: readonly {
    /** Made up where the device's address is not known, as its pfns are. */
    readonly phys_addr: string;
    readonly size: number;
    readonly dax_device: string;
    readonly since: string;
    readonly until: 'reboot';
  }[];
}

/**
 * What of the host's devices is free, used and leaked. kmem claims whole memory blocks only: what lies outside
 * (`unaligned`) is free while it is bound, and of no use. O(devices).
 * Source: kernel/resource.c request_mem_region(); KM1, KM9, FU10.
 */
export function capacityOf(host: Host): Capacity {
  const devices = [...host.tables.dax_devices.values()].map((device) => ({
    dax_device: device.name,
    ...bytesOf(host, device),
  }));
  const sum = (field: keyof Bytes) => devices.reduce((total, device) => total + device[field], 0);
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
  // A smaller medium may have come where a range has leaked.
  const total = Math.max(device.size, inBlocks);
  const leaked = ranges.some((range) => range.leaked) ? inBlocks : 0;
  const held = device.driver === 'kmem' ? inBlocks - leaked : device.driver === null ? 0 : total - leaked;
  const unaligned = device.driver === 'kmem' || leaked > 0 ? total - inBlocks : 0;
  return { total, free: total - held - leaked, used: held, leaked, unaligned };
}
