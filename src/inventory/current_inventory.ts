import { normalize, subtract } from '../engine/model/pfn_range.ts';
import { SECTOR_BYTES } from '../engine/model/vocabulary.ts';
import { badblocksNow, countSectors, listedSectors, sectorsHeld, type Sectors } from './badblocks.ts';
import { cxlRegionOfRegion } from './cxl_region_of.ts';
import { type CurrentDevice, withCurrentState } from './current_state.ts';
import { deriveDevice } from './derive.ts';
import { isEqual } from './is_equal.ts';
import { toCount } from './number.ts';
import { onlyDimm, textOf } from './read_field.ts';
import type { InventoryDeviceRecord, InventoryHostRecord, ListedParts, ListedRecord } from './record.ts';
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
  const onRegion = new Map<string, StatedDevice[]>();
  const owners = ownersOf(present);
  const devices = present.map((device) => {
    const now = withCurrentState(listed, device.record, device.current, owners);
    for (const name of namesIn(now.listed)) if (!owners.has(name)) owners.set(name, now.name);
    if (now.region !== null) onRegion.set(now.region, [...(onRegion.get(now.region) ?? []), device]);
    return now;
  });
  const regions = listed.regions.map((region) => regionNow(listed, region, onRegion.get(region.name) ?? []));
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

/** A region's badblocks are those of its namespaces, from its own start, and those that lie in none of them [M146]. */
function regionNow(
  host: InventoryHostRecord,
  region: ListedRecord,
  members: readonly StatedDevice[],
): ListedRecord {
  const changes = members.map(badblocksOf);
  if (changes.every(({ before, now }) => isEqual(before, now))) return region;
  const { badblock_count, badblocks, ...fields } = region.fields;
  const listed = listedSectors(region.fields);
  const start = dataStart(host, region, members);
  if (listed !== null && start !== null) {
    const shift = (sectors: Sectors): Sectors => sectors.map(([first, count]) => [first + start, count]);
    const now = changes.reduce<Sectors>(
      (all, change) => normalize([...subtract(all, shift(change.before)), ...shift(change.now)]),
      listed,
    );
    return { ...region, fields: { ...fields, ...badblocksNow(region.fields, now, onlyDimm(region.fields)) } };
  }
  // Where a namespace's data begin is not known: only how many sectors there are.
  const count = changes.reduce(
    (sum, { before, now }) => sum - countSectors(before) + countSectors(now),
    toCount(badblock_count) ?? countSectors(listed ?? []),
  );
  return { ...region, fields: { ...fields, ...(count > 0 ? { badblock_count: count } : {}) } };
}

function badblocksOf({ record, current }: StatedDevice): { before: Sectors; now: Sectors } {
  const before = record === null ? [] : sectorsHeld(record);
  const { size, badblocks: now } = current;
  return { before, now: now === null ? before : sectorsHeld({ size, poisoned_ranges: now }) };
}

/** Sectors from a region's start to the data of its one namespace, which end together; null where it has others. */
function dataStart(
  host: InventoryHostRecord,
  { name, fields }: ListedRecord,
  members: readonly StatedDevice[],
): number | null {
  const [only, other] = members;
  const aside = host.namespaces.some(
    ({ parent, fields }) => parent === name && toCount(fields['size']) !== 0,
  );
  const size = toCount(fields['size']);
  const free = toCount(fields['available_size']) ?? 0;
  const dataSize = only?.current.size ?? null;
  if (other !== undefined || aside || size === null || free !== 0 || dataSize === null) return null;
  const start = (size - dataSize) / SECTOR_BYTES;
  return Number.isInteger(start) && start >= 0 ? start : null;
}
