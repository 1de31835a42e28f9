import { must, presentPins } from '../../model/lookup.ts';
import { pgmapKilled } from '../../device/lifecycle.ts';
import { waitsOn } from '../waits_on.ts';
import type { StepInput, StepOutput } from '../step.ts';

/**
 * Kills the pgmap reference and waits where that kernel counts page references: every pin, transient or
 * longterm, holds the removal until it is dropped. From v6.1 it waits for nobody.
 * Source: mm/memremap.c memunmap_pages(); v5.10 block/blk-core.c blk_cleanup_queue() for fsdax.
 */
export function pgmapDrain({ tx, device, parameters }: StepInput): StepOutput {
  pgmapKilled(tx, device);
  const pins = presentPins(tx.host, device);
  const waits_for = must(parameters.waits_for, 'what memunmap_pages() waits for');
  if (waits_for !== 'page_refs' || pins.length === 0) return { end: 'done', result: { waits_for } };
  const waiting_on = pins.map(waitsOn);
  return { end: 'wait', waiting_on, result: { wait_in: must(parameters.wait_in, 'where it waits') } };
}
