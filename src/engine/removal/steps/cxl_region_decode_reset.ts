import { regionOf } from '../../device/cxl/chain.ts';
import { clearTargets, resetDecode } from '../../device/cxl/change.ts';
import { deviceOf, removalsNotCompleted } from '../../model/lookup.ts';
import { regionTool } from '../../model/via.ts';
import type { StepInput, StepOutput } from '../step.ts';

/**
 * The decoders of the region are cleared before anything above has let go of it; where the region is destroyed, once
 * the last device on it has (CX20).
 * Source: drivers/cxl/core/region.c cxl_region_decode_reset(); M109, M111.
 */
export function cxlRegionDecodeReset({ tx, device, removal }: StepInput): StepOutput {
  const region = regionOf(tx.host, device);
  const destroys = regionTool(removal.via)?.destroys === true;
  if (destroys) {
    const others = removalsNotCompleted(tx.host).filter(
      (other) =>
        other.via === removal.via &&
        other.id !== removal.id &&
        deviceOf(tx.host, other.dax_device).cxl_region === region.name,
    );
    if (others.length > 0)
      return { end: 'done', result: { region: region.name, waits_for: others.map(({ id }) => id) } };
  }
  resetDecode(tx, region);
  if (destroys) clearTargets(tx, regionOf(tx.host, device));
  const { name, decode_state } = regionOf(tx.host, device);
  return { end: 'done', result: { region: name, decode_state } };
}
