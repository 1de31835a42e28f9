import type { Host, Mount } from '../model/host.ts';
import { deviceOf } from '../model/lookup.ts';

/**
 * Whether a removal that evicts the idle inodes of a superblock never comes to their end: it has s_umount, and the
 * superblock is never torn down. Source: fs/super.c fs_bdev_mark_dead(), fs/inode.c evict_inodes(); S47.
 */
export function heldByRemoval(host: Host, { dax_device, file_system }: Mount): boolean {
  const { removal } = deviceOf(host, dax_device);
  return host.tables.removals.get(removal ?? '')?.holds_s_umount_of === file_system;
}
