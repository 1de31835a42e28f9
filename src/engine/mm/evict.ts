import { factsOf } from '../kernels/of_host.ts';
import { extentsOf } from '../model/extents.ts';
import type { DaxDevice, File, Host } from '../model/host.ts';
import { blocksAt, deviceOf, fileSystemOf, filesOfDevice, presentPins } from '../model/lookup.ts';
import { runs } from '../model/mapping_table.ts';
import { hasMiscounted, memoryRangesOf } from '../model/memory_range.ts';
import { intersect, subtract, type PfnRange } from '../model/pfn_range.ts';
import {
  common,
  meets,
  pfnList,
  rangesOf,
  setOf,
  setOfRanges,
  union,
  within,
  without,
  type PfnSet,
} from '../model/pfn_set.ts';
import { addEntered } from '../model/scan_entries.ts';
import { structPagesOf, type StructPages } from '../model/struct_pages.ts';
import { entriesOf, patch, type Transaction } from '../model/transaction.ts';
import { forget } from './page_cache.ts';
import { onceADevice } from './stale.ts';

/** What the eviction of an inode does to the task that evicts it. `unknown`: neither recorded nor read. */
export type Eviction =
  | { readonly do: 'ok' }
  | { readonly do: 'oops'; readonly at: string }
  | { readonly do: 'hang'; readonly in: string }
  | { readonly do: 'unknown'; readonly why: string };

/** The same while the pages are of a pgmap: no struct page is missing. */
export type OverPgmap = Exclude<Eviction, { readonly do: 'oops' }>;

/** Nothing comes of it. */
export const HARMLESS = { do: 'ok' } as const;

/**
 * What the eviction of inodes does, in their order: it walks what their faults left in i_pages, and comes to the struct
 * pages of each pfn as they are now, whoever made them. The first that does not end well decides. O(extents, entries).
 * Source: fs/inode.c evict(), fs/dax.c dax_delete_mapping_entry(), v6.15 on dax_break_layout_final(); EVICT1, S1, S7-S11.
 */
export function evictionOf(host: Host, files: readonly File[]): Eviction {
  return firstOf<Eviction>(host, files, met);
}

/** The same of inodes whose device is bound as when they were read: its struct pages are there. O(extents, entries). */
export function evictionWhileBound(host: Host, files: readonly File[]): OverPgmap {
  return factsOf(host).eviction.waits_for_refs ? firstOf<OverPgmap>(host, files, byCounts) : HARMLESS;
}

/** The first eviction of pages that does not end well. */
function firstOf<Met extends Eviction>(
  host: Host,
  files: readonly File[],
  decides: (evicted: Evicted, pages: PfnRange) => Met | typeof HARMLESS,
): Met | typeof HARMLESS {
  const pinnedOf = onceADevice((device) =>
    setOfRanges(presentPins(host, device).flatMap(({ pfn_ranges }) => pfn_ranges)),
  );
  const known = new Map<string, PfnSet>();
  const takenFrom = (file: File) => {
    const taken = known.get(file.file_system) ?? pagesTakenFrom(host, file);
    known.set(file.file_system, taken);
    return taken;
  };
  for (const file of files) {
    const [first] = pagesOfEntries(host, file);
    if (first === undefined) continue;
    const evicted = { host, device: deviceOf(host, file.dax_device), file, pinnedOf, takenFrom };
    for (const pages of areAlike(evicted) ? [first] : pagesOfEntries(host, file)) {
      const eviction = decides(evicted, pages);
      if (eviction.do !== 'ok') return eviction;
    }
  }
  return HARMLESS;
}

/** Whether what the first of its pages meets, all do: they have the same struct pages, and no count of their own. */
function areAlike({ host, device, file, pinnedOf, takenFrom }: Evicted): boolean {
  if (memoryRangesOf(host, device.name).length > 0) return false;
  if (!factsOf(host).eviction.waits_for_refs) return true;
  const lost = setOfRanges([...device.lost_refs, ...device.lost_ptes]);
  const counted = [lost, pinnedOf(device), takenFrom(file)].filter(({ length }) => length > 0);
  if (counted.length === 0) return true;
  const entered = enteredPages(host, [file]);
  return counted.every((pages) => common(entered, pages).length === 0);
}

/** The pfns behind the DAX entries in i_pages of a file, run by run and extent by extent, in order of index. */
function* pagesOfEntries(host: Host, file: File): Generator<PfnRange> {
  for (const { kind, index, nr_pages } of runs(entriesOf(host, file.id))) {
    const end = index + nr_pages;
    for (let at = index; kind === 'dax' && at < end; ) {
      const { extent, end: behind } = blocksAt(host, file, at);
      const to = Math.min(end, behind);
      // Behind a real entry stands a page: over a hole there is none (S29, S30).
      yield [extent!.pfn + (at - extent!.offset), to - at];
      at = to;
    }
  }
}

