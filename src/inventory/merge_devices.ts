import { isDaxParts, isDisabledNamespace } from './derive.ts';
import { itemsOf, type ListedItem, type Listing } from './listing.ts';
import { mergeFields, preferExact } from './merge_fields.ts';
import { regionOfNamespace, textOf } from './read_field.ts';
import type {
  InventoryDeviceRecord,
  InventoryHostRecord,
  ListedObject,
  ListedParts,
  ListedRecord,
  ListedValue,
} from './record.ts';
import { isSeed, type Skipped, skippedObject } from './skip.ts';

/** The devices of a host while a listing is worked in, by name. */
export interface DeviceMerge {
  readonly parts: Map<string, ListedParts>;
  /** Devices that the listing shows. */
  readonly listed: Set<string>;
  /** new name → known name: a namespace gets its block device's or its dax device's name once that is known. */
  readonly renamed: Map<string, string>;
  readonly gone: Set<string>;
  readonly skipped: Skipped[];
  /** Namespaces that are no devices, by name. */
  readonly namespaces: Map<string, ListedRecord>;
  /** The regions, as listed, of the dax devices that were placed. */
  readonly regions: Set<ListedObject>;
  /** The name that the tools show → the device's own: a pmem0 given to devdax is listed as dax0.0. */
  readonly aliases: ReadonlyMap<string, string>;
}

/**
 * Works the namespaces and dax devices of a listing into the known devices.
 *
 * A device is the same by the name of its dax device or block device, or by its namespace. Of a namespace that holds
 * another kind of device now, the old one is gone.
 */
export function mergeDevices(
  host: InventoryHostRecord,
  known: readonly InventoryDeviceRecord[],
  listing: Listing,
): DeviceMerge {
  const merge: DeviceMerge = {
    parts: new Map(known.map(({ name, listed }) => [name, listed])),
    listed: new Set(),
    renamed: new Map(),
    gone: new Set(),
    skipped: [],
    namespaces: new Map(host.namespaces.map((record) => [record.name, record])),
    regions: new Set(),
    aliases: new Map(known.flatMap(({ name, listed }) => shownNames(listed).map((shown) => [shown, name]))),
  };
  const owners = new Map(
    known.flatMap(({ name, namespace }) => (namespace === null ? [] : [[namespace, name] as const])),
  );
  const daxItems = itemsOf(listing, 'dax_device');
  const devices = daxItems.filter((item) => skippedObject(item, host) === null);
  for (const item of listing.items) {
    const skipped = skippedObject(item, host) ?? skippedWithKin(merge, item, daxItems, host);
    if (item.kind === 'namespace')
      placeNamespace(merge, item, owners.get(item.name) ?? null, devices, skipped);
    else if (skipped !== null) skip(merge, skipped, deviceShownAs(merge, item.name));
    else placeDaxDevice(merge, item);
  }
  dropUnlisted(merge, host, listing);
  return merge;
}

/** A namespace and its dax device are one: a device of a mode that is not known takes its namespace with it. */
function skippedWithKin(
  { skipped }: DeviceMerge,
  { kind, name, parent }: ListedItem,
  daxItems: readonly ListedItem[],
  host: InventoryHostRecord,
): Skipped | null {
  if (kind === 'namespace') {
    const kin = daxItems.filter((item) => item.parent === name).map((item) => skippedObject(item, host));
    const unknown = kin.find((other) => other?.reason === 'unknown mode');
    return unknown === undefined || unknown === null ? null : { ...unknown, kind, name };
  }
  if (kind !== 'dax_device' || parent === null) return null;
  const namespace = skipped.find((other) => other.kind === 'namespace' && other.name === parent);
  return namespace === undefined ? null : { ...namespace, kind, name };
}

function shownNames({ namespace, dax_device: device }: ListedParts): readonly string[] {
  return [textOf(device, 'chardev'), textOf(namespace, 'blockdev')].flatMap((name) => name ?? []);
}

/** The device that a listing shows under this name. */
function deviceShownAs(merge: DeviceMerge, shown: string): string {
  const alias = merge.aliases.get(shown);
  return !merge.parts.has(shown) && alias !== undefined && merge.parts.has(alias) ? alias : shown;
}

function skip(merge: DeviceMerge, skipped: Skipped, device: string | null): void {
  merge.skipped.push(skipped);
  if (device !== null && merge.parts.has(device) && !merge.listed.has(device)) drop(merge, device);
}

function drop(merge: DeviceMerge, name: string): void {
  merge.parts.delete(name);
  merge.gone.add(name);
}

/** What was known on the namespace, unless its name has passed to another namespace in this very listing. */
function ownerPartsOf(merge: DeviceMerge, item: ListedItem, owner: string | null): ListedParts | null {
  const parts = owner === null ? undefined : merge.parts.get(owner);
  return parts?.namespace?.['dev'] === item.name ? parts : null;
}

