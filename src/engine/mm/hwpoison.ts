import { deviceOf } from '../model/lookup.ts';
import { factsOf } from '../kernels/of_host.ts';
import { countPages, intersect, normalize, subtract, type PfnRange } from '../model/pfn_range.ts';
import { rangesOf, setOfRanges, union, type PfnSet } from '../model/pfn_set.ts';
import { hostRecord, patch, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';

/** How many separate ranges of poisoned pages a device keeps. */
export const HWPOISON_RANGES_MAX = 4096;
/** Pages of a memory section, 128 MiB. Source: arch/x86/include/asm/sparsemem.h SECTION_SIZE_BITS. */
const SECTION_PAGES = 32768;

/** SetPageHWPoison() of pages of a device; a mass failure may set more ranges than are kept. */
export function setHwpoison(tx: Transaction, dax_device: string, pages: PfnSet): void {
  if (pages.length === 0) return;
  const { hwpoisoned } = deviceOf(tx.host, dax_device);
  const all = union(setOfRanges(hwpoisoned), pages);
  patch(tx, 'dax_devices', dax_device, { hwpoisoned: rangesOf(all, HWPOISON_RANGES_MAX) });
}

/** dax_set_mapping(): page->mapping of what a device-dax fault maps stays set until the pgmap goes (M139). */
export function markFaulted(tx: Transaction, dax_device: string, pages: PfnRange): void {
  const { faulted } = deviceOf(tx.host, dax_device);
  if (subtract([pages], faulted).length === 0) return;
  patch(tx, 'dax_devices', dax_device, { faulted: normalize([...faulted, pages]) });
}

/** Poison of pages was cleared. Source: drivers/nvdimm/pmem.c hwpoison_clear(), pmem_mkpage_present(). */
export function clearHwpoison(tx: Transaction, dax_device: string, pages: readonly PfnRange[]): void {
  const { hwpoisoned } = deviceOf(tx.host, dax_device);
  if (intersect(hwpoisoned, pages).length > 0)
    patch(tx, 'dax_devices', dax_device, { hwpoisoned: subtract(hwpoisoned, pages) });
}

/**
 * The memmap of a range goes, and PG_hwpoison with it: up to v6.1 each section takes what it finds off
 * HardwareCorrupted unless that is 0, below zero where pages were flagged without being counted (M45, M46).
 * Source: mm/sparse.c clear_hwpoisoned_pages().
 */
export function tearDownFlags(tx: Transaction, dax_device: string, [base, nr_pages]: PfnRange): void {
  const { hwpoisoned } = deviceOf(tx.host, dax_device);
  const gone = intersect(hwpoisoned, [[base, nr_pages]]);
  if (gone.length === 0) return;
  if (factsOf(tx.host).memory_failure.teardown_lowers_counter) lowerCounter(tx, gone);
  patch(tx, 'dax_devices', dax_device, { hwpoisoned: subtract(hwpoisoned, gone) });
}

function lowerCounter(tx: Transaction, flagged: readonly PfnRange[]): void {
  const { name, counters } = hostRecord(tx.host);
  const kB = PAGE_BYTES / 1024;
  let pages = counters.HardwareCorrupted_kB / kB;
  for (const section of bySection(flagged)) if (pages !== 0) pages -= section;
  patch(tx, 'hosts', name, { counters: { ...counters, HardwareCorrupted_kB: pages * kB } });
}

/** Flagged pages of each section that has some, ascending. */
function bySection(flagged: readonly PfnRange[]): Iterable<number> {
  const sections = new Map<number, number>();
  for (const [pfn, nr_pages] of flagged) {
    for (let at = pfn; at < pfn + nr_pages; at = (Math.floor(at / SECTION_PAGES) + 1) * SECTION_PAGES) {
      const section: PfnRange = [Math.floor(at / SECTION_PAGES) * SECTION_PAGES, SECTION_PAGES];
      const inside = countPages(intersect([[pfn, nr_pages]], [section]));
      sections.set(section[0], (sections.get(section[0]) ?? 0) + inside);
    }
  }
  return sections.values();
}
