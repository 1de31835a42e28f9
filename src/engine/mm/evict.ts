import { factsOf } from '../kernels/of_host.ts';
import type { DaxDevice, File, Host } from '../model/host.ts';
import { deviceOf, fileSystemOf, filesOfDevice, presentPins } from '../model/lookup.ts';
import { runs } from '../model/mapping_table.ts';
import { hasMiscounted, memoryRangesOf } from '../model/memory_range.ts';
import { intersect, normalize, overlaps, subtract, type PfnRange } from '../model/pfn_range.ts';
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

/** Nothing comes of it. */
export const HARMLESS: Eviction = { do: 'ok' };

/**
 * What the eviction of inodes does, in their order: it walks what their faults left in i_pages, and comes to the struct
 * pages of each pfn as they are now, whoever made them. The first that does not end well decides. O(extents, entries).
 * Source: fs/inode.c evict(), fs/dax.c dax_delete_mapping_entry(), v6.15 on dax_break_layout_final(); EVICT1, S1, S7-S11.
 */
export function evictionOf(host: Host, files: readonly File[]): Eviction {
  const pinnedOf = onceADevice((device) =>
    normalize(presentPins(host, device).flatMap(({ pfn_ranges }) => pfn_ranges)),
  );
  for (const file of files) {
    const device = deviceOf(host, file.dax_device);
    for (const pages of pagesOfEntries(host, file)) {
      const eviction = met({ host, device, file, pinnedOf }, pages);
      if (eviction.do !== 'ok') return eviction;
    }
  }
  return HARMLESS;
}

/** The pfns behind the DAX entries in i_pages of a file, in order of index. */
function pagesOfEntries(host: Host, file: File): PfnRange[] {
  const entries = [...runs(entriesOf(host, file.id))].filter(({ kind }) => kind === 'dax');
  const faulted = entries.map(({ index, nr_pages }): PfnRange => [index, nr_pages]);
  return file.extents.flatMap(({ offset, pfn, nr_pages }) =>
    intersect(faulted, [[offset, nr_pages]]).map(([index, nr]): PfnRange => [pfn + (index - offset), nr]),
  );
}

interface Evicted {
  readonly host: Host;
  readonly device: DaxDevice;
  readonly file: File;
  /** What present pins of a device hold. */
  readonly pinnedOf: (device: DaxDevice) => PfnRange[];
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

/** S10, S11, S47: the counts of folios decide, which stale entries that were dropped since the bind have made wrong. */
function byCounts({ host, device, file, pinnedOf }: Evicted, pages: PfnRange): Eviction {
  const refs = intersect([pages], device.lost_refs);
  const ptes = intersect([pages], device.lost_ptes);
  if (refs.length + ptes.length > 0) {
    // What a newer file system has taken is counted anew.
    const { generation } = fileSystemOf(host, file.file_system);
    const taken = pagesTakenSince(host, device.name, generation);
    if (subtract(refs, taken).length > 0) return { do: 'hang', in: 'dax_break_layout_final' };
    if (subtract(ptes, taken).length > 0)
      return unknown('the eviction of an inode over pages of which stale PTEs were dropped');
  }
  if (overlaps(pages, pinnedOf(device))) return unknown('the eviction of an inode whose pages are pinned');
  if (device.mode === 'devdax')
    return unknown('the eviction of an inode whose pages are of a device-dax now');
  return HARMLESS;
}

/** Pages that files of file systems that are newer than a generation have entries of in i_pages. O(their entries). */
export function pagesTakenSince(host: Host, dax_device: string, generation: number): PfnRange[] {
  const newer = filesOfDevice(host, dax_device).filter(
    (file) => fileSystemOf(host, file.file_system).generation > generation,
  );
  return normalize(newer.flatMap((file) => pagesOfEntries(host, file)));
}

function unknown(what: string): Eviction {
  return { do: 'unknown', why: `${what} is neither recorded nor in the sources read` };
}

/**
 * Evicts inodes of one file system: nothing is in their i_pages any more, and pages of a device-dax lose their
 * page->mapping, which its next faults set again (S8). Where folios are counted those that a newer file system has taken
 * are taken apart (S47), else they lose it, too (S7). Who evicts asks before how it ends. O(their entries, files of the device).
 */
export function evict(tx: Transaction, files: readonly File[]): void {
  const [first] = files;
  if (first === undefined) return;
  const pages = normalize(files.flatMap((file) => pagesOfEntries(tx.host, file)));
  clearMappings(tx, deviceOf(tx.host, first.dax_device), pages);
  if (factsOf(tx.host).eviction.waits_for_refs) takeApart(tx, first, pages);
  else disassociate(tx, first, pages);
  for (const file of files) forget(tx, file);
}

function clearMappings(tx: Transaction, { name, faulted }: DaxDevice, pages: readonly PfnRange[]): void {
  if (intersect(faulted, pages).length === 0) return;
  patch(tx, 'dax_devices', name, { faulted: subtract(faulted, pages) });
}

/** Who has such a page in i_pages by now keeps it, without its page->mapping; one that nobody has is associated anew (S7). */
function disassociate(tx: Transaction, { dax_device, file_system }: File, pages: readonly PfnRange[]): void {
  const { cleared } = deviceOf(tx.host, dax_device);
  const { generation } = fileSystemOf(tx.host, file_system);
  const taken = intersect(pages, pagesTakenSince(tx.host, dax_device, generation));
  if (taken.length + cleared.length === 0) return;
  patch(tx, 'dax_devices', dax_device, { cleared: normalize([...subtract(cleared, pages), ...taken]) });
}

function takeApart(tx: Transaction, { dax_device, file_system }: File, pages: readonly PfnRange[]): void {
  const { generation } = fileSystemOf(tx.host, file_system);
  const taken = intersect(pages, pagesTakenSince(tx.host, dax_device, generation));
  if (taken.length === 0) return;
  const { lost_refs } = deviceOf(tx.host, dax_device);
  patch(tx, 'dax_devices', dax_device, { lost_refs: normalize([...lost_refs, ...taken]) });
}
