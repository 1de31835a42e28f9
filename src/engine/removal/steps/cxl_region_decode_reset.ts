import { regionOf } from '../../device/cxl/chain.ts';
import { resetDecode } from '../../device/cxl/change.ts';
import type { StepInput, StepOutput } from '../step.ts';

/**
 * The decoders of the region are cleared before anything above has let go of it.
 * Source: drivers/cxl/core/region.c cxl_region_decode_reset(); M109, M111.
 */
export function cxlRegionDecodeReset({ tx, device }: StepInput): StepOutput {
  resetDecode(tx, regionOf(tx.host, device));
  const { name, decode_state } = regionOf(tx.host, device);
  return { end: 'done', result: { region: name, decode_state } };
}
