import { daxKilled } from '../../device/lifecycle.ts';
import { neverReturns } from '../../mm/never_returns.ts';
import type { StepInput, StepOutput } from '../step.ts';

/**
 * Clears DAXDEV_ALIVE: from here dax_direct_access() answers -ENXIO. Processes that store without pause meet it at once
 * where the sync has write-protected them, otherwise at the sync. It never returns where a task has oopsed within
 * dax_read_lock(), which all devices share (S17): synchronize_srcu() waits for that reader.
 * Source: drivers/dax/super.c kill_dax(), drivers/dax/bus.c kill_dev_dax().
 */
export function killDax({ tx, device }: StepInput): StepOutput {
  daxKilled(tx, device);
  // A block translation table has no dax_device (S17a).
  const hangs_in = device.mode === 'sector' ? null : neverReturns(tx.host, 'kill_dax');
  return hangs_in === null ? { end: 'done', result: {} } : { end: 'stuck', result: { hangs_in } };
}
