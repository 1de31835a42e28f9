import { isDisabledNamespace } from './derive.ts';
import { type DeviceMerge, deviceShownAs, drop, place, startMerge } from './merge_state.ts';
import { itemsOf, type ListedItem, type Listing } from './listing.ts';
import { mergeFields } from './merge_fields.ts';
import { placeNamespace } from './place_namespace.ts';
import { regionOfNamespace, textOf } from './read_field.ts';
import type { InventoryDeviceRecord, InventoryHostRecord, ListedObject, ListedParts } from './record.ts';
import { isSeed, type Skipped, skippedObject } from './skip.ts';

/**
 * Works the namespaces and dax devices of a listing into the known devices.
 *
 * A device is the same by the name of its dax device or disk, or by its namespace. daxctl and the devices inside
 * ndctl's daxregion are one print of the dax device, and it alone tells system-ram and an unbound device [M123, M124].
 * `unseen`: devices that no tool shows now; their absence says nothing.
 */
export function mergeDevices(
  host: InventoryHostRecord,
  known: readonly InventoryDeviceRecord[],
  listing: Listing,
  unseen: ReadonlySet<string>,
): DeviceMerge {
  const merge = startMerge(host, known, listing);
  const withoutDevice = new Map<string, Skipped>();
  for (const item of listing.items) {
    const { kind, name } = item;
    const around = withoutDevice.get(item.parent ?? '');
    const inherited = kind === 'dax_device' && around !== undefined ? { ...around, kind, name } : null;
    const skipped =
      kind === 'namespace' ? placeNamespace(merge, item, host) : (skippedObject(item, host) ?? inherited);
    if (skipped !== null) merge.skipped.push(skipped);
    if (skipped !== null && kind === 'namespace') withoutDevice.set(name, skipped);
    if (skipped?.reason === 'seed' && kind === 'dax_device') drop(merge, deviceShownAs(merge, name));
    if (skipped === null && kind === 'dax_device') placeDaxDevice(merge, item);
  }
  dropUnlisted(merge, host, listing, unseen);
  return merge;
}

function placeDaxDevice(merge: DeviceMerge, item: ListedItem): void {
  const name = deviceShownAs(merge, item.name);
  const parts = merge.parts.get(name) ?? { namespace: null, dax_region: null, dax_device: null };
  const isNameOnly = Object.keys(item.fields).every((key) => key === 'chardev');
  const keepsDevice = isNameOnly && parts.dax_device !== null;
  if (item.dax_region !== null) merge.regions.add(item.dax_region);
  place(merge, name, {
    namespace: parts.namespace,
    dax_region: item.dax_region === null ? parts.dax_region : mergeRegionOf(parts, item.dax_region),
    dax_device: keepsDevice ? parts.dax_device : mergeFields('dax_device', parts.dax_device, item.fields),
  });
}

/** The dax region around a device as it is now; its id is in the device's name, so alone it is nothing to keep. */
export function mergeRegionOf(parts: ListedParts, incoming: ListedObject): ListedObject | null {
  const { id: _id, ...fields } = incoming;
  const merged = mergeFields('dax_region', parts.dax_region, fields);
  return Object.keys(merged).length === 0 ? null : merged;
}

/**
 * Ends the devices that the listing would show if they were there.
 *
 * `daxctl list` shows every dax device. `ndctl list` shows every namespace of a region only with -i, and then it shows
 * the region's seed too; a disabled region has none. Of other regions it says nothing: it may have been filtered.
 */
function dropUnlisted(
  merge: DeviceMerge,
  host: InventoryHostRecord,
  listing: Listing,
  unseen: ReadonlySet<string>,
): void {
  const namespaces = itemsOf(listing, 'namespace');
  const shown = new Set(namespaces.map(({ name }) => name));
  const disabled = itemsOf(listing, 'region').filter(({ fields }) => fields['state'] === 'disabled');
  const complete = new Set([
    ...namespaces.filter(isSeed).map(({ parent }) => parent),
    ...disabled.map(({ name }) => name),
  ]);
  const showsAllDax = listing.format === 'daxctl' && itemsOf(listing, 'dax_device').length > 0;
  for (const [name, parts] of merge.parts) {
    const dev = textOf(parts.namespace, 'dev');
    const isOmitted = dev !== null && complete.has(regionOfNamespace(dev)) && !shown.has(dev);
    const hasDaxDevice = parts.dax_device !== null && !isDisabledNamespace(parts);
    if (!unseen.has(name) && (isOmitted || (showsAllDax && hasDaxDevice))) drop(merge, name);
  }
  for (const { name, parent } of host.namespaces) {
    if (complete.has(parent) && !shown.has(name)) merge.namespaces.delete(name);
  }
}
