import type { DaxDevice } from '../../model/host.ts';
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
  const inPlace = range !== undefined && range.base_pfn === wholeBlocks(device, range.block_bytes).base_pfn;
  if (bound && inPlace && (told?.online ?? null) === null) return;
  if (range !== undefined) forgetRange(tx, range);
  if (bound) addListedMemory(tx, device, told);
}
