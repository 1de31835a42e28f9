import { detachDecoder, releaseMemdev, releaseRegion, resetDecode } from '../../device/cxl/change.ts';
import { regionOf } from '../../device/cxl/chain.ts';
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

/** The memdev leaves the targets of the region. Source: drivers/cxl/core/region.c; M96, M111. */
export function cxlDecoderDetach({ tx, device, removal }: StepInput): StepOutput {
  const memdev = removal.cxl_memdev!;
  detachDecoder(tx, regionOf(tx.host, device), memdev);
  const { name, mappings } = regionOf(tx.host, device);
  return { end: 'done', result: { region: name, memdev, targets: mappings.length } };
}

/** What stands on the region unbinds next. Source: drivers/cxl/core/region.c cxlr_pmem_unregister(); M102. */
export function cxlRegionRemove({ tx, device }: StepInput): StepOutput {
  const region = regionOf(tx.host, device);
  releaseRegion(tx, region);
  return { end: 'done', result: { region: region.name } };
}

/** The memdev is let go by the last removal above it. Source: drivers/cxl/core/memdev.c; M96, M100. */
export function cxlMemdevRemove({ tx, removal }: StepInput): StepOutput {
  const memdev = removal.cxl_memdev!;
  const others = tx.host.tables.removals.where(
    (own) => own.cxl_memdev === memdev && own.id !== removal.id && own.completed_at === null,
  );
  if (others.length > 0) return { end: 'done', result: { memdev, waits_for: others.map(({ id }) => id) } };
  const { state } = releaseMemdev(tx, memdev, removal.via === 'cxl_mem' ? 'cxl_mem' : 'cxl_pci');
  return { end: 'done', result: { memdev, state } };
}
