import { patch } from '../../model/transaction.ts';
import type { StepInput, StepOutput } from '../step.ts';

/** The dev_dax itself goes: old VMAs and descriptors are dead for good. Source: drivers/dax/bus.c unregister_dev_dax(). */
export function unregisterDevDax({ tx, device }: StepInput): StepOutput {
  patch(tx, 'dax_devices', device.name, { parent_bound: false, instance: device.instance + 1 });
  return { end: 'done', result: { keeps_dev_dax: false } };
}
