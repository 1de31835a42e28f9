import { tearDownFlags } from '../../mm/hwpoison.ts';
import { nrPages } from '../../model/lookup.ts';
import { patch } from '../../model/transaction.ts';
import type { StepInput, StepOutput } from '../step.ts';

/** The memmap goes; entries that are left lead to no struct page. Source: mm/memremap.c pageunmap_range(). */
export function archRemoveMemory({ tx, device }: StepInput): StepOutput {
  tearDownFlags(tx, device.name, [device.base_pfn, nrPages(device)]);
  patch(tx, 'dax_devices', device.name, { pgmap_state: 'none', faulted: [] });
  return { end: 'done' };
}
