import type { MemoryRange } from '../../model/host.ts';
import { deviceOf, anonymousMappingsOf } from '../../model/lookup.ts';
import { runs, type Run } from '../../model/mapping_table.ts';
import { intersect, subtract, type PfnRange } from '../../model/pfn_range.ts';
import { emit, entriesOf, insertEntries, patch, type Transaction } from '../../model/transaction.ts';
import { firstBlock, OFFLINE, pfnsOf, withBlock, blockName } from '../../model/memory_block.ts';
import { OFFLINE_BUG_AT } from '../../kernels/kmem.ts';
import { hotplugNeverEnds } from '../../mm/never_returns.ts';
import { recordOops } from '../../mm/process_end.ts';
import { without } from '../../model/conditions.ts';
import { hasMiscounted, hotplugLock, pinsIn } from '../../model/memory_range.ts';

const BLOCKED = 'offline_blocked';

/**
 * Offlines a block: its pages migrate, data and processes see nothing. A page that is pinned cannot: the call retries
 * without end, holding the one hotplug lock of the machine, until the pin goes.
 *
 *   online ──no pin──▶ offline
 *      ├──pin──▶ offlining ──the last pin goes──▶ offline
 *      └──a free page has a wrong reference count──▶ the writer dies, offlining for ever (S46)
 *
 * Source: mm/memory_hotplug.c offline_pages(); M75, M76, M80, M81.
 */
export function offlineBlock(tx: Transaction, range: MemoryRange, at: number): OfflineEnd {
  const pins = pinsIn(tx.host, range.dax_device, pfnsOf(range, at));
  if (pins.length === 0) return isolated(tx, range, at);
  const device = deviceOf(tx.host, range.dax_device);
  const memory = blockName(range, at);
  patch(tx, 'memory_ranges', range.id, { offlining: at });
  patch(tx, 'dax_devices', device.name, {
    conditions: [...device.conditions, { type: BLOCKED, detail: `${memory}: offline_pages: ${pins[0]!.id}` }],
  });
  emit(tx, 'memory_range_changed', `dax-devices/${device.name}`, { offlining: memory });
  return 'blocked';
}

/** How a write of `offline` ends. */
export type OfflineEnd = 'ok' | 'blocked' | 'died';

/** Nobody holds a page of the block any more: it goes, unless the kernel dies of the count of a free one. */
function isolated(tx: Transaction, range: MemoryRange, at: number): OfflineEnd {
  if (!hasMiscounted(range, [pfnsOf(range, at)])) {
    setOffline(tx, range, at);
    return 'ok';
  }
  patch(tx, 'memory_ranges', range.id, { offlining: at });
  recordOops(tx, OFFLINE_BUG_AT, 'device_hotplug_lock');
  return 'died';
}

/** An offline that waited goes on once no page of its block is pinned any more. */
export function finishOffline(tx: Transaction): void {
  const range = hotplugLock(tx.host);
  if (range === null || range.offlining === null || hotplugNeverEnds(tx.host)) return;
  if (pinsIn(tx.host, range.dax_device, pfnsOf(range, range.offlining)).length > 0) return;
  const device = deviceOf(tx.host, range.dax_device);
  patch(tx, 'dax_devices', device.name, { conditions: without(device, BLOCKED) });
  isolated(tx, range, range.offlining);
}

function setOffline(tx: Transaction, range: MemoryRange, at: number): void {
  migrate(tx, range.dax_device, [pfnsOf(range, at)]);
  const blocks = withBlock(range, at, OFFLINE);
  patch(tx, 'memory_ranges', range.id, { blocks, offlining: null });
  emit(tx, 'memory_range_changed', `dax-devices/${range.dax_device}`, { offline: firstBlock(range) + at });
}

/** Moves what is mapped in these pfns to other memory; poisoned pages stay. Source: mm/migrate.c migrate_pages(). */
export function migrate(tx: Transaction, dax_device: string, ranges: readonly PfnRange[]): void {
  const { hwpoisoned } = deviceOf(tx.host, dax_device);
  replaceRam(tx, dax_device, subtract(ranges, hwpoisoned), 'anon');
}

/** Replaces the entries of these pfns by entries of other memory, or by hwpoison entries that outlive their page. */
export function replaceRam(
  tx: Transaction,
  dax_device: string,
  ranges: readonly PfnRange[],
  kind: 'anon' | 'ram',
): void {
  for (const mapping of anonymousMappingsOf(tx.host, dax_device)) {
    const moved = [...runs(entriesOf(tx.host, mapping.id))].flatMap((run) => partsIn(run, ranges));
    insertEntries(
      tx,
      mapping.id,
      moved.map((run) => ({ ...run, pfn: -1, kind })),
    );
  }
}

function partsIn(run: Run, ranges: readonly PfnRange[]): Run[] {
  if (run.kind !== 'ram' || run.pfn < 0) return [];
  return intersect([[run.pfn, run.nr_pages]], ranges).map(([pfn, nr_pages]) => ({
    ...run,
    index: run.index + pfn - run.pfn,
    nr_pages,
    pfn,
  }));
}

/** FOLL_LONGTERM on v6.1 and later: what is to be pinned leaves ZONE_MOVABLE first. Source: mm/gup.c (M76). */
export function leaveMovable(tx: Transaction, range: MemoryRange, wanted: readonly PfnRange[]): void {
  const movable = range.blocks.filter((run) => run.zone === 'Movable');
  const there = movable.map((run) => pfnsOf(range, run.first, run.nr_blocks));
  migrate(tx, range.dax_device, intersect(wanted, there));
}
