import { memoryRangesOf } from '../../model/memory_range.ts';
import { patch } from '../../model/transaction.ts';
import type { StepInput, StepOutput } from '../step.ts';

/**
 * The range leaves /proc/iomem, the device has no driver. That of memory which kmem could not take away stays, and
 * its struct pages with it (M66). Source: kernel/resource.c, drivers/dax/kmem.c dev_dax_kmem_remove().
 */
export function releaseMemRegion({ tx, device }: StepInput): StepOutput {
  const leaked = memoryRangesOf(tx.host, device.name).length > 0;
  patch(tx, 'dax_devices', device.name, {
    mem_region: leaked ? 'leaked' : 'released',
    driver: null,
    dax_alive: false,
    pgmap_state: leaked ? device.pgmap_state : 'none',
    kmem_state: null,
  });
  return { end: 'done' };
}
