import { memoryRangesOf } from '../../model/memory_range.ts';
import { memRegionReleased } from '../../device/lifecycle.ts';
import type { StepInput, StepOutput } from '../step.ts';

/**
 * The range leaves /proc/iomem, the device has no driver. That of memory which kmem could not take away stays, and
 * its struct pages with it (M66). Source: kernel/resource.c, drivers/dax/kmem.c dev_dax_kmem_remove().
 */
export function releaseMemRegion({ tx, device }: StepInput): StepOutput {
  memRegionReleased(tx, device, memoryRangesOf(tx.host, device.name).length > 0);
  return { end: 'done' };
}
