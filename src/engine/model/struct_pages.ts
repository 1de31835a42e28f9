import type { DaxDevice, Host } from './host.ts';
import { memoryRangesOf } from './memory_range.ts';
import type { PfnRange } from './pfn_range.ts';

/**
 * What struct pages a page frame of a device has now. Those of a pgmap are of the whole namespace, those of System RAM
 * of whole memory blocks.
 *
 *   none ──a driver binds──▶ pgmap ──percpu_ref_kill()──▶ killed ──memunmap_pages()──▶ none
 *   none ──kmem adds the memory block it lies in──▶ ram ──the block is removed──▶ none
 */
export type StructPages = 'none' | 'pgmap' | 'killed' | 'ram';

/** Neighbouring page frames that are alike. */
export interface StructPagesRun {
  readonly pfn: number;
  readonly nr_pages: number;
  readonly struct_pages: StructPages;
}

/**
 * What struct pages the pfns of a range have, piece by piece, in order: what lies before the first memory block that
 * kmem took and behind the last has none, though the device is bound (S45). Three pieces at most, whatever its length.
 * Source: mm/memremap.c pagemap_range(), drivers/dax/kmem.c dev_dax_kmem_probe(); recording `min-xfs-plain-ram-low-exit`.
 */
export function structPagesOf(host: Host, device: DaxDevice, [pfn, nr_pages]: PfnRange): StructPagesRun[] {
  const [memory] = memoryRangesOf(host, device.name);
  if (memory === undefined) return [{ pfn, nr_pages, struct_pages: withoutMemory(device) }];
  const end = pfn + nr_pages;
  const cut = (at: number) => Math.min(Math.max(at, pfn), end);
  const first = cut(memory.base_pfn);
  const behind = cut(memory.base_pfn + memory.nr_pages);
  const pieces: StructPagesRun[] = [
    { pfn, nr_pages: first - pfn, struct_pages: 'none' },
    { pfn: first, nr_pages: behind - first, struct_pages: 'ram' },
    { pfn: behind, nr_pages: end - behind, struct_pages: 'none' },
  ];
  return pieces.filter((piece) => piece.nr_pages > 0);
}

/** Whether any page frame of these ranges has no struct page. O(ranges). */
export function lackStructPages(host: Host, device: DaxDevice, ranges: readonly PfnRange[]): boolean {
  return anyHas(host, device, ranges, 'none');
}

/** Whether any page frame of these ranges is System RAM now. O(ranges). */
export function overSystemRam(host: Host, device: DaxDevice, ranges: readonly PfnRange[]): boolean {
  return anyHas(host, device, ranges, 'ram');
}

function anyHas(host: Host, device: DaxDevice, ranges: readonly PfnRange[], which: StructPages): boolean {
  return ranges.some((range) =>
    structPagesOf(host, device, range).some(({ struct_pages }) => struct_pages === which),
  );
}

/** Of a device no memory block of which is there: raw and sector namespaces have no pgmap while they are bound, too. */
function withoutMemory({ pgmap_state, map, mode }: DaxDevice): StructPages {
  if (map === null || mode === 'system-ram' || pgmap_state === 'none') return 'none';
  return pgmap_state === 'live' ? 'pgmap' : 'killed';
}
