import type { StepName } from '../model/vocabulary.ts';
import type { StepInput, StepOutput } from './step.ts';
import { daxHolderNotifyFailure } from './steps/dax_holder_notify_failure.ts';
import { cxlMemdevRemove } from './steps/cxl_memdev_remove.ts';
import { cxlRegionRemove } from './steps/cxl_region_remove.ts';
import { cxlDecoderDetach } from './steps/cxl_decoder_detach.ts';
import { cxlRegionDecodeReset } from './steps/cxl_region_decode_reset.ts';
import { delGendisk } from './steps/del_gendisk.ts';
import { devPagemapFailure } from './steps/dev_pagemap_failure.ts';
import { killDax } from './steps/kill_dax.ts';
import { kmemMemoryFailure } from './steps/kmem_memory_failure.ts';
import { ndPmemRemove } from './steps/nd_pmem_remove.ts';
import { removeMemory } from './steps/remove_memory.ts';
import { unregisterDevDax } from './steps/unregister_dev_dax.ts';
import { releaseMemRegion } from './steps/release_mem_region.ts';
import { archRemoveMemory } from './steps/arch_remove_memory.ts';
import { pgmapDrain } from './steps/pgmap_drain.ts';
import { cdevDel } from './steps/cdev_del.ts';
import { unmapMappingRange } from './steps/unmap_mapping_range.ts';

/** Every step by the name the profiles list it under. */
export const STEPS: Readonly<Record<StepName, (input: StepInput) => StepOutput>> = {
  nd_pmem_remove: ndPmemRemove,
  dax_holder_notify_failure: daxHolderNotifyFailure,
  kill_dax: killDax,
  del_gendisk: delGendisk,
  dev_pagemap_failure: devPagemapFailure,
  unmap_mapping_range: unmapMappingRange,
  cdev_del: cdevDel,
  pgmap_drain: pgmapDrain,
  arch_remove_memory: archRemoveMemory,
  kmem_memory_failure: kmemMemoryFailure,
  remove_memory: removeMemory,
  release_mem_region: releaseMemRegion,
  unregister_dev_dax: unregisterDevDax,
  cxl_region_decode_reset: cxlRegionDecodeReset,
  cxl_decoder_detach: cxlDecoderDetach,
  cxl_region_remove: cxlRegionRemove,
  cxl_memdev_remove: cxlMemdevRemove,
};
