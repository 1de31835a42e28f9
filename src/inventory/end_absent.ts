import type { Absence } from './absent.ts';
import { cxlRegionOfRegion } from './cxl_region_of.ts';
import { HOST_KINDS, HOST_TABLES } from './host_tables.ts';
import type { KnownInventory } from './known_inventory.ts';
import { itemsOf, type ListedItem, type Listing } from './listing.ts';
import { nameOfDaxRegion } from './merge_dax_regions.ts';
import { textOf } from './read_field.ts';
import type { InventoryDeviceRecord, InventoryHostRecord, ListedRecord, ObjectKind } from './record.ts';

/** Names of what complete listings lack, by kind. */
type Ended = ReadonlyMap<ObjectKind, ReadonlySet<string>>;

/** What is left of what was known, and the devices that are not. */
interface Left {
  readonly known: KnownInventory;
  readonly gone: readonly InventoryDeviceRecord[];
}

/**
 * What was known without what complete listings lack, and without what stood on that: the dimms and regions of a bus,
 * the nd region of a CXL region, the devices and namespaces of a region [IMP18].
 */
export function withoutAbsent(
  known: KnownInventory,
  absences: readonly Absence[],
  listings: readonly Listing[],
): Left {
  const ended = endedBy(absences, known.host);
  const on = (kind: ObjectKind, name: string | null): boolean => ended.get(kind)?.has(name ?? '') === true;
  const lacking = new Set(
    absences.flatMap(({ dax_device: device, reason }) => (reason === 'not listed' ? [device] : [])),
  );
  const listed = namesIn(listings.flatMap(({ items }) => items));
  const isGone = (device: InventoryDeviceRecord): boolean =>
    (lacking.has(device.name) || on('region', device.region) || on('cxl_region', device.cxl_region)) &&
    known.removing?.has(device.name) !== true &&
    !namesOf(device).some((name) => listed.has(name));
  const daxRegions = listings.flatMap((listing) =>
    listing.format === 'daxctl' ? itemsOf(listing, 'dax_region') : [],
  );
  const regions = new Set(daxRegions.map(({ fields }) => nameOfDaxRegion(fields)));
  const host = {
    ...withoutEnded(known.host, ended),
    namespaces: known.host.namespaces.filter(
      ({ name, parent }) => !on('namespace', name) && !on('region', parent),
    ),
    dax_regions: known.host.dax_regions.filter(({ name }) => regions.size === 0 || regions.has(name)),
  };
  return {
    known: { ...known, host, devices: known.devices.filter((device) => !isGone(device)) },
    gone: known.devices.filter(isGone),
  };
}

function endedBy(absences: readonly Absence[], host: InventoryHostRecord): Ended {
  const ended = new Map<ObjectKind, Set<string>>();
  const end = (kind: ObjectKind, name: string): void => {
    ended.set(kind, (ended.get(kind) ?? new Set()).add(name));
  };
  for (const { kind, name, reason } of absences) if (reason === 'not listed') end(kind, name);
  const isEnded = (kind: ObjectKind, name: string | null): boolean =>
    name !== null && ended.get(kind)?.has(name) === true;
  for (const { name, parent } of host.dimms) if (isEnded('bus', parent)) end('dimm', name);
  for (const { name, parent } of host.regions) {
    if (isEnded('bus', parent)) end('region', name);
    else if (ended.has('cxl_region') && isEnded('cxl_region', cxlRegionOfRegion(host, name)))
      end('region', name);
  }
  return ended;
}

function withoutEnded(host: InventoryHostRecord, ended: Ended): InventoryHostRecord {
  const left = HOST_KINDS.map((kind) => {
    const gone = ended.get(kind);
    const table: readonly ListedRecord[] = host[HOST_TABLES[kind]];
    return [
      HOST_TABLES[kind],
      gone === undefined ? table : table.filter(({ name }) => !gone.has(name)),
    ] as const;
  });
  return { ...host, ...Object.fromEntries(left) };
}

/** The names by which listings show devices. */
function namesIn(items: readonly ListedItem[]): ReadonlySet<string> {
  const devices = items.filter(({ kind }) => kind === 'namespace' || kind === 'dax_device');
  return new Set(devices.flatMap(({ name, fields }) => [name, textOf(fields, 'blockdev') ?? name]));
}

function namesOf({ name, namespace, listed }: InventoryDeviceRecord): readonly string[] {
  return [name, namespace ?? name, textOf(listed.dax_device, 'chardev') ?? name];
}
