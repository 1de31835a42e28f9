import type { DaxDevice, MemoryRange } from '../../model/host.ts';
import { nrBlocks, OFFLINE, onlinePfns, onlineRuns } from '../../model/memory_block.ts';
import {
  hasMiscounted,
  hasOnlineMemory,
  hotplugLock,
  memoryRangesOf,
  pinsIn,
} from '../../model/memory_range.ts';
import type { PfnRange } from '../../model/pfn_range.ts';
import { refuse, unknownOutcome, type Refusal } from '../../model/refusal.ts';
import { emit, patch, type Transaction } from '../../model/transaction.ts';
import { refusesOffline } from './kernel_pages.ts';
import { migrate } from './offline.ts';

/**
 * Offlines all memory of a device that is online, or nothing of it: the pages migrate. Refused: EBUSY, or what is
 * possible, where pages of the kernel's own may be there (KM6); a write that would wait for a pin, or for the hotplug
 * lock (`dax_device_busy`, KM21). Source: mm/memory_hotplug.c offline_pages().
 */
export function offlineAll(tx: Transaction, { name }: DaxDevice): Refusal | null {
  if (!hasOnlineMemory(tx.host, name)) return null;
  const ranges = memoryRangesOf(tx.host, name);
  if (hotplugLock(tx.host) !== null) return waits();
  for (const range of ranges) {
    const refusal = refusesOffline(onlineRuns(range), `the memory of ${name}`);
    if (refusal !== null) return refusal;
    const dies = diesOf(range, onlinePfns(range));
    if (dies !== null) return dies;
    if (onlinePfns(range).some((pfns) => pinsIn(tx.host, name, pfns).length > 0)) return waits();
  }
  for (const range of ranges) offlineRange(tx, range);
  return null;
}

/** Why nothing is told of an offline of all these pages, where the kernel dies of one (S46). */
export function diesOf(range: MemoryRange, wanted: readonly PfnRange[]): Refusal | null {
  return hasMiscounted(range, wanted) ? unknownOutcome(DIES) : null;
}

const DIES =
  'the kernel dies as it takes the memory offline, of a free page whose count is wrong (S46): what it has done by then is not recorded';

function offlineRange(tx: Transaction, range: MemoryRange): void {
  migrate(tx, range.dax_device, onlinePfns(range));
  const blocks = [{ first: 0, nr_blocks: nrBlocks(range), ...OFFLINE }];
  patch(tx, 'memory_ranges', range.id, { blocks });
  emit(tx, 'memory_range_changed', `dax-devices/${range.dax_device}`, { offline: nrBlocks(range) });
}

/** A write that sleeps until somebody lets go. */
export function waits(): Refusal {
  return refuse('dax_device_busy', 'the write to state does not return: a page is pinned, and offline waits');
}
