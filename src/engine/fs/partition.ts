import type { DaxDevice, Mount } from '../model/host.ts';
import { nrPages } from '../model/lookup.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import { PARTITIONS_MAX, PMD_PAGES } from '../model/vocabulary.ts';

/** Why there is no such partition, and what becomes of a file system that an earlier version made on one. */
export const NO_SUCH_PARTITION = `a device has the partitions 1 to ${String(PARTITIONS_MAX)}; a file system that was made on a later one lies beyond the end of its device and cannot be mounted again: mkfs: true makes a new one, on one of these or on the whole device`;

/** Pages of each partition (PART1): an equal part of its device, on 2 MiB boundaries. */
export function partitionPages(device: DaxDevice): number {
  return Math.floor(nrPages(device) / PARTITIONS_MAX / PMD_PAGES) * PMD_PAGES;
}

/** `invalid_field` where the device has no such partition; undefined is the whole device. */
export function refusesPartition(device: DaxDevice, partition: number | undefined): Refusal | null {
  if (partition === undefined) return null;
  const pointer = '/partition';
  if (partition > PARTITIONS_MAX) return refuse('invalid_field', NO_SUCH_PARTITION, { pointer });
  if (partitionPages(device) > 0) return null;
  const detail = 'the device has no room for partitions of 2 MiB each: mkfs: true on the whole device';
  return refuse('invalid_field', detail, { pointer });
}

/** The block device that a superblock stands on, as the kernel logs it: `pmem0`, `pmem0p2`. */
export function diskName({ dax_device, partition }: Mount): string {
  return partition === null ? dax_device : `${dax_device}p${String(partition)}`;
}
