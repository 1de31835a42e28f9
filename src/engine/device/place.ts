import type { DaxDevice, Host, MemoryRange } from '../model/host.ts';
import { leakedRanges } from '../model/memory_range.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';

/**
 * Where pgmaps are put whose address no listing shows: above 4 PiB, so that what is nobody's fact is in nobody's way.
 * A device has 64 TiB to grow in by its name, so that no order of listings decides where it lies. What has another
 * name or higher numbers than that allows, or finds somebody there, lies behind all others, with 4 TiB of its own.
 */
const UNKNOWN_BASE_PFN = 2 ** 40;
const NAMED = /^(dax|namespace|pmem)(\d{1,3})(?:\.(\d{1,3}))?(s?)$/;
const NAMES = ['dax', 'pmem', 'namespace', 'pmems'];
const BUSES = 256;
const DEVICES_OF_BUS = 128;
const NAMED_PAGES = 2 ** 34;
const UNNAMED_BASE_PFN = UNKNOWN_BASE_PFN + NAMES.length * BUSES * DEVICES_OF_BUS * NAMED_PAGES;
const UNNAMED_PAGES = 2 ** 30;
const END_PFN = 2 ** 52;
/** Physical addresses have 52 bits. Source: arch/x86/include/asm/sparsemem.h MAX_PHYSMEM_BITS, v6.12. */
const SIZE_MAX = 2 ** 52;

/**
 * Where the devices of a host lie: ascending lists, so that a listing places 10^4 of them one after another without
 * looking at each for each.
 */
export interface Places {
  /** First pfns of the devices that are there. */
  readonly starts: number[];
  /** First pfns behind them. */
  readonly ends: number[];
  /** First and last pfns of all, gone ones too. */
  readonly marks: number[];
  /** Of all of them, gone ones too. */
  readonly sizes: { bytes: number };
  /** Ranges that no probe gets until a reboot; no device that comes or goes changes them. */
  readonly leaked: readonly MemoryRange[];
}

/** The places of all devices but the one named. O(n log n). */
export function placesOf(host: Host, but: string | null): Places {
  const devices = host.tables.dax_devices.where(({ name }) => name !== but);
  const there = devices.filter(isThere);
  return {
    starts: there.map(({ base_pfn }) => base_pfn).sort(ascending),
    ends: there.map(endOf).sort(ascending),
    marks: devices.flatMap(marksOf).sort(ascending),
    sizes: { bytes: devices.reduce((sum, { size }) => sum + size, 0) },
    leaked: leakedRanges(host),
  };
}

/** Takes a device as it is now into account. */
export function addPlace(places: Places, device: DaxDevice): void {
  for (const [list, pfn] of pfnsIn(places, device)) {
    const at = countBelow(list, pfn);
    if (at === list.length) list.push(pfn);
    else list.splice(at, 0, pfn);
  }
  places.sizes.bytes += device.size;
}

/** Leaves a device out that has been taken into account as it is now. */
export function removePlace(places: Places, device: DaxDevice): void {
  for (const [list, pfn] of pfnsIn(places, device)) list.splice(countBelow(list, pfn), 1);
  places.sizes.bytes -= device.size;
}

/** The first pfn of a device: by its address, else by its name, else behind all others. O(log n). */
export function basePfn(
  places: Places,
  { name, size }: Pick<DaxDevice, 'name' | 'size'>,
  phys_addr: string | null,
): number {
  if (phys_addr !== null) return Number(BigInt(phys_addr) / BigInt(PAGE_BYTES));
  const named = namedPfn(name);
  const nr_pages = Math.max(NAMED_PAGES, Math.ceil(size / PAGE_BYTES));
  if (named !== null && isFree(places, named, named + nr_pages)) return named;
  const behind = (places.marks.at(-1) ?? 0) + 1;
  return Math.max(UNNAMED_BASE_PFN, Math.ceil(behind / UNNAMED_PAGES) * UNNAMED_PAGES);
}

function namedPfn(name: string): number | null {
  const [, kind, bus, device = '0', suffix] = NAMED.exec(name) ?? [];
  const of = NAMES.indexOf(`${String(kind)}${String(suffix)}`);
  if (of < 0 || Number(bus) >= BUSES || Number(device) >= DEVICES_OF_BUS) return null;
  return UNKNOWN_BASE_PFN + ((of * BUSES + Number(bus)) * DEVICES_OF_BUS + Number(device)) * NAMED_PAGES;
}

/** Whether nobody lies, or has lain, in a range. */
function isFree({ starts, ends, marks }: Places, begin: number, end: number): boolean {
  const nobodyWithin = countBelow(marks, begin) === countBelow(marks, end);
  return nobodyWithin && countBelow(starts, end) === countBelow(ends, begin + 1);
}

/** Whether a device's range is whole pages, inside the address space and no other device's. O(log n) where it is. */
export function refusesPlace(host: Host, others: Places, device: DaxDevice): Refusal | null {
  if (device.size % PAGE_BYTES !== 0)
    return refuse('invalid_field', 'size must be a multiple of 4096', { pointer: '/size' });
  if (device.phys_addr !== null && BigInt(device.phys_addr) % BigInt(PAGE_BYTES) !== 0n) {
    return refuse('invalid_field', 'phys_addr must be page aligned', { pointer: '/phys_addr' });
  }
  if (device.size > SIZE_MAX)
    return refuse('out_of_range', 'no device is larger than 2^52 bytes: physical addresses have 52 bits', {
      pointer: '/size',
    });
  if (endOf(device) > END_PFN)
    return refuse('out_of_range', 'phys_addr and size reach past the end of the address space', {
      pointer: '/phys_addr',
    });
  if (others.sizes.bytes + device.size > Number.MAX_SAFE_INTEGER)
    return refuse('out_of_range', 'the devices of a host may have 2^53-1 bytes in total', {
      pointer: '/size',
    });
  // Of those that begin before its end, all but those that end before its begin.
  if (countBelow(others.starts, endOf(device)) === countBelow(others.ends, device.base_pfn + 1)) return null;
  return refuse('overlap', `the range overlaps ${firstOverlap(host, device)}`, { pointer: '/phys_addr' });
}

/** The oldest device that one overlaps, which there is. */
function firstOverlap(host: Host, device: DaxDevice): string {
  const overlapped = host.tables.dax_devices.where(
    (other) =>
      other.name !== device.name &&
      isThere(other) &&
      device.base_pfn < endOf(other) &&
      other.base_pfn < endOf(device),
  );
  return overlapped[0]!.name;
}

function pfnsIn(places: Places, device: DaxDevice): readonly (readonly [list: number[], pfn: number])[] {
  const marks = marksOf(device).map((pfn) => [places.marks, pfn] as const);
  if (!isThere(device)) return marks;
  return [...marks, [places.starts, device.base_pfn], [places.ends, endOf(device)]];
}

function isThere({ state }: DaxDevice): boolean {
  return state !== 'gone';
}

function endOf({ base_pfn, size }: DaxDevice): number {
  return base_pfn + Math.ceil(size / PAGE_BYTES);
}

function marksOf(device: DaxDevice): [first: number, last: number] {
  return [device.base_pfn, endOf(device) - 1];
}

function ascending(a: number, b: number): number {
  return a - b;
}

/** How many of an ascending list are less. O(log n). */
function countBelow(list: readonly number[], pfn: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]! < pfn) low = middle + 1;
    else high = middle;
  }
  return low;
}
