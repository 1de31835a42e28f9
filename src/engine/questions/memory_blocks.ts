import { findBlock, render, type MemoryBlock } from '../device/kmem/memory_block.ts';
import type { MemoryRange } from '../model/host.ts';
import { findDevice } from '../model/lookup.ts';
import { nrBlocks } from '../model/memory_block.ts';
import { memoryRangesOf } from '../model/memory_range.ts';
import type { SurveyMemoryBlock, SurveyMemoryBlocks } from '../model/question.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';

/** A memory block, and the range that is its record. */
export interface SurveyedMemoryBlock {
  readonly record: MemoryRange;
  readonly memory_block: MemoryBlock;
}

/** Some memory blocks of a device, and how many it has. */
export interface SurveyedMemoryBlocks {
  readonly items: readonly MemoryBlock[];
  readonly total: number;
}

/** One memory block. Refused with `memory_block_not_found`, `dax_device_not_found`. */
export function surveyMemoryBlock(
  { host }: Transaction,
  { dax_device, block }: SurveyMemoryBlock,
): SurveyedMemoryBlock | Refusal {
  const found = findBlock(host, dax_device, block);
  if (isRefusal(found)) return found;
  const { range, at } = found;
  return { record: range, memory_block: render(host, range, at, 1)[0]! };
}

/** Memory blocks of a device from the `start`-th on; none where it has no system RAM. */
export function surveyMemoryBlocks(
  { host }: Transaction,
  { dax_device, start, limit }: SurveyMemoryBlocks,
): SurveyedMemoryBlocks | Refusal {
  const device = findDevice(host, dax_device);
  if (isRefusal(device)) return device;
  const [range] = memoryRangesOf(host, device.name);
  if (range === undefined) return { items: [], total: 0 };
  return { items: render(host, range, start, limit), total: nrBlocks(range) };
}
