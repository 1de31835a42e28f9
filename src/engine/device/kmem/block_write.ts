import { factsOf } from '../../kernels/of_host.ts';
import type { Host, MemoryBlockRun, MemoryRange } from '../../model/host.ts';
import { decodes, deviceOf } from '../../model/lookup.ts';
import { blockAt, blockName, pfnsOf, zoneAsked } from '../../model/memory_block.ts';
import { usedPages } from '../../model/memory_range.ts';
import { intersect } from '../../model/pfn_range.ts';
import { kernelRefuses, unknownOutcome, type Refusal } from '../../model/refusal.ts';
import type { MemoryBlockState } from '../../model/vocabulary.ts';
import { refusesOffline } from './kernel_pages.ts';

/** Why an online block does not go offline, but for pins, for which it waits (KM6, R165). */
export function refusesBlockOffline(host: Host, range: MemoryRange, at: number): Refusal | null {
  return (
    refusesOffline([blockAt(range, at)], blockName(range, at)) ?? migratesFromAbsentMedia(host, range, at)
  );
}

/** R165: what a copy from memory that is physically gone returns depends on the bus. */
function migratesFromAbsentMedia(host: Host, range: MemoryRange, at: number): Refusal | null {
  if (decodes(host, deviceOf(host, range.dax_device))) return null;
  const used = intersect(usedPages(host, range.dax_device), [pfnsOf(range, at)]);
  if (used.length === 0) return null;
  return unknownOutcome('migrating pages from memory that is physically gone depends on the bus (R165)');
}

/** Why a block does not come online. Source: drivers/base/memory.c memory_block_online(); M82. */
export function refusesOnline(host: Host, range: MemoryRange, at: number): Refusal | null {
  const poisoned = intersect(deviceOf(host, range.dax_device).hwpoisoned, [pfnsOf(range, at)]);
  if (poisoned.length === 0 || factsOf(host).kmem.online_poisoned_block !== 'EHWPOISON') return null;
  return kernelRefuses('EHWPOISON', 'the block holds a poisoned page');
}

/**
 * The zone of a block that comes online: by `online` the first that its `valid_zones` names. Where that was not told,
 * by the policy contig-zones: zone Normal unless the block lies inside an existing movable zone.
 * Source: mm/memory_hotplug.c default_zone_for_pfn(); M147.
 */
export function zoneOf(
  host: Host,
  range: MemoryRange,
  at: number,
  state: MemoryBlockState,
): MemoryBlockRun['zone'] {
  if (state !== 'online') return zoneAsked(state);
  const [told] = blockAt(range, at).valid_zones?.split(' ') ?? [];
  if (told !== undefined) return told === 'Movable' ? 'Movable' : 'Normal';
  const [pfn] = pfnsOf(range, at);
  return spans(host, range.node, 'Movable', pfn) && !spans(host, range.node, 'Normal', pfn)
    ? 'Movable'
    : 'Normal';
}

/** Whether a zone of the node reaches from below a pfn to above it. */
function spans(host: Host, node: number | null, zone: 'Normal' | 'Movable', pfn: number): boolean {
  const ranges = host.tables.memory_ranges.where((range) => range.node === node);
  const pfns = ranges.flatMap((range) =>
    range.blocks.filter((run) => run.zone === zone).map((run) => pfnsOf(range, run.first, run.nr_blocks)),
  );
  return pfns.some(([first]) => first < pfn) && pfns.some(([first]) => first > pfn);
}
