import { regionOf } from '../../device/cxl/chain.ts';
import { releaseRegion } from '../../device/cxl/change.ts';
import type { StepInput, StepOutput } from '../step.ts';

/** What stands on the region unbinds next. Source: drivers/cxl/core/region.c cxlr_pmem_unregister(); M102. */
export function cxlRegionRemove({ tx, device }: StepInput): StepOutput {
  const region = regionOf(tx.host, device);
  releaseRegion(tx, region);
  return { end: 'done', result: { region: region.name } };
}