function placeNamespace(
  merge: DeviceMerge,
  item: ListedItem,
  owner: string | null,
  devices: readonly ListedItem[],
  skipped: Skipped | null,
): void {
  const ownerParts = ownerPartsOf(merge, item, owner);
  const stillSector = skipped?.reason === 'btt' && ownerParts?.namespace?.['mode'] === 'sector';
  if (skipped?.reason === 'unknown mode') {
    merge.skipped.push(skipped);
    return;
  }
  if (skipped !== null && !stillSector) {
    const known = merge.namespaces.get(item.name)?.fields ?? null;
    const fields = mergeFields('namespace', known, item.fields);
    merge.namespaces.set(item.name, { name: item.name, parent: item.parent, fields });
    skip(merge, skipped, ownerParts === null ? null : owner);
    return;
  }
  merge.namespaces.delete(item.name);
  const name = stillSector ? owner! : nameOf(merge, item, owner, ownerParts, devices);
  if (owner !== null && ownerParts !== null && owner !== name)
    moveOwner(merge, item, owner, ownerParts, name);

  const parts = merge.parts.get(name);
  const isBlock = item.fields['mode'] !== 'devdax';
  const before = parts?.namespace?.['dev'] === item.name ? parts.namespace : null;
  place(merge, name, {
    namespace: mergeFields('namespace', before, item.fields),
    dax_region: isBlock ? null : (parts?.dax_region ?? null),
    dax_device: isBlock ? null : (parts?.dax_device ?? null),
  });
}

function place(merge: DeviceMerge, name: string, parts: ListedParts): void {
  merge.parts.set(name, settle(parts));
  merge.listed.add(name);
  merge.gone.delete(name);
}

/** dax0.0, pmem0; a namespace that shows neither keeps its device's name, or lends its own until that is known. */
function nameOf(
  merge: DeviceMerge,
  item: ListedItem,
  owner: string | null,
  ownerParts: ListedParts | null,
  devices: readonly ListedItem[],
): string {
  const device = devices.find(({ parent }) => parent === item.name)?.name;
  const isDax = item.fields['mode'] === 'devdax';
  const shown = isDax ? device : textOf(item.fields, 'blockdev');
  const kept = owner !== null && ownerParts !== null && isDaxParts(ownerParts) === isDax ? owner : null;
  return shown === undefined || shown === null ? (kept ?? item.name) : deviceShownAs(merge, shown);
}

/** The device that was on the namespace is the same one under a new name, or it is gone. */
function moveOwner(
  merge: DeviceMerge,
  item: ListedItem,
  owner: string,
  parts: ListedParts,
  name: string,
): void {
  const wasUnnamed = owner === item.name;
  const uuid = parts.namespace?.['uuid'];
  const sameContent = uuid !== undefined && uuid === item.fields['uuid'];
  merge.parts.delete(owner);
  const isMoved = (wasUnnamed || sameContent) && !merge.parts.has(name) && owner !== name;
  if (!isMoved) {
    merge.gone.add(owner);
    return;
  }
  merge.renamed.set(name, owner);
  merge.parts.set(name, parts);
}

function placeDaxDevice(merge: DeviceMerge, item: ListedItem): void {
  const name = deviceShownAs(merge, item.name);
  const parts = merge.parts.get(name) ?? { namespace: null, dax_region: null, dax_device: null };
  const isNameOnly = item.fields['mode'] === undefined;
  const device =
    isNameOnly && parts.dax_device !== null
      ? parts.dax_device
      : mergeFields('dax_device', parts.dax_device, item.fields);
  const region = item.dax_region === null ? parts.dax_region : mergeRegionOf(parts, item.dax_region);
  if (item.dax_region !== null) merge.regions.add(item.dax_region);
  place(merge, name, { ...parts, dax_region: region, dax_device: device });
}

/** The dax region around a device as it is now; its id is in the device's name, so alone it is nothing to keep. */
export function mergeRegionOf(parts: ListedParts, incoming: ListedObject): ListedObject | null {
  const { id: _id, ...fields } = incoming;
  const merged = mergeFields('dax_region', parts.dax_region, fields);
  return Object.keys(merged).length === 0 ? null : merged;
}

/**
 * A listing without -X names the device and no more: what it leaves out is its namespace's. A namespace has one device
 * of its own size, so what is exact of one is exact of the other and of the region between them.
 */
function settle({ namespace, dax_region: region, dax_device: device }: ListedParts): ListedParts {
  if (namespace === null || device === null) {
    return {
      namespace,
      dax_region: region,
      dax_device: device === null ? null : { mode: 'devdax', ...device },
    };
  }
  const size =
    device['size'] === undefined ? namespace['size'] : preferExact(namespace['size'], device['size']);
  const align = device['align'] ?? namespace['align'];
  return {
    namespace: withSize(namespace, size),
    dax_region: region === null ? null : withSize(region, size),
    dax_device: {
      mode: 'devdax',
      ...device,
      ...(size === undefined ? {} : { size }),
      ...(align === undefined ? {} : { align }),
    },
  };
}

function withSize(object: ListedObject, exact: ListedValue | undefined): ListedObject {
  const size = object['size'];
  return size === undefined ? object : { ...object, size: preferExact(exact, size) };
}

/**
 * Devices that the listing would show if they were there.
 *
 * `daxctl list` shows every dax device. `ndctl list` shows every namespace of a region only with -i, and then it shows
 * the region's seed too; a disabled region has none.
 */
function dropUnlisted(merge: DeviceMerge, host: InventoryHostRecord, listing: Listing): void {
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
    const region = dev === null ? null : regionOfNamespace(dev);
    const noNamespace = dev !== null && complete.has(region) && !shown.has(dev);
    const noDaxDevice = showsAllDax && parts.dax_device !== null && !isDisabledNamespace(parts);
    if (!merge.listed.has(name) && (noNamespace || noDaxDevice)) drop(merge, name);
  }
  for (const { name, parent } of host.namespaces) {
    if (complete.has(parent) && !shown.has(name)) merge.namespaces.delete(name);
  }
}
