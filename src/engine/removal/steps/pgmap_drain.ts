import { pinsOfDevice } from '../../model/lookup.ts';
import type { WaitingOn } from '../../model/removal.ts';
import { pgmapKilled } from '../../device/lifecycle.ts';
import type { StepInput, StepOutput } from '../step.ts';

/**
 * Kills the pgmap reference and waits where that kernel counts page references: every pin, transient or
 * longterm, holds the removal until it is dropped. From v6.1 it waits for nobody.
 * Source: mm/memremap.c memunmap_pages(); v5.10 block/blk-core.c blk_cleanup_queue() for fsdax.
 */
export function pgmapDrain({ tx, device, parameters }: StepInput): StepOutput {
  pgmapKilled(tx, device);
  const pins = pinsOfDevice(tx.host, device.name).filter(
    (pin) => pin.pgmap === device.pgmap && pin.pfn_ranges.length > 0,
  );
  if (parameters.waits_for !== 'page_refs' || pins.length === 0) {
    return { end: 'done', result: { waits_for: parameters.waits_for } };
  }
  const waiting_on = pins.map(
    (pin): WaitingOn => ({
      kind: pin.kind === 'longterm' ? 'pin' : 'page_reference',
      pin: pin.id,
      pid: pin.pid,
      holder: pin.holder,
      released_by: 'unpin',
    }),
  );
  return { end: 'wait', waiting_on, result: { wait_in: parameters.wait_in } };
}
