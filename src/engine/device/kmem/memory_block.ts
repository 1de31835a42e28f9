import type { MemoryBlockState } from '../../model/vocabulary.ts';

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
  readonly state: MemoryBlockState;
  readonly zone: 'Normal' | 'Movable' | null;
  readonly node: number | null;
  /** Null where the device's address is not known; then `block` counts from a made-up one. */
  readonly phys_addr: string | null;
  readonly size: number;
  readonly pages_in_use: number;
  readonly hwpoisoned_pages: number;
  /** Its range is burnt until reboot. */
  readonly leaked: boolean;
}

/** Bytes of address space: total = free + used + leaked. */
export interface Bytes {
  readonly total: number;
  /** No driver claims it. */
  readonly free: number;
  /** A driver holds its request_mem_region(). */
  readonly used: number;
  /** Burnt: no driver holds it, and none can until reboot. */
  readonly leaked: number;
}

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
