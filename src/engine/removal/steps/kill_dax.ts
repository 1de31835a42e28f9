import { daxKilled } from '../../device/lifecycle.ts';
import type { StepInput, StepOutput } from '../step.ts';

/**
 * Clears DAXDEV_ALIVE: from here dax_direct_access() answers -ENXIO. Processes that store without pause meet it at once
 * where the sync has write-protected them, otherwise at the sync.
 * Source: drivers/dax/super.c kill_dax(), drivers/dax/bus.c kill_dev_dax().
 */
export function killDax({ tx, device }: StepInput): StepOutput {
  daxKilled(tx, device);
  return { end: 'done', result: {} };
}
