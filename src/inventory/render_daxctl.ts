import type { CurrentInventory } from './current_inventory.ts';
import { daxRegionIdOf } from './derive.ts';
import { printLossless } from './lossless.ts';
import { printable } from './printable.ts';
import type { InventoryDeviceRecord, ListedObject, ListedRecord, ListedValue } from './record.ts';

/**
 * What `daxctl list -RDM` would print; empty text where there is no dax device and no dax region. A device of which no
 * listing has told the region stands in one of which only the id is known.
 *
 * Only devdax and system-ram devices appear; none of a disabled namespace, which has no dax device.
 * Source: daxctl/list.c, util/json.c util_daxctl_region_to_json(), v76.1.
 */
export function renderDaxctl(inventory: CurrentInventory): string {
  const shown = inventory.devices.filter((device) => showsDaxDevice(inventory, device));
  const groups = new Map<string, InventoryDeviceRecord[]>();
  for (const device of shown) {
    const key = regionKeyOf(device);
    groups.set(key, [...(groups.get(key) ?? []), device]);
  }
  const regions = [...groups.values()].map((members) => ({
    ...regionFieldsOf(members[0]!),
    devices: members.map((device) => daxDeviceObject(device)),
  }));
  const empty = inventory.host.dax_regions
    .map(({ fields }) => printable('dax_region', fields))
    .filter((fields) => Object.keys(fields).length > 1);
  const all = withSeeds([...regions, ...empty], inventory.host.dax_seeds ?? []);
  return all.length === 0 ? '' : `${printLossless(all)}\n`;
}

/** Each seed in the region at its path, else in the first of its id, else in one of which no more is known. */
function withSeeds(
  regions: readonly ListedObject[],
  seeds: readonly ListedRecord[],
): readonly ListedObject[] {
  const all = regions.map((region) => ({ region, seeds: [] as ListedObject[] }));
  const found = new Map<ListedValue, (typeof all)[number]>();
  const note = (name: ListedValue | undefined, place: (typeof all)[number]): void => {
    if (name !== undefined && !found.has(name)) found.set(name, place);
  };
  for (const place of all) {
    note(place.region['path'], place);
    note(place.region['id'], place);
  }
  for (const { name, parent, fields } of seeds) {
    const id = daxRegionIdOf({ dax_device: { chardev: name } });
    let place = found.get(parent) ?? found.get(id);
    if (place === undefined) {
      place = { region: { id }, seeds: [] };
      all.push(place);
    }
    note(id, place);
    place.seeds.push(printable('dax_device', fields));
  }
  return all.map(({ region, seeds: inside }) => {
    const devices = (region['devices'] ?? []) as readonly ListedObject[];
    return inside.length === 0 ? region : { ...region, devices: [...devices, ...inside] };
  });
}

/** Whether the tools find a dax device: one is known, and its namespace has a driver. */
export function showsDaxDevice(
  { shown }: CurrentInventory,
  { name, listed }: InventoryDeviceRecord,
): boolean {
  return listed.dax_device !== null && shown.get(name)!.dax_device !== 'none';
}

/** A dax device as daxctl prints it; its mappings only with -M, which ndctl has not. */
export function daxDeviceObject(
  { listed }: InventoryDeviceRecord,
  omitted: readonly string[] = [],
): ListedObject {
  return printable('dax_device', listed.dax_device ?? {}, omitted);
}

/** The fields of the dax region around a device; its id is in the device's name [M129]. */
export function regionFieldsOf(
  { listed, dax_region_id: id }: InventoryDeviceRecord,
  omitted: readonly string[] = [],
): ListedObject {
  return { ...(id === null ? {} : { id }), ...printable('dax_region', listed.dax_region ?? {}, omitted) };
}

/** Devices of one region share its path, or without one all that is told of it; a namespace has a region of its own. */
function regionKeyOf(device: InventoryDeviceRecord): string {
  const path = device.listed.dax_region?.['path'];
  return typeof path === 'string'
    ? path
    : `${printLossless(regionFieldsOf(device))} ${device.namespace ?? ''}`;
}
