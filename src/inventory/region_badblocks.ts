import { type Layout, metadataOf } from '../engine/model/info_block.ts';
import { intersect } from '../engine/model/pfn_range.ts';
import { SECTOR_BYTES } from '../engine/model/vocabulary.ts';
import { listedSectors, type Sectors } from './badblocks.ts';
import { toCount } from './number.ts';
import type { InventoryDeviceRecord, ListedObject } from './record.ts';

/** What of a device says where its data lie in its nd region. */
export type Filling = Pick<
  InventoryDeviceRecord,
  'size' | 'size_is_rounded' | 'mode' | 'map' | 'align' | 'provider'
>;

/**
 * Sectors from the start of an nd region to the data of a device that fills it: what the kernel puts in front of them and
 * their size are together the whole region, so that nothing else is in it. Null where they are not, and their place in
 * the region is not known [IMP62].
 *
 * Source: drivers/nvdimm/pfn_devs.c nd_pfn_init(), v6.12.
 */
function dataStartIn(
  region: ListedObject,
  { size, size_is_rounded, map, ...device }: Filling,
): number | null {
  const whole = toCount(region['size']);
  if (whole === null || size === null || size_is_rounded) return null;
  const maps: readonly Layout['map'][] = map === 'dev' || map === 'mem' ? [map] : ['dev', 'mem'];
  const starts = maps.map((now) => metadataOf({ ...device, map: now })?.(whole) ?? null);
  const start = starts.find((bytes) => bytes !== null && bytes + size === whole) ?? null;
  return start === null ? null : start / SECTOR_BYTES;
}

/** Bad sectors of the device that fills an nd region, from the start of that; null where it is not known to fill it. */
export function inRegion(region: ListedObject, device: Filling, sectors: Sectors): Sectors | null {
  if (sectors.length === 0) return sectors;
  const start = dataStartIn(region, device);
  return start === null ? null : sectors.map(([first, count]) => [first + start, count]);
}

/**
 * The bad sectors that an nd region is listed with, as those of the device that fills it; null where the region tells
 * none, or not which, or the place of the data in it is not known [IMP62].
 *
 * Source: drivers/nvdimm/badrange.c badblocks_populate(), v6.12: both are cut from the one list of the bus.
 */
export function sectorsFromRegion(region: ListedObject, device: Filling): Sectors | null {
  const listed = region['badblocks'] === undefined ? null : listedSectors(region);
  const start = listed === null ? null : dataStartIn(region, device);
  if (listed === null || start === null) return null;
  const data = [[start, Math.ceil(device.size! / SECTOR_BYTES)]] as const;
  return intersect(listed, data).map(([first, count]) => [first - start, count]);
}
