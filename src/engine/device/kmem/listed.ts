import type { DaxDevice, MemoryRange } from '../../model/host.ts';
import type { Transaction } from '../../model/transaction.ts';
import type { ListedBlocks } from '../../model/memory_block.ts';
import { addListedMemory } from './add.ts';
import { wholeBlocks } from './probe.ts';
import { memoryRangesOf, usedPages } from '../../model/memory_range.ts';
import { forgetRange } from './remove.ts';

/**
 * Makes the memory of a device what a listing tells of it; memory that has leaked, is in use, or is known and not
 * counted again stays as it is.
 */
export function memoryAsListed(tx: Transaction, device: DaxDevice, told: ListedBlocks | null): void {
  const [range] = memoryRangesOf(tx.host, device.name);
  const bound = device.driver === 'kmem';
  if (range === undefined && !bound) return;
  if (range?.leaked === true || usedPages(tx.host, device.name).length > 0) return;
  const inPlace = range !== undefined && isOf(device, range);
  if (bound && inPlace && (told?.online ?? null) === null) return;
  if (range !== undefined) forgetRange(tx, range);
  if (bound) addListedMemory(tx, device, told);
}

/** Whether memory is where its device has it, and all that the device has. */
function isOf(device: DaxDevice, { base_pfn, nr_pages, block_bytes }: MemoryRange): boolean {
  const whole = wholeBlocks(device, block_bytes);
  return base_pfn === whole.base_pfn && nr_pages === whole.nr_pages;
}
