import type { MemoryRange } from '../../model/host.ts';
import { factsOf } from '../../kernels/of_host.ts';
import { blockPages, onlineRuns, pfnsOf, spelled } from '../../model/memory_block.ts';
import { hotplugLock, memoryRangesOf, pinsIn } from '../../model/memory_range.ts';
import { removeRange } from '../../device/kmem/remove.ts';
import { emit, patch } from '../../model/transaction.ts';
import { PAGE_BYTES } from '../../model/vocabulary.ts';
import { waitsOn } from '../waits_on.ts';
import type { StepInput, StepOutput } from '../step.ts';

/**
 * Takes each range away whose blocks are all offline; one with a block online stays whole and in use, and its
 * request_mem_region() stays until a reboot. It never offlines, and nobody is notified. Behind an offline that does not
 * end it waits for the hotplug lock of the machine (M159).
 * Source: drivers/dax/kmem.c dev_dax_kmem_remove(), mm/memory_hotplug.c remove_memory(); M65-M67, M75, M77.
 */
export function removeMemory(input: StepInput): StepOutput {
  const { tx, device, parameters } = input;
  const lock = hotplugLock(tx.host);
  if (lock !== null) return waits(input, lock);
  const log: string[] = [];
  const leaked: string[] = [];
  for (const range of memoryRangesOf(tx.host, device.name)) {
    const [online] = onlineRuns(range);
    if (online === undefined || parameters.proposed === true) removeRange(tx, range);
    else {
      log.push(...leak(input, range, online.first));
      leaked.push(spelled(range.base_pfn, range.nr_pages));
    }
  }
  return { end: 'done', log, result: { leaked } };
}

function waits({ tx }: StepInput, lock: MemoryRange): StepOutput {
  const pins = pinsIn(tx.host, lock.dax_device, pfnsOf(lock, lock.offlining!));
  const waiting_on = pins.map(waitsOn);
  const listing_blocks = factsOf(tx.host).kmem.list_blocks_behind_unbind;
  return {
    end: 'wait',
    waiting_on,
    result: { wait_in: 'remove_memory', behind: lock.dax_device, listing_blocks },
  };
}

function leak({ tx, device }: StepInput, range: MemoryRange, first: number): string[] {
  patch(tx, 'memory_ranges', range.id, { leaked: true, leaked_at: tx.context.now });
  emit(tx, 'memory_range_leaked', `dax-devices/${device.name}`, { nr_pages: range.nr_pages });
  const { leak_message } = factsOf(tx.host).kmem;
  const kmem = `kmem ${device.name}:`;
  const log = [
    `removing memory fails, because memory [${block(range, first)}] is onlined`,
    `${kmem} mapping0: ${spelled(range.base_pfn, range.nr_pages)} ${leak_message}`,
  ];
  const all = leak_message === 'stuck online until reboot';
  return all ? [...log, `${kmem} Hotplug regions stuck online until reboot`] : log;
}

/** A block as `%pa` prints its first and last byte. */
function block(range: MemoryRange, first: number): string {
  const start = BigInt(range.base_pfn + first * blockPages(range)) * BigInt(PAGE_BYTES);
  const padded = (address: bigint) => `0x${address.toString(16).padStart(16, '0')}`;
  return `${padded(start)}-${padded(start + BigInt(range.block_bytes) - 1n)}`;
}
