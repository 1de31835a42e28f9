import type { DaxDevice, MemoryRange } from '../../model/host.ts';
import { factsOf } from '../../kernels/of_host.ts';
import { kernelRefuses, type Refusal } from '../../model/refusal.ts';
import { patch, type Transaction } from '../../model/transaction.ts';
import type { KmemState, MemoryBlockState } from '../../model/vocabulary.ts';
import { nrBlocks, zoneAsked } from '../../model/memory_block.ts';
import { memoryPlugged, memoryUnplugged } from '../lifecycle.ts';
import { offlineAll, waits } from './offline_all.ts';
import { addMemory } from './add.ts';
import { hotplugLock, memoryRangesOf, onlined } from '../../model/memory_range.ts';
import { removeRange } from './remove.ts';

/**
 * A write to `daxX.Y/state`: `unplugged` offlines and removes every range or none, an online state adds them
 * again. It does not follow writes to `memoryN/state`.
 *
 *   online | online_kernel | online_movable | offline ──unplugged──▶ unplugged ──online*──▶ online*
 *
 * Source: drivers/dax/kmem.c state_store(), offline_and_remove_memory_ranges(), v7.3; M84, M85.
 */
export function writeKmemState(tx: Transaction, device: DaxDevice, state: KmemState): Refusal | null {
  if (!factsOf(tx.host).kmem.state_attr || device.kmem_state === null) {
    return kernelRefuses(
      'ENOENT',
      `there is no ${device.name}/state: kmem of v7.3 makes it while it is bound`,
    );
  }
  if (state === 'offline') return kernelRefuses('EINVAL', 'state_store: offline is not taken');
  if (state === device.kmem_state) return null;
  if (state === 'unplugged') return unplug(tx, device);
  if (device.kmem_state !== 'unplugged') {
    return kernelRefuses('EBUSY', `state_store: ${device.kmem_state} goes online only from unplugged`);
  }
  if (hotplugLock(tx.host) !== null) return waits();
  memoryPlugged(tx, device, state);
  addMemory(tx, device);
  for (const range of memoryRangesOf(tx.host, device.name)) onlineAll(tx, range, state);
  return null;
}

function onlineAll(tx: Transaction, range: MemoryRange, state: MemoryBlockState): void {
  const block = onlined(state, zoneAsked(state));
  const blocks = [{ first: 0, nr_blocks: nrBlocks(range), ...block }];
  patch(tx, 'memory_ranges', range.id, { blocks });
}

function unplug(tx: Transaction, device: DaxDevice): Refusal | null {
  if (hotplugLock(tx.host) !== null) return waits();
  const refusal = offlineAll(tx, device);
  if (refusal !== null) return refusal;
  for (const range of memoryRangesOf(tx.host, device.name)) removeRange(tx, range);
  memoryUnplugged(tx, device);
  return null;
}
