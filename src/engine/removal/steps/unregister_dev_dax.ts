import { devDaxUnregistered } from '../../device/lifecycle.ts';
import { evictionOops } from '../../mm/cdev.ts';
import { recordOops } from '../../mm/process_end.ts';
import { cdevOf } from '../../model/cdev.ts';
import type { StepInput, StepOutput } from '../step.ts';

/**
 * The dev_dax itself goes: old VMAs and descriptors are dead for good. Its node is deleted, and the inode evicted where
 * nobody has it open: of one that dangles kdevtmpfs dies, and the unbind waits for it (S20).
 * Source: drivers/dax/bus.c unregister_dev_dax(), drivers/base/devtmpfs.c devtmpfs_delete_node().
 */
export function unregisterDevDax({ tx, device }: StepInput): StepOutput {
  const { dangling, opens } = cdevOf(device, device.instance)!;
  if (dangling && opens === 0) {
    const { at, never_ends } = evictionOops(tx);
    recordOops(tx, at, never_ends);
    return { end: 'stuck', result: { hangs_in: 'devtmpfs_delete_node' } };
  }
  devDaxUnregistered(tx, device);
  return { end: 'done', result: { keeps_dev_dax: false } };
}
