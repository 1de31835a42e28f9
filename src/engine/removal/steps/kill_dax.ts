import { mappingsOfDevice } from '../../lookup.ts';
import { patch } from '../../transaction.ts';
import { PAGE_BYTES } from '../../vocabulary.ts';
import type { SignalRow } from '../record.ts';
import type { StepInput, StepOutput } from '../step.ts';
import { storeOn } from '../storing.ts';

/**
 * Clears DAXDEV_ALIVE: from here dax_direct_access() answers -ENXIO. Processes that store without pause meet
 * it at once where the sync has write-protected them, at the sync else.
 * Source: drivers/dax/super.c kill_dax(), drivers/dax/bus.c kill_dev_dax().
 */
export function killDax({ tx, device }: StepInput): StepOutput {
  patch(tx, 'dax_devices', device.name, { dax_alive: false });
  return { end: 'done', result: {} };
}

/** Every process that stores in a loop into the device: what its next store gets. */
export function storingMappings({ tx, device }: StepInput): SignalRow[] {
  const storing = mappingsOfDevice(tx.host, device.name).filter((mapping) => mapping.activity === 'storing');
  return storing.flatMap((mapping) => storeOn(tx, mapping, mapping.length / PAGE_BYTES));
}
