import { cdevDeleted } from '../../device/lifecycle.ts';
import { logOfPut, purgeSpinsIn } from '../../mm/cdev.ts';
import { cdevOf } from '../../model/cdev.ts';
import type { StepInput, StepOutput } from '../step.ts';

/**
 * The character device goes: open descriptors keep the inode, and its cdev. The last reference spins where `cdev_lock` is
 * never given back (S20). Source: drivers/dax/device.c dev_dax_cdev_del(), fs/char_dev.c cdev_purge(); S19.
 */
export function cdevDel({ tx, device }: StepInput): StepOutput {
  const cdev = cdevOf(device, device.instance)!;
  const spins_in = purgeSpinsIn(tx.host, cdev);
  if (spins_in !== null) return { end: 'stuck', result: { spins_in } };
  const log = logOfPut(tx, cdev);
  cdevDeleted(tx, device);
  return { end: 'done', log };
}
