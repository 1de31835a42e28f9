import type { Badblocks } from '../engine/model/host.ts';
import { SECTOR_BYTES } from '../engine/model/vocabulary.ts';
import { countSectors, listedSectors, sectorsOf } from '../inventory/badblocks.ts';
import { findListed } from './listed_at.ts';
import { findRecord } from '../inventory/find_record.ts';
import type { ListingImport } from '../inventory/import_listing.ts';
import { groupBy } from '../inventory/indexed.ts';
import { sectorsFromRegion } from '../inventory/region_badblocks.ts';
import type { InventoryDeviceRecord, ListedObject, PoisonedRange } from '../inventory/record.ts';
import { pointerTo } from '../inventory/refusal.ts';
import { NOWHERE, type Skipped } from '../inventory/skip.ts';

/** The badblocks that a device is listed with, in sectors; null where no listing tells which, or whether any. */
export function listedBadblocks({ poisoned_ranges }: InventoryDeviceRecord): readonly Badblocks[] | null {
  if (poisoned_ranges === null) return null;
  return sectorsOf(poisoned_ranges).map(([offset, length]) => ({ offset, length }));
}

/** The badblocks that a device has now, in bytes. */
export function currentBadblocks(badblocks: readonly Badblocks[]): readonly PoisonedRange[] {
  return badblocks.map(({ offset, length }) => {
    return { offset: offset * SECTOR_BYTES, length: length * SECTOR_BYTES };
  });
}

/** Says which badblocks a listing shows where the device has no data: those are not taken. */
export function badblocksBehind({ devices, items }: Pick<ListingImport, 'devices' | 'items'>): Skipped[] {
  const find = findListed(items);
  return devices.flatMap(({ record, change }): readonly Skipped[] => {
    const { name, size, poisoned_ranges, namespace, region, listed } = record;
    if (change === 'gone' || size === null || poisoned_ranges === null) return [];
    const isOwn = listed.namespace?.['badblocks'] !== undefined;
    const holder = isOwn ? find('namespace', namespace) : find('region', region);
    const at = holder === null ? NOWHERE : { ...holder, pointer: pointerTo(holder.pointer, 'badblocks') };
    const end = Math.ceil(size / SECTOR_BYTES);
    return sectorsOf(poisoned_ranges).flatMap(([first, count]) => {
      const behind = first + count - Math.max(first, end);
      if (behind <= 0) return [];
      const told = `${String(count)} sectors from ${String(first)}`;
      const detail = `${told}: ${String(behind)} of them lie behind the ${String(size)} bytes of its data`;
      return [{ kind: 'badblocks', name, reason: 'past the end', detail, ...at }];
    });
  });
}

/**
 * Says which poison records of CXL (`cxl list -L`) are not taken: they are of a card or region, where the model keeps
 * badblocks of devices alone. The records stay in what was listed.
 */
export function mediaErrors({
  host,
  host_objects,
  items,
}: Pick<ListingImport, 'host' | 'host_objects' | 'items'>): Skipped[] {
  const find = findListed(items);
  const tables = { memdev: host.memdevs, cxl_region: host.cxl_regions };
  return host_objects.flatMap(({ kind, name, change }): Skipped[] => {
    if (change === 'gone' || (kind !== 'memdev' && kind !== 'cxl_region')) return [];
    const errors = findRecord(tables[kind], name)?.fields['media_errors'];
    if (!Array.isArray(errors) || errors.length === 0) return [];
    const detail = `${String(errors.length)} media errors: poison of a CXL ${kind === 'memdev' ? 'card' : 'region'} is put on no device here; tell it by POST …/memory-failure`;
    const at = find(kind, name) ?? NOWHERE;
    return [{ kind: 'badblocks', name, reason: 'not placeable', detail, ...at }];
  });
}

/** Says which badblocks of an nd region reach no device of it: where nobody tells in whose data they lie [IMP62]. */
export function regionBadblocks({ host, items, records }: ListingImport): readonly Skipped[] {
  const onRegion = groupBy(records, ({ region }) => region);
  return items.flatMap(({ kind, name, document, pointer }): readonly Skipped[] => {
    const region = kind === 'region' ? findRecord(host.regions, name)?.fields : undefined;
    const detail = region === undefined ? null : whyNotPlaced(region, onRegion.get(name) ?? []);
    return detail === null
      ? []
      : [{ kind: 'badblocks', name, reason: 'not placeable', detail, document, pointer }];
  });
}

/** Null where nothing is left to place: the devices' own lists tell it, or their region's does. */
function whyNotPlaced(region: ListedObject, devices: readonly InventoryDeviceRecord[]): string | null {
  if (region['badblock_count'] === undefined && region['badblocks'] === undefined) return null;
  if (devices.some(({ listed: { namespace } }) => namespace?.['badblocks'] !== undefined)) return null;
  const sectors = region['badblocks'] === undefined ? null : listedSectors(region);
  if (sectors === null) return 'how many sectors are bad, and not which: `ndctl list -R -N -M` as root tells';
  const placed = devices.map((device) => sectorsFromRegion(region, device)).find((now) => now !== null);
  const count = countSectors(sectors) - countSectors(placed ?? []);
  if (count === 0) return null;
  const where =
    placed === undefined
      ? 'no device is known to fill the region: `ndctl list -N -M` as root tells those of its namespaces'
      : 'they lie in no data of its device';
  return `${String(count)} bad sectors of the region are put on no device: ${where}`;
}
