import type { KernelName, StepName } from '../model/vocabulary.ts';
import type { CxlFacts } from './cxl.ts';
import type { StepSpec } from './profile.ts';

/**
 * The steps around those of the device itself when it goes with its CXL region or memdev (CX1, M109); none where
 * there is no drivers/cxl.
 *
 *   cxl_region           cxl_region_remove ──▶ the device's own steps
 *   cxl_mem, cxl_pci     cxl_region_decode_reset ─▶ cxl_decoder_detach ─▶ cxl_region_remove ──▶ the device's own
 *                        steps ──▶ cxl_memdev_remove
 */
export function cxlSteps(
  kernel: KernelName,
  facts: CxlFacts,
): { readonly cxl_region: readonly StepSpec[]; readonly cxl_memdev: readonly StepSpec[] } {
  if (facts.region_types.length === 0) return { cxl_region: [], cxl_memdev: [] };
  const detach =
    facts.decode_reset_before_release === 'always' ? 'cxl_region_detach' : '__cxl_decoder_detach';
  const step = (name: StepName, kernel_function: string, file: string): StepSpec => {
    const source = `drivers/cxl/${file} ${kernel_function}, ${kernel}`;
    return { name, kernel_function, source, parameters: {} };
  };
  const region = step('cxl_region_remove', 'cxlr_pmem_unregister()', 'core/region.c');
  return {
    cxl_region: [region],
    cxl_memdev: [
      step('cxl_region_decode_reset', 'cxl_region_decode_reset()', 'core/region.c'),
      step('cxl_decoder_detach', `${detach}()`, 'core/region.c'),
      region,
      step('cxl_memdev_remove', 'cxl_memdev_unregister()', 'core/memdev.c'),
    ],
  };
}
