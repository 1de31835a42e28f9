import type { Dependent } from '../model/depends_on.ts';
import type { PatchMemoryBlock } from '../model/device_command.ts';
import { refusesOffline } from '../device/kmem/kernel_pages.ts';
import type { Host, MemoryBlockRun, MemoryRange } from '../model/host.ts';
import { decodes, deviceOf } from '../model/lookup.ts';
import { factsOf } from '../kernels/of_host.ts';
import { intersect } from '../model/pfn_range.ts';
import { isRefusal, kernelRefuses, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { emit, patch, type Transaction } from '../model/transaction.ts';
import type { MemoryBlockState } from '../model/vocabulary.ts';
import {
  blockAt,
  blockName,
  firstBlock,
  pfnsOf,
  withBlock,
  isOffline,
  zoneAsked,
} from '../model/memory_block.ts';
import { offlineBlock } from '../device/kmem/offline.ts';
import { hotplugLock, onlined, usedPages } from '../model/memory_range.ts';
import { findBlock, render, type MemoryBlock } from '../device/kmem/memory_block.ts';

/** A memory block, and what became of the write to its state. It is a part of the range that is its record. */
export interface WrittenMemoryBlock extends Dependent {
  readonly record: MemoryRange;
  readonly memory_block: MemoryBlock & {
    readonly result: 'ok' | 'blocked';
    readonly blocked_in: string | null;
  };
}

/**
 * What is known of a block, and then a write to `memoryN/state`. 409 with the kernel's errno where it says no; `blocked` where the write does not
 * return: a page of the block is pinned (offline_pages), or another offline holds the hotplug lock. Refused where
 * chance decides (`outcome_unknown` with what is possible, KM6).
 * Source: drivers/base/memory.c state_store(); KM13, M79-M82, M147, M162.
 */
export function patchMemoryBlock(tx: Transaction, command: PatchMemoryBlock): WrittenMemoryBlock | Refusal {
  const found = findBlock(tx.host, command.dax_device, command.block);
  if (isRefusal(found)) return found;
  const { at } = found;
  const range = command.kernel_pages === undefined ? found.range : told(tx, found, command.kernel_pages);
  if (isRefusal(range)) return range;
  return command.state === undefined
    ? written(tx, range, at, null)
    : writeState(tx, range, at, command.state);
}

/** What the operator knows of the kernel's own pages in a block; one that is offline has none. */
function told(
  tx: Transaction,
  { range, at }: { readonly range: MemoryRange; readonly at: number },
  kernel_pages: boolean | null,
): MemoryRange | Refusal {
  if (isOffline(range, at)) {
    if (kernel_pages === false) return range;
    return refuse('invalid_field', `${blockName(range, at)} is offline: nothing is in it`, {
      pointer: '/kernel_pages',
    });
  }
  const blocks = withBlock(range, at, { ...blockAt(range, at), kernel_pages });
  const record = patch(tx, 'memory_ranges', range.id, { blocks });
  const block = firstBlock(range) + at;
  emit(tx, 'memory_range_changed', `dax-devices/${range.dax_device}`, { kernel_pages, block });
  return record;
}

function writeState(
  tx: Transaction,
  range: MemoryRange,
  at: number,
  state: MemoryBlockState,
): WrittenMemoryBlock | Refusal {
  const lock = hotplugLock(tx.host);
  if (lock !== null) {
    const offlining = lock.id === range.id && lock.offlining === at;
    return written(tx, range, at, offlining ? 'offline_pages' : 'lock_device_hotplug_sysfs');
  }
  const word = isOffline(range, at) ? 'offline' : 'online';
  if ((state === 'offline') === isOffline(range, at)) {
    return kernelRefuses('EINVAL', `${blockName(range, at)} is ${word} already`);
  }
  if (state === 'offline') {
    const refusal = refusesOffline([blockAt(range, at)], blockName(range, at));
    if (refusal !== null) return refusal;
    const absent = migratesFromAbsentMedia(tx.host, range, at);
    if (absent !== null) return absent;
    const result = offlineBlock(tx, range, at);
    return written(tx, range, at, result === 'ok' ? null : 'offline_pages');
  }
  return onlineBlock(tx, range, at, state);
}

/** R165: what a copy from memory that is physically gone returns depends on the bus. */
function migratesFromAbsentMedia(host: Host, range: MemoryRange, at: number): Refusal | null {
  const used = intersect(usedPages(host, range.dax_device), [pfnsOf(range, at)]);
  if (decodes(host, deviceOf(host, range.dax_device)) || used.length === 0) return null;
  return unknownOutcome('migrating pages from memory that is physically gone depends on the bus (R165)');
}

function onlineBlock(
  tx: Transaction,
  range: MemoryRange,
  at: number,
  state: MemoryBlockState,
): WrittenMemoryBlock | Refusal {
  const poisoned = intersect(deviceOf(tx.host, range.dax_device).hwpoisoned, [pfnsOf(range, at)]);
  if (poisoned.length > 0 && factsOf(tx.host).kmem.online_poisoned_block === 'EHWPOISON') {
    return kernelRefuses('EHWPOISON', 'the block holds a poisoned page');
  }
  const zone = zoneOf(tx.host, range, at, state);
  patch(tx, 'memory_ranges', range.id, { blocks: withBlock(range, at, onlined(tx.host, state, zone)) });
  emit(tx, 'memory_range_changed', `dax-devices/${range.dax_device}`, { [state]: firstBlock(range) + at });
  return written(tx, range, at, null);
}

/**
 * `online` follows the policy contig-zones: zone Normal unless the block lies inside an existing movable zone.
 * Source: mm/memory_hotplug.c default_zone_for_pfn(); M147.
 */
function zoneOf(host: Host, range: MemoryRange, at: number, state: MemoryBlockState): MemoryBlockRun['zone'] {
  if (state !== 'online') return zoneAsked(state);
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

/** The block after the write. */
function written(
  tx: Transaction,
  { id }: MemoryRange,
  at: number,
  blocked_in: string | null,
): WrittenMemoryBlock {
  const record = tx.host.tables.memory_ranges.get(id)!;
  const [block] = render(tx.host, record, at, 1);
  const result = blocked_in === null ? 'ok' : 'blocked';
  return { record, memory_block: { ...block!, result, blocked_in } };
}
