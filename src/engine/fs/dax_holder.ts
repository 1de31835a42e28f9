import { profileOf } from '../kernels/of_host.ts';
import type { DaxDevice, Host, Mount } from '../model/host.ts';
import { mountsOn } from '../model/lookup.ts';

/**
 * The mounted file system that holds the dax_device and is told of its failures: xfs with DAX registers itself, ext4
 * never does. Source: fs/xfs/xfs_buf.c xfs_alloc_buftarg(), drivers/dax/super.c fs_dax_get_by_bdev().
 */
export function daxHolderOf(host: Host, device: DaxDevice): Mount | undefined {
  return mountsOn(host, device).find(({ fs_type, dax }) => fs_type === 'xfs' && dax !== 'never');
}

/** Whether this kernel's removal of a pmem tells the holder (dax_holder_notify_failure()). */
export function tellsHolder(host: Host): boolean {
  return profileOf(host).steps.fsdax.some(({ name }) => name === 'dax_holder_notify_failure');
}
