import type { StepOutput } from '../step.ts';

/** The character device goes; open descriptors keep the inode. Source: drivers/dax/device.c dev_dax_cdev_del(). */
export function cdevDel(): StepOutput {
  return { end: 'done' };
}
