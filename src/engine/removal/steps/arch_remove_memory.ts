import { tearDownFlags } from '../../mm/hwpoison.ts';
import { nrPages } from '../../model/lookup.ts';
import { memmapRemoved } from '../../device/lifecycle.ts';
import type { StepInput, StepOutput } from '../step.ts';

/** The memmap goes; entries that are left lead to no struct page. Source: mm/memremap.c pageunmap_range(). */
export function archRemoveMemory({ tx, device }: StepInput): StepOutput {
  tearDownFlags(tx, device.name, [device.base_pfn, nrPages(device)]);
  memmapRemoved(tx, device);
  return { end: 'done' };
}
