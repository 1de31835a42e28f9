import { regionOf } from '../../device/cxl/chain.ts';
import { detachDecoder } from '../../device/cxl/change.ts';
import type { StepInput, StepOutput } from '../step.ts';

/** The memdev leaves the targets of the region. Source: drivers/cxl/core/region.c; M96, M111. */
export function cxlDecoderDetach({ tx, device, removal }: StepInput): StepOutput {
  const memdev = removal.cxl_memdev!;
  detachDecoder(tx, regionOf(tx.host, device), memdev);
  const { name, mappings } = regionOf(tx.host, device);
  return { end: 'done', result: { region: name, memdev, targets: mappings.length } };
}
