import type { DaxDevice } from '../../model/host.ts';
import type { Transaction } from '../../model/transaction.ts';
import type { CountedBlocks } from '../../model/memory_block.ts';
import { addMemory } from './add.ts';
import { wholeBlocks } from './probe.ts';
import { memoryRangesOf, usedPages } from '../../model/memory_range.ts';
import { forgetRange } from './remove.ts';

/** Makes the memory of a device what a listing shows of it; memory that has leaked or is in use stays as it is. */
export function memoryAsListed(tx: Transaction, device: DaxDevice, counted: CountedBlocks | null): void {
  const [range] = memoryRangesOf(tx.host, device.name);
  const bound = device.driver === 'kmem';
  if (range === undefined && !bound) return;
  if (range?.leaked === true || usedPages(tx.host, device.name).length > 0) return;
  const inPlace = range !== undefined && range.base_pfn === wholeBlocks(device, range.block_bytes).base_pfn;
  if (bound && inPlace && counted === null) return;
  if (range !== undefined) forgetRange(tx, range);
  if (bound) addMemory(tx, device, counted);
}
