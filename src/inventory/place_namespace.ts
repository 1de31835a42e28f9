import { isListedBlk, keepBlkAside } from './blk.ts';
import { isDaxParts } from './derive.ts';
import { type DeviceMerge, deviceShownAs, drop, type Owner, place } from './merge_state.ts';
import type { ListedItem } from './listing.ts';
import { isOtherSize, mergeFields } from './merge_fields.ts';
import { isModeOfNamespace, isUuid, namespaceMode, pick, textOf } from './read_field.ts';
import type { InventoryHostRecord, ListedObject, ListedParts } from './record.ts';
import { isStillDevice, type Skipped, skippedObject } from './skip.ts';

/**
 * Works one namespace of a listing in, as the device it is; or returns why it is none.
 *
 * Where it holds another kind of device than was known on it, or none, the one that was known is gone.
 */
export function placeNamespace(
  merge: DeviceMerge,
  item: ListedItem,
  host: InventoryHostRecord,
): Skipped | null {
  const owner = ownerOf(merge, item);
  const is_blk = isListedBlk(merge, item, owner, host);
  const skipped = skippedObject(item, is_blk) ?? skippedForItsDevice(merge, item);
  const isDevice = skipped === null || isStillDevice(item, skipped);
  if (!isDevice) {
    if (is_blk) keepBlkAside(merge, item, owner);
    else if (skipped.reason !== 'unknown mode' || owner === null) keepAside(merge, item, owner);
    return skipped;
  }
  const name = nameOf(merge, item, owner);
  merge.namespaces.delete(item.name);
  if (owner !== null && owner.name !== name) moveOwner(merge, item, owner, name);

  const parts = merge.parts.get(name);
  const isDax = hasDaxDevice(merge, item, owner);
  const known = parts?.namespace?.['dev'] === item.name ? parts : ofOwner(item, owner);
  const before = known?.namespace ?? null;
  const daxParts = isDax && parts !== undefined ? daxPartsNow(parts, before, item.fields) : NO_DAX;
  place(merge, name, { namespace: mergeFields('namespace', before, item.fields), ...daxParts }, item);
  return skipped;
}

type DaxParts = Pick<ListedParts, 'dax_region' | 'dax_device'>;
const NO_DAX: DaxParts = { dax_region: null, dax_device: null };

/**
 * The dax device of a namespace that is listed again: of one with another uuid only the name, and of one of another
 * size no size, no place and no blocks, until a listing tells them.
 */
function daxPartsNow(
  { dax_region: region, dax_device: device }: ListedParts,
  before: ListedObject | null,
  now: ListedObject,
): DaxParts {
  const [uuid, other] = [textOf(before, 'uuid'), textOf(now, 'uuid')];
  if (isUuid(uuid) && isUuid(other) && uuid !== other) {
    return { dax_region: null, dax_device: device === null ? null : pick(device, ['chardev']) };
  }
  if (!isOtherSize(before?.['size'], now['size'])) return { dax_region: region, dax_device: device };
  return { dax_region: omit(region, OF_A_SIZE), dax_device: omit(device, OF_A_SIZE) };
}

const OF_A_SIZE = ['size', 'mappings', 'online_memblocks', 'total_memblocks', 'movable'];

function omit(object: ListedObject | null, keys: readonly string[]): ListedObject | null {
  return object === null
    ? null
    : pick(
        object,
        Object.keys(object).filter((key) => !keys.includes(key)),
      );
}

function ownerOf(merge: DeviceMerge, item: ListedItem): Owner | null {
  const name = merge.owners.get(item.name);
  const parts = name === undefined ? undefined : merge.parts.get(name);
  return name !== undefined && parts?.namespace?.['dev'] === item.name ? { name, parts } : null;
}

/** A namespace and its dax device are one: a mode that is not known takes both. */
function skippedForItsDevice(merge: DeviceMerge, item: ListedItem): Skipped | null {
  const kin = (merge.kin.get(item.name) ?? []).map((device) => skippedObject(device));
  const unknown = kin.find((skipped) => skipped?.reason === 'unknown mode') ?? null;
  return unknown === null ? null : { ...unknown, kind: 'namespace', name: item.name };
}

/** Namespaces that are no devices are exported as they were imported. */
function keepAside(merge: DeviceMerge, item: ListedItem, owner: Owner | null): void {
  const known = merge.namespaces.get(item.name)?.fields ?? null;
  const fields = mergeFields('namespace', known, item.fields);
  merge.namespaces.set(item.name, { name: item.name, parent: item.parent, fields });
  if (owner !== null) drop(merge, owner.name);
}

/** dax0.0, pmem0; a namespace that shows neither keeps its device's name, or lends its own until that is known. */
function nameOf(merge: DeviceMerge, item: ListedItem, owner: Owner | null): string {
  const isDax = hasDaxDevice(merge, item, owner);
  const device = merge.kin.get(item.name)?.find((other) => skippedObject(other)?.reason !== 'seed');
  const shown = isDax ? (device?.name ?? null) : textOf(item.fields, 'blockdev');
  if (shown !== null) return isDax ? deviceShownAs(merge, shown) : deviceOfDisk(merge, shown, item);
  return owner !== null && isDaxParts(owner.parts) === isDax ? owner.name : item.name;
}

/** A disk has an s behind its name in sector mode alone: the device is the same in every mode, under one name. */
function deviceOfDisk(merge: DeviceMerge, disk: string, { fields }: ListedItem): string {
  const name = deviceShownAs(merge, disk);
  const isSector = namespaceMode(fields) === 'sector' && !merge.parts.has(name);
  return isSector ? deviceShownAs(merge, disk.replace(/s$/, '')) : name;
}

/** In devdax mode, or in one that is not modelled where a dax device is listed in it, or was known on it. */
function hasDaxDevice(merge: DeviceMerge, item: ListedItem, owner: Owner | null): boolean {
  const mode = namespaceMode(item.fields) ?? '';
  if (isModeOfNamespace(mode)) return mode === 'devdax';
  return (
    merge.kin.has(item.name) ||
    (textOf(item.fields, 'blockdev') === null && owner !== null && isDaxParts(owner.parts))
  );
}

/** The device that was on the namespace is the same one under a new name, or it is gone. */
function moveOwner(merge: DeviceMerge, item: ListedItem, owner: Owner, name: string): void {
  const isSame = ofOwner(item, owner) !== null;
  if (!isSame || merge.parts.has(name)) {
    drop(merge, owner.name);
    if (isSame && merge.gone.has(owner.name)) merge.is_now.set(owner.name, name);
    return;
  }
  merge.parts.delete(owner.name);
  merge.parts.set(name, owner.parts);
  merge.renamed.set(name, owner.name);
}

/** What the namespace was known as under another name, where that is the same device [IMP47]. */
function ofOwner(item: ListedItem, owner: Owner | null): ListedParts | null {
  const uuid = textOf(owner?.parts.namespace, 'uuid');
  const isSame = owner?.name === item.name || (isUuid(uuid) && uuid === item.fields['uuid']);
  return isSame ? owner!.parts : null;
}
