import type { Answer } from '../answer.ts';
import { answer } from '../commands/patch_memory_block.ts';
import { findBlock, render } from '../device/kmem/memory_block.ts';
import type { Command } from '../model/command.ts';
import { memoryRangesOf } from '../model/memory_range.ts';
import { nrBlocks } from '../model/memory_block.ts';
import { findDevice } from '../model/lookup.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';

/** One memory block. */
export function surveyMemoryBlock(
  tx: Transaction,
  command: Extract<Command, { type: 'survey_memory_block' }>,
): Answer | Refusal {
  const found = findBlock(tx.host, command.dax_device, command.block);
  return isRefusal(found) ? found : answer(tx, found.range, found.at, null);
}

/** Memory blocks of a device from the `start`-th on; none where it has no system RAM. */
export function surveyMemoryBlocks(
  tx: Transaction,
  command: Extract<Command, { type: 'survey_memory_blocks' }>,
): Answer | Refusal {
  const device = findDevice(tx.host, command.dax_device);
  if (isRefusal(device)) return device;
  const [range] = memoryRangesOf(tx.host, device.name);
  if (range === undefined) return { memory_blocks: { items: [], total: 0 } };
  return {
    memory_blocks: {
      items: render(tx.host, range, command.start, command.limit),
      total: nrBlocks(range),
    },
  };
}
