import type { DaxDevice, Host, Mapping, MemoryBlockRun, MemoryRange, Pin } from './host.ts';
import { anonymousMappingsOf, deviceOf, nrPages, presentPins } from './lookup.ts';
import { runs, type Run } from './mapping_table.ts';
import { intersect, normalize, subtract, type PfnRange } from './pfn_range.ts';
import { addPfns, pfnList, rangesOf, setOf } from './pfn_set.ts';
import { addRam } from './scan_entries.ts';
import { entriesOf } from './transaction.ts';
import { PAGE_BYTES, type MemoryBlockState } from './vocabulary.ts';
import { OFFLINE, onlinePfns, onlineRuns } from './memory_block.ts';

/** The system RAM that kmem added from a device and that stands yet, leaked or not; a device has one range. */
export function memoryRangesOf(host: Host, dax_device: string): MemoryRange[] {
  const range = host.tables.memory_ranges.get(dax_device);
  return range === undefined ? [] : [range];
}

/** Whether memory of the device is online. */
export function hasOnlineMemory(host: Host, dax_device: string): boolean {
  return memoryRangesOf(host, dax_device).some((range) => onlineRuns(range).length > 0);
}

/** Leaked ranges of the machine: their request_mem_region() stays until a reboot. */
export function leakedRanges(host: Host): MemoryRange[] {
  return host.tables.memory_ranges.where((range) => range.leaked);
}

/** The one of these leaked ranges that a request_mem_region() of the device would meet, or null. */
export function leakedUnder(leaked: readonly MemoryRange[], device: DaxDevice): MemoryRange | null {
  const wanted: PfnRange[] = [[device.base_pfn, nrPages(device)]];
  return leaked.find((range) => intersect(wanted, [pfns(range)]).length > 0) ?? null;
}

/**
 * A block as a write of a state leaves it. What the kernel allocates of its own in memory that has just come online
 * nobody has told (KM6, S43).
 */
export function onlined(
  state: MemoryBlockState,
  zone: MemoryBlockRun['zone'],
): Pick<MemoryBlockRun, 'state' | 'zone' | 'kernel_pages'> {
  if (state === 'offline') return OFFLINE;
  return { state, zone, kernel_pages: null };
}

/** The address of a page, as reports, the ledger and memory blocks print it. */
export function physAddr(pfn: number): string {
  return `0x${(BigInt(pfn) * BigInt(PAGE_BYTES)).toString(16)}`;
}

/** What has leaked of a range, as the report of its removal and the ledger of capacity both say it. */
export function leakOf(range: MemoryRange) {
  const { base_pfn, nr_pages } = range;
  return { phys_addr: physAddr(base_pfn), size: nr_pages * PAGE_BYTES, until: 'reboot' } as const;
}

/** The range as pfns. */
export function pfns(range: MemoryRange): PfnRange {
  return [range.base_pfn, range.nr_pages];
}

/** Pages of the device's memory that an entry maps or a pin holds, each once. O(extents of anonymous memory, pins). */
export function usedPages(host: Host, dax_device: string): PfnRange[] {
  const used = pfnList();
  for (const { id } of anonymousMappingsOf(host, dax_device)) addRam(used, entriesOf(host, id));
  for (const { pfn_ranges } of presentPins(host, deviceOf(host, dax_device)))
    for (const [pfn, nr_pages] of pfn_ranges) addPfns(used, pfn, nr_pages);
  return rangesOf(setOf(used));
}

/** Runs of anonymous memory, in order of index; a hwpoison entry whose page has left is none. */
export function ramRuns(host: Host, mapping: Mapping): Run[] {
  return [...runs(entriesOf(host, mapping.id))].filter((run) => run.kind === 'ram' && run.pfn >= 0);
}

/** Pages that anonymous memory maps, in order of index. */
export function mappedRam(host: Host, mapping: Mapping): PfnRange[] {
  return ramRuns(host, mapping).map((run) => [run.pfn, run.nr_pages]);
}

/** Online pages that nobody uses and that are not poisoned, ascending. */
export function freePages(host: Host, dax_device: string): PfnRange[] {
  const online = memoryRangesOf(host, dax_device).flatMap(onlinePfns);
  const taken = [...usedPages(host, dax_device), ...deviceOf(host, dax_device).hwpoisoned];
  return subtract(online, normalize(taken));
}

/** Whether free pages among these have a wrong reference count. O(ranges). */
export function hasMiscounted(range: MemoryRange, wanted: readonly PfnRange[]): boolean {
  return intersect(range.miscounted ?? [], wanted).length > 0;
}

/** The range whose offline does not end: it holds device_hotplug_lock, one for the machine (M162). */
export function hotplugLock(host: Host): MemoryRange | null {
  return host.tables.memory_ranges.where((range) => range.offlining !== null)[0] ?? null;
}

/** Pins that hold a page of `[pfn, nr_pages]`. */
export function pinsIn(host: Host, dax_device: string, range: PfnRange): Pin[] {
  return presentPins(host, deviceOf(host, dax_device)).filter(
    (pin) => intersect(normalize(pin.pfn_ranges), [range]).length > 0,
  );
}
