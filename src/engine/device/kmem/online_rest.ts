import type { DaxDevice } from '../../model/host.ts';
import { firstBlock, mergeAlike } from '../../model/memory_block.ts';
import { memoryRangesOf, onlined } from '../../model/memory_range.ts';
import { emit, patch, type Transaction } from '../../model/transaction.ts';

/**
 * daxctl brings what is offline of a device's memory online, to ZONE_MOVABLE; what the kernel had onlined before stays
 * in its zone (M88). Source: daxctl/lib/libdaxctl.c daxctl_memory_online(), v81.
 */
export function onlineRest(tx: Transaction, { name }: DaxDevice): void {
  for (const range of memoryRangesOf(tx.host, name)) {
    if (range.blocks.every(({ state }) => state !== 'offline')) continue;
    const movable = onlined('online_movable', 'Movable');
    const runs = range.blocks.map((run) => {
      const { first, nr_blocks, state } = run;
      return state === 'offline' ? { ...movable, first, nr_blocks } : run;
    });
    patch(tx, 'memory_ranges', range.id, { blocks: mergeAlike(runs) });
    emit(tx, 'memory_range_changed', `dax-devices/${name}`, { online_movable: firstBlock(range) });
  }
}
