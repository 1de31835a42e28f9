import type { Dependent } from '../model/depends_on.ts';
import type { PatchMemoryBlock } from '../model/device_command.ts';
import { blockAsTold } from '../device/kmem/block_as_told.ts';
import { refusesBlockOffline, refusesOnline, zoneOf } from '../device/kmem/block_write.ts';
import type { MemoryRange } from '../model/host.ts';
import { isRefusal, kernelRefuses, type Refusal } from '../model/refusal.ts';
import { emit, patch, type Transaction } from '../model/transaction.ts';
import type { MemoryBlockState } from '../model/vocabulary.ts';
import { blockName, firstBlock, withBlock, isOffline } from '../model/memory_block.ts';
import { offlineBlock } from '../device/kmem/offline.ts';
import { OFFLINE_BUG_AT } from '../kernels/kmem.ts';
import { hotplugNeverEnds } from '../mm/never_returns.ts';
import type { Outcome } from '../model/outcome.ts';
import { hotplugLock, onlined } from '../model/memory_range.ts';
import { findBlock, render, type MemoryBlock } from '../device/kmem/memory_block.ts';

/** A memory block, and what became of the write to its state. It is a part of the range that is its record. */
export interface WrittenMemoryBlock extends Dependent {
  readonly record: MemoryRange;
  readonly memory_block: MemoryBlock & {
    readonly result: 'ok' | 'blocked' | 'kernel_oops';
    /** Where the kernel died of the write; the one who wrote is killed. */
    readonly kernel_oopses: Outcome['kernel_oopses'];
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
  const { state, kernel_pages, removable, valid_zones } = command;
  const isTold = [kernel_pages, removable, valid_zones].some((told) => told !== undefined);
  const range = isTold ? blockAsTold(tx, found.range, at, command) : found.range;
  if (isRefusal(range)) return range;
  return state === undefined ? written(tx, range, at, null) : writeState(tx, range, at, state);
}

function writeState(
  tx: Transaction,
  range: MemoryRange,
  at: number,
  state: MemoryBlockState,
): WrittenMemoryBlock | Refusal {
  const lock = hotplugLock(tx.host);
  if (lock !== null) {
    const offlining = lock.id === range.id && lock.offlining === at && !hotplugNeverEnds(tx.host);
    return written(tx, range, at, offlining ? 'offline_pages' : 'lock_device_hotplug_sysfs');
  }
  const word = isOffline(range, at) ? 'offline' : 'online';
  if ((state === 'offline') === isOffline(range, at)) {
    return kernelRefuses('EINVAL', `${blockName(range, at)} is ${word} already`);
  }
  if (state === 'offline') {
    const refusal = refusesBlockOffline(tx.host, range, at);
    if (refusal !== null) return refusal;
    const result = offlineBlock(tx, range, at);
    return result === 'died'
      ? died(written(tx, range, at, null))
      : written(tx, range, at, result === 'ok' ? null : 'offline_pages');
  }
  return onlineBlock(tx, range, at, state);
}

function onlineBlock(
  tx: Transaction,
  range: MemoryRange,
  at: number,
  state: MemoryBlockState,
): WrittenMemoryBlock | Refusal {
  const refusal = refusesOnline(tx.host, range, at);
  if (refusal !== null) return refusal;
  const zone = zoneOf(tx.host, range, at, state);
  patch(tx, 'memory_ranges', range.id, { blocks: withBlock(range, at, onlined(state, zone)) });
  emit(tx, 'memory_range_changed', `dax-devices/${range.dax_device}`, { [state]: firstBlock(range) + at });
  return written(tx, range, at, null);
}

function died({ record, memory_block }: WrittenMemoryBlock): WrittenMemoryBlock {
  const kernel_oopses = [{ at: OFFLINE_BUG_AT, task: 'caller' }] as const;
  return { record, memory_block: { ...memory_block, result: 'kernel_oops', kernel_oopses } };
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
  return { record, memory_block: { ...block!, result, blocked_in, kernel_oopses: [] } };
}
