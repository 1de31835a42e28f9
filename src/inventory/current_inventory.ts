import { intersect, normalize, subtract } from '../engine/model/pfn_range.ts';
import { badblocksNow, countSectors, listedSectors, sectorsHeld, type Sectors } from './badblocks.ts';
import { cxlRegionOfRegion } from './cxl_region_of.ts';
import { type CurrentDevice, withCurrentState } from './current_state.ts';
import { deriveDevice } from './derive.ts';
import { SECTOR_BYTES } from '../engine/model/vocabulary.ts';
import { isEqual } from './is_equal.ts';
import { toCount } from './number.ts';
import { onlyDimm, textOf } from './read_field.ts';
import { inRegion } from './region_badblocks.ts';
import type {
  InventoryDeviceRecord,
  InventoryHostRecord,
  ListedObject,
  ListedParts,
  ListedRecord,
} from './record.ts';
import { shownAs, type Shown } from './shown.ts';

/** A device: what was imported of it, if it was, and what it is now. */
export interface StatedDevice {
  readonly record: InventoryDeviceRecord | null;
  readonly current: CurrentDevice;
}

/** A host as the tools would list it now; give it to `importListing` as known, and to the exporter. */
export interface CurrentInventory {
  readonly host: InventoryHostRecord;
  /** All but those that are gone. */
  readonly devices: readonly InventoryDeviceRecord[];
  /** How the tools print each device, by name. */
  readonly shown: ReadonlyMap<string, Shown>;
  /** Devices whose removal has not ended: no listing ends them. */
  readonly removing: ReadonlySet<string>;
  /** The nd regions that are not there: their CXL region has no driver. */
  readonly idle_regions: ReadonlySet<string>;
}

/**
 * What was listed, overruled by what the simulator made of it: of the devices, and of the badblocks of their regions.
 *
 * An export of it shows the current state, and importing that export changes nothing. `idle_cxl_regions`: the CXL
 * regions that no driver is bound to, whose nd and dax regions are gone with it [M103].
 */
export function currentInventory(
  listed: InventoryHostRecord,
  stated: readonly StatedDevice[],
  idle_cxl_regions: ReadonlySet<string> = new Set(),
): CurrentInventory {
  const present = stated.filter(({ current }) => current.state !== 'gone');
  const onRegion = new Map<string, Member[]>();
  const owners = ownersOf(present);
  const devices = present.map((device) => {
    const now = withCurrentState(listed, device.record, device.current, owners);
    for (const name of namesIn(now.listed)) if (!owners.has(name)) owners.set(name, now.name);
    if (now.region !== null) onRegion.set(now.region, [...(onRegion.get(now.region) ?? []), { device, now }]);
    return now;
  });
  const regions = listed.regions.map((region) => regionNow(region, onRegion.get(region.name) ?? []));
  const idle = listed.regions.filter(({ name }) => {
    const cxlRegion = idle_cxl_regions.size === 0 ? null : cxlRegionOfRegion(listed, name);
    return cxlRegion !== null && idle_cxl_regions.has(cxlRegion);
  });
  const host = { ...listed, regions };
  const changed = new Set(
    regions.filter((region, at) => region !== listed.regions[at]).map(({ name }) => name),
  );
  return {
    host,
    // What a region tells of its device is what it tells now [IMP62].
    devices: devices.map((device) =>
      changed.has(device.region ?? '') ? deriveDevice(host, device.name, device.listed) : device,
    ),
    shown: new Map(present.map(({ current }) => [current.name, shownAs(current)])),
    removing: new Set(
      present.filter(({ current }) => current.state === 'removing').map(({ current }) => current.name),
    ),
    idle_regions: new Set(idle.map(({ name }) => name)),
  };
}

/** Whose the names are that devices have, and were listed by. */
function ownersOf(present: readonly StatedDevice[]): Map<string, string> {
  const owners = new Map(present.map(({ current: { name } }) => [name, name]));
  for (const { record } of present) {
    for (const name of record === null ? [] : namesIn(record.listed)) {
      if (!owners.has(name)) owners.set(name, record!.name);
    }
  }
  return owners;
}

function namesIn({ namespace, dax_device: device }: ListedParts): readonly string[] {
  const names = [textOf(namespace, 'dev'), textOf(namespace, 'blockdev'), textOf(device, 'chardev')];
  return names.filter((name) => name !== null);
}

/** What of a device says which sectors of its region are bad, as listed and now; one that was not listed had none. */
interface Member {
  readonly device: StatedDevice;
  readonly now: InventoryDeviceRecord;
}

/** A region's badblocks are those of its namespaces, from its own start, and those that lie in none of them [M146]. */
function regionNow(region: ListedRecord, members: readonly Member[]): ListedRecord {
  const changed = members.filter(({ device }) => {
    const { before, now } = badblocksOf(device);
    return !isEqual(before, now) || countBefore(device) !== countSectors(now);
  });
  if (changed.length === 0) return region;
  const { badblock_count, badblocks, ...fields } = region.fields;
  const listed = listedSectors(region.fields);
  const placed = listed === null ? null : sectorsNow(region.fields, listed, changed);
  if (placed !== null)
    return {
      ...region,
      fields: { ...fields, ...badblocksNow(region.fields, placed, onlyDimm(region.fields)) },
    };
  // Where a namespace's data begin is not known: only how many sectors there are.
  const count = changed.reduce(
    (sum, { device }) => sum - countBefore(device) + countSectors(badblocksOf(device).now),
    toCount(badblock_count) ?? countSectors(listed ?? []),
  );
  return { ...region, fields: { ...fields, ...(count > 0 ? { badblock_count: count } : {}) } };
}

/** The bad sectors of a region that a device fills; null where none is known to fill it. */
function sectorsNow(region: ListedObject, listed: Sectors, changed: readonly Member[]): Sectors | null {
  return changed.reduce<Sectors | null>((all, { device, now }) => {
    const sectors = badblocksOf(device);
    const added = inRegion(region, now, sectors.now);
    const former = inRegion(region, device.record ?? now, sectors.before);
    const data = inRegion(region, now, [[0, Math.ceil((now.size ?? 0) / SECTOR_BYTES)]]);
    if (all === null || added === null || former === null || data === null) return null;
    // What lies in front of its data now stays bad, though it is none of the device any more.
    return normalize([...subtract(all, intersect(former, data)), ...added]);
  }, listed);
}

function badblocksOf({ record, current }: StatedDevice): { before: Sectors; now: Sectors } {
  const before = record === null ? [] : sectorsHeld(record);
  const { size, badblocks: now } = current;
  return { before, now: now === null ? before : sectorsHeld({ size, poisoned_ranges: now }) };
}

/** How many of its bad sectors are in what its region was listed with. */
function countBefore({ record, current }: StatedDevice): number {
  const isTold = record !== null && record.poisoned_ranges !== null;
  return isTold ? countSectors(sectorsHeld(record)) : (current.counted_sectors ?? 0);
}
