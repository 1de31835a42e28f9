import { devDaxUnregistered } from '../../device/lifecycle.ts';
import type { StepInput, StepOutput } from '../step.ts';

/** The dev_dax itself goes: old VMAs and descriptors are dead for good. Source: drivers/dax/bus.c unregister_dev_dax(). */
export function unregisterDevDax({ tx, device }: StepInput): StepOutput {
  devDaxUnregistered(tx, device);
  return { end: 'done', result: { keeps_dev_dax: false } };
}
