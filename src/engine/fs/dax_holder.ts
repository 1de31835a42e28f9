import { profileOf } from '../kernels/of_host.ts';
import type { DaxDevice, Host, Mount } from '../model/host.ts';
import { mountsOn } from '../model/lookup.ts';

/**
 * The mounted file system that holds the dax_device and is told of its failures: the first xfs, whatever its `dax`, from
 * its mount to its umount; ext4 never (S22). A second one does not take over: the next that is mounted does (S25).
 * Source: fs/xfs/xfs_buf.c xfs_alloc_buftarg(), drivers/dax/super.c fs_dax_get_by_bdev(), fs_put_dax().
 */
export function daxHolderOf(host: Host, device: DaxDevice): Mount | undefined {
  return mountsOn(host, device).find(({ dax_holder }) => dax_holder);
}

/** Whether this kernel knows holders, and its removal of a pmem tells them (dax_holder_notify_failure()). */
export function tellsHolder(host: Host): boolean {
  return profileOf(host).steps.fsdax.some(({ name }) => name === 'dax_holder_notify_failure');
}
