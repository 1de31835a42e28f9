import { daxKilled } from '../../device/lifecycle.ts';
import type { Host } from '../../model/host.ts';
import type { StepInput, StepOutput } from '../step.ts';

/**
 * Clears DAXDEV_ALIVE: from here dax_direct_access() answers -ENXIO. Processes that store without pause meet it at once
 * where the sync has write-protected them, otherwise at the sync. It never returns where a task has oopsed within
 * dax_read_lock(), which all devices share: synchronize_srcu() waits for that reader (by the source alone).
 * Source: drivers/dax/super.c kill_dax(), drivers/dax/bus.c kill_dev_dax().
 */
export function killDax({ tx, device }: StepInput): StepOutput {
  daxKilled(tx, device);
  if (oopsedInWalk(tx.host)) return { end: 'stuck', result: { hangs_in: 'synchronize_srcu' } };
  return { end: 'done', result: {} };
}

/** The walk of a holder is within dax_read_lock(); since the last reboot, which ends what is stuck. */
function oopsedInWalk(host: Host): boolean {
  const stuck = host.tables.removals.where(({ state }) => state === 'stuck');
  return stuck.some(({ steps }) => steps.some(({ result }) => 'oopses_in' in result));
}
