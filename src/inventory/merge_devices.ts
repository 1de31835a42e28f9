import { dropBlk } from './blk.ts';
import { type DeviceMerge, deviceShownAs, drop, place, startMerge } from './merge_state.ts';
import { NAME_KEYS } from './field_table.ts';
import { itemsOf, type ListedItem, type Listing } from './listing.ts';
import { isOtherSize, mergeFields } from './merge_fields.ts';
import { placeNamespace } from './place_namespace.ts';
import { sizeIn } from './human_size.ts';
import { regionOfNamespace, textOf } from './read_field.ts';
import type { KnownInventory } from './known_inventory.ts';
import type { InventoryHostRecord, ListedObject, ListedParts } from './record.ts';
import { isSeed, isStillDevice, type Skipped, skippedObject } from './skip.ts';

/**
 * Works the namespaces and dax devices of a listing into the known devices.
 *
 * A device is the same by the name of its dax device or disk, or by its namespace. daxctl and the devices inside
 * ndctl's daxregion are one print of the dax device, and it alone tells system-ram and an unbound device [M123, M124].
 */
export function mergeDevices(
  host: InventoryHostRecord,
  known: KnownInventory,
  listing: Listing,
): DeviceMerge {
  const merge = startMerge(host, known, listing);
  const withoutDevice = new Map<string, Skipped>();
  for (const item of listing.items) {
    const { kind, name } = item;
    const around = withoutDevice.get(item.parent ?? '');
    const inherited = kind === 'dax_device' && around !== undefined ? { ...around, kind, name } : null;
    const skipped =
      kind === 'namespace' ? placeNamespace(merge, item, host) : (skippedObject(item) ?? inherited);
    if (skipped !== null) merge.skipped.push(skipped);
    const isDevice = skipped === null || isStillDevice(item, skipped);
    if (skipped !== null && kind === 'namespace') withoutDevice.set(name, skipped);
    if (skipped?.reason === 'seed' && kind === 'dax_device') keepSeed(merge, item);
    if (isDevice && kind === 'dax_device') placeDaxDevice(merge, item);
  }
  dropBlk(merge, host);
  dropReplaced(merge, host, listing, unseenIn(known));
  return merge;
}

/** A dax device of size 0 is none, and is exported as it was listed where daxctl lists it. */
function keepSeed(merge: DeviceMerge, { name, parent, fields, dax_region: region }: ListedItem): void {
  drop(merge, deviceShownAs(merge, name));
  if (parent !== null) return;
  const known = merge.dax_seeds.get(name);
  merge.dax_seeds.set(name, {
    name,
    parent: textOf(region, 'path') ?? known?.parent ?? null,
    fields: mergeFields('dax_device', known?.fields ?? null, fields),
  });
}

function placeDaxDevice(merge: DeviceMerge, item: ListedItem): void {
  merge.dax_seeds.delete(item.name);
  const name = deviceShownAs(merge, item.name);
  const parts = merge.parts.get(name) ?? { namespace: null, dax_region: null, dax_device: null };
  const isNameOnly = Object.keys(item.fields).every((key) => key === 'chardev');
  const keepsDevice = isNameOnly && parts.dax_device !== null;
  if (item.dax_region !== null) merge.regions.add(item.dax_region);
  const around = cxlRegionAround(item) ?? parts.in_cxl_region;
  const now = {
    ...(around === undefined ? {} : { in_cxl_region: around }),
    namespace: namespaceNow(parts, item),
    dax_region: item.dax_region === null ? parts.dax_region : mergeRegionOf(parts, item.dax_region),
    dax_device: keepsDevice ? parts.dax_device : mergeFields('dax_device', parts.dax_device, item.fields),
  };
  place(merge, name, now, item);
}

/** A namespace has one dax device of its own size: where that has another one now, so has the namespace [IMP71]. */
function namespaceNow(
  { namespace, dax_device: device }: ListedParts,
  { fields }: ListedItem,
): ListedObject | null {
  if (!isOtherSize(device?.['size'], fields['size']) || sizeIn(namespace?.['size']) === null)
    return namespace;
  const isFormer = !isOtherSize(device!['size'], namespace!['size']);
  return isFormer ? { ...namespace, size: fields['size']! } : namespace;
}

/** The CXL region that `cxl list -X` prints a dax device inside; ndctl's regions are of namespaces. */
function cxlRegionAround({ parent }: ListedItem): string | undefined {
  return parent !== null && NAME_KEYS.cxl_region.shape.test(parent) ? parent : undefined;
}

/** The dax region around a device as it is now; its id is in the device's name, so alone it is nothing to keep. */
export function mergeRegionOf(parts: ListedParts, incoming: ListedObject): ListedObject | null {
  const { id: _id, ...fields } = incoming;
  const merged = mergeFields('dax_region', parts.dax_region, fields);
  return Object.keys(merged).length === 0 ? null : merged;
}

/** The devices that the tools print no object of: a disabled namespace is one only where it is known. */
function unseenIn({ devices, shown }: KnownInventory): ReadonlySet<string> {
  const unseen = devices.filter(({ name, listed }) => {
    const now = shown?.get(name);
    const hasNamespace = listed.namespace !== null && now?.namespace !== 'none';
    return now?.dax_device === 'none' && !hasNamespace;
  });
  return new Set(unseen.map(({ name }) => name));
}

/**
 * Ends what a listing shows the place of without it: a disabled region has no namespaces, and a region has one seed.
 * Absence alone ends nothing: see absent.ts.
 */
function dropReplaced(
  merge: DeviceMerge,
  host: InventoryHostRecord,
  listing: Listing,
  unseen: ReadonlySet<string>,
): void {
  const namespaces = itemsOf(listing, 'namespace');
  const shown = new Set(namespaces.map(({ name }) => name));
  const seeded = new Set(namespaces.filter(isSeed).map(({ parent }) => parent));
  const disabled = new Set(
    itemsOf(listing, 'region')
      .filter(({ fields }) => fields['state'] === 'disabled')
      .map(({ name }) => name),
  );
  for (const [name, parts] of merge.parts) {
    const dev = textOf(parts.namespace, 'dev');
    const isIdle = dev !== null && disabled.has(regionOfNamespace(dev)) && !shown.has(dev);
    if (isIdle && !unseen.has(name)) drop(merge, name);
  }
  for (const { name, parent, fields } of host.namespaces) {
    const isFormerSeed = seeded.has(parent) && isSeed({ kind: 'namespace', fields });
    if (!shown.has(name) && (isFormerSeed || disabled.has(parent ?? ''))) merge.namespaces.delete(name);
  }
}
