import { daxHolderOf } from '../fs/dax_holder.ts';
import type { DaxDevice, File, FileSystem, Mount } from '../model/host.ts';
import { deviceOf, fileSystemOf, filesOf, mountsOn } from '../model/lookup.ts';
import { factsOf } from '../kernels/of_host.ts';
import { levelPages } from '../model/mapping_table.ts';
import { normalize, subtract, type PfnRange } from '../model/pfn_range.ts';
import { fileSpace, nodeSpace, type AddressSpace } from '../mm/address_space.ts';
import { daxEntries } from '../mm/page_cache.ts';
import { metadataPages } from '../mm/layout.ts';
import type { Transaction } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';

/** Neighbouring pages of a device that memory_failure() treats alike. */
export interface Segment {
  readonly pfn: number;
  readonly nr_pages: number;
  readonly fate: Fate;
}

/** What memory_failure() finds at a page. */
export type Fate =
  | DaxEntry
  /** page->mapping is NULL: dax_lock_page() finds nothing. */
  | { readonly kind: 'no_entry' }
  /** The reverse map names nobody who is in core. */
  | { readonly kind: 'unowned' }
  | { readonly kind: 'metadata'; readonly mount: Mount }
  | { readonly kind: 'no_struct_page' };

/** A page in a DAX entry. */
export interface DaxEntry {
  readonly kind: 'entry';
  readonly space: AddressSpace;
  /** Index of the segment's first page. */
  readonly index: number;
  /** Pages of the DAX entry, or of the compound page. */
  readonly unit: number;
  /** Found through the reverse map of its file system, not through page->mapping. */
  readonly by_rmap: boolean;
}

/**
 * What owns each page of a range of a device without kmem, ascending: DAX entries of files and of a device-dax,
 * metadata, nothing. Work grows with files and runs.
 * Source: mm/memory-failure.c memory_failure(), fs/dax.c dax_lock_page(), fs/xfs/xfs_notify_failure.c.
 */
export function segmentsOf(tx: Transaction, device: DaxDevice, range: PfnRange): Segment[] {
  const [pfn, nr_pages] = range;
  if (device.map === null || device.pgmap_state !== 'live') {
    return [{ pfn, nr_pages, fate: { kind: 'no_struct_page' } }];
  }
  const entries = device.mode === 'devdax' ? ofNode(tx, device) : ofFiles(tx, device);
  const inside = entries.flatMap((entry) => clip(entry, range));
  const rest = subtract([range], normalize(inside.map((entry) => [entry.pfn, entry.nr_pages] as const)));
  const hook = device.mode === 'devdax' ? null : rmapHook(tx, device);
  const others = hook === null ? rest.map((gap) => fated(gap, { kind: 'no_entry' })) : byRmap(tx, hook, rest);
  return [...inside, ...others].sort((a, b) => a.pfn - b.pfn);
}

/** The mounted xfs that handles its own pages: with rmapbt, where that kernel has the hook. */
export function rmapHook(tx: Transaction, device: DaxDevice): Mount | null {
  if (factsOf(tx.host).memory_failure.fs_hook === 'none') return null;
  const mount = daxHolderOf(tx.host, device);
  return mount?.rmapbt === true ? mount : null;
}

/** Pages of what carries PG_hwpoison at its head for all of them: the page itself, folio, compound page or DAX entry (MF3). */
export function flagUnit(tx: Transaction, device: DaxDevice, entry: DaxEntry): number {
  const facts = factsOf(tx.host).memory_failure;
  const fact = device.mode === 'devdax' ? facts.devdax_page : facts.fsdax_page;
  return fact === 'page' && !entry.by_rmap ? 1 : entry.unit;
}

function ofNode(tx: Transaction, device: DaxDevice): Segment[] {
  const space = nodeSpace(tx, device);
  const unit = device.align! / PAGE_BYTES;
  return device.faulted.map(([pfn, nr_pages]) => {
    const index = pfn - device.base_pfn;
    return fated([pfn, nr_pages], { kind: 'entry', space, index, unit, by_rmap: false });
  });
}

/** DAX entries of files whose superblock stands on this very device, of the sizes that i_pages has. */
function ofFiles(tx: Transaction, device: DaxDevice): Segment[] {
  const by_rmap = rmapHook(tx, device) !== null;
  const systems = new Set(mountsOn(tx.host, device).map((mount) => mount.file_system));
  const files = [...systems].flatMap((system) => filesOf(tx.host, system)).filter((file) => file.dax);
  return files.flatMap((file) => ofFile(tx, file, by_rmap));
}

/** By page->mapping, which was cleared under some; the reverse map does not ask it. */
function ofFile(tx: Transaction, file: File, by_rmap: boolean): Segment[] {
  const space = fileSpace(tx, file);
  const { cleared } = deviceOf(tx.host, file.dax_device);
  return daxEntries(tx.host, file).flatMap(({ index, nr_pages, level }) => {
    const range: PfnRange = [space.pfnAt(index), nr_pages];
    const whole = fated(range, { kind: 'entry', space, index, unit: levelPages(level), by_rmap });
    return by_rmap ? [whole] : subtract([range], cleared).flatMap((left) => clip(whole, left));
  });
}

function byRmap(tx: Transaction, mount: Mount, gaps: readonly PfnRange[]): Segment[] {
  const file_system: FileSystem = fileSystemOf(tx.host, mount.file_system);
  const metadata: PfnRange = [file_system.start_pfn, metadataPages(file_system.nr_pages)];
  return gaps.flatMap((gap) => [
    ...clip(fated(metadata, { kind: 'metadata', mount }), gap),
    ...subtract([gap], [metadata]).map((left) => fated(left, { kind: 'unowned' })),
  ]);
}

function fated([pfn, nr_pages]: PfnRange, fate: Fate): Segment {
  return { pfn, nr_pages, fate };
}

function clip({ pfn, nr_pages, fate }: Segment, [first, count]: PfnRange): Segment[] {
  const from = Math.max(pfn, first);
  const to = Math.min(pfn + nr_pages, first + count);
  if (from >= to) return [];
  const moved = fate.kind === 'entry' ? { ...fate, index: fate.index + (from - pfn) } : fate;
  return [{ pfn: from, nr_pages: to - from, fate: moved }];
}