interface Evicted {
  readonly host: Host;
  readonly device: DaxDevice;
  readonly file: File;
  /** What present pins of a device hold. */
  readonly pinnedOf: (device: DaxDevice) => PfnSet;
  /** What newer file systems than that of a file have taken. */
  readonly takenFrom: (file: File) => PfnSet;
}

function met(evicted: Evicted, pages: PfnRange): Eviction {
  for (const { pfn, nr_pages, struct_pages } of structPagesOf(evicted.host, evicted.device, pages)) {
    const eviction = metBy(struct_pages, evicted, [pfn, nr_pages]);
    if (eviction.do !== 'ok') return eviction;
  }
  return HARMLESS;
}

function metBy(struct_pages: StructPages, evicted: Evicted, pages: PfnRange): Eviction {
  const { oopses_in, waits_for_refs } = factsOf(evicted.host).eviction;
  if (struct_pages === 'none') return { do: 'oops', at: oopses_in };
  if (struct_pages === 'ram') return overRam(evicted, pages);
  return waits_for_refs ? byCounts(evicted, pages) : HARMLESS;
}

/** S9, S10: only what has lost references is known: that is waited for, whoever has the page. */
function overRam({ host, device }: Evicted, pages: PfnRange): Eviction {
  const waits = factsOf(host).eviction.waits_for_refs;
  const ranges = waits ? memoryRangesOf(host, device.name) : [];
  return ranges.some((range) => hasMiscounted(range, [pages]))
    ? { do: 'hang', in: 'dax_break_layout_final' }
    : unknown('the eviction of an inode whose pages are system RAM now');
}

/**
 * S7, S10, S11, S47: the counts of folios decide, which stale entries that were dropped since the bind have made wrong.
 * What a newer file system has taken is counted anew: recorded is an end that drops the stale entry of such a page first.
 */
function byCounts({ device, file, pinnedOf, takenFrom }: Evicted, pages: PfnRange): OverPgmap {
  const taken = rangesOf(within(takenFrom(file), ...pages));
  const own = subtract([pages], taken);
  if (intersect(own, device.lost_refs).length > 0) return { do: 'hang', in: 'dax_break_layout_final' };
  if (intersect(own, device.lost_ptes).length > 0)
    return unknown('the eviction of an inode over pages of which stale PTEs were dropped');
  if (subtract(intersect([pages], taken), device.lost_refs).length > 0)
    return unknown('the eviction of an inode whose pages a newer file system has taken');
  if (meets(pinnedOf(device), ...pages)) return unknown('the eviction of an inode whose pages are pinned');
  if (device.mode === 'devdax')
    return unknown('the eviction of an inode whose pages are of a device-dax now');
  return HARMLESS;
}

/** Pages that files of file systems that are newer than a generation have entries of in i_pages. O(their entries). */
export function pagesTakenSince(host: Host, dax_device: string, generation: number): PfnSet {
  const newer = filesOfDevice(host, dax_device).filter(
    (file) => fileSystemOf(host, file.file_system).generation > generation,
  );
  return enteredPages(host, newer);
}

/** Pages that files have DAX entries of in i_pages, each once. O(entries, extents). */
function enteredPages(host: Host, files: readonly File[]): PfnSet {
  const entered = pfnList();
  for (const file of files) addEntered(entered, extentsOf(host, file), entriesOf(host, file.id));
  return setOf(entered);
}

function pagesTakenFrom(host: Host, { dax_device, file_system }: File): PfnSet {
  return pagesTakenSince(host, dax_device, fileSystemOf(host, file_system).generation);
}

function unknown(what: string): OverPgmap {
  return { do: 'unknown', why: `${what} is neither recorded nor in the sources read` };
}

/**
 * Evicts inodes of one file system: nothing is in their i_pages any more, and pages of a device-dax lose their
 * page->mapping, which its next faults set again (S8); up to 6.14 so do those that a newer file system has taken (S7).
 * Who evicts asks before how it ends. O(their entries, files of the device).
 */
export function evict(tx: Transaction, files: readonly File[]): void {
  const [first] = files;
  if (first === undefined) return;
  const pages = enteredPages(tx.host, files);
  clearMappings(tx, deviceOf(tx.host, first.dax_device), pages);
  if (!factsOf(tx.host).eviction.waits_for_refs) disassociate(tx, first, pages);
  for (const file of files) forget(tx, file);
}

function clearMappings(tx: Transaction, { name, faulted }: DaxDevice, pages: PfnSet): void {
  const set = setOfRanges(faulted);
  if (common(set, pages).length > 0)
    patch(tx, 'dax_devices', name, { faulted: rangesOf(without(set, pages)) });
}

/** Who has such a page in i_pages by now keeps it, without its page->mapping; one that nobody has is associated anew (S7). */
function disassociate(tx: Transaction, file: File, pages: PfnSet): void {
  const { name, cleared } = deviceOf(tx.host, file.dax_device);
  const taken = common(pages, pagesTakenFrom(tx.host, file));
  if (taken.length + cleared.length === 0) return;
  const left = without(setOfRanges(cleared), pages);
  patch(tx, 'dax_devices', name, { cleared: rangesOf(union(left, taken)) });
}
