import { groupBy } from './indexed.ts';
import { itemsOf, type ListedAt, type ListedItem, type Listing } from './listing.ts';
import { textOf } from './read_field.ts';
import type { KnownInventory } from './known_inventory.ts';
import type { InventoryHostRecord, ListedObject, ListedParts, ListedRecord } from './record.ts';
import { settleParts } from './settle_parts.ts';
import type { Skipped } from './skip.ts';

/** The devices of a host while a listing is worked in. */
export interface DeviceMerge {
  /** Devices by name. */
  readonly parts: Map<string, ListedParts>;
  /** Devices that the listing shows, each with the last of its objects: of a dax device that one has its place. */
  readonly listed: Map<string, ListedAt>;
  /** new name → known name: a namespace gets its disk's or its dax device's name once that is known. */
  readonly renamed: Map<string, string>;
  readonly gone: Set<string>;
  /** Of those that are gone: what they were known as was another device that is known [IMP47], or a namespace that is none. */
  readonly is_now: Map<string, string>;
  /** Devices whose removal has not ended: it does not end by a listing. */
  readonly removing: ReadonlySet<string>;
  readonly skipped: Skipped[];
  /** Namespaces that are no devices, by name. */
  readonly namespaces: Map<string, ListedRecord>;
  /** Dax devices of size 0, by name. */
  readonly dax_seeds: Map<string, ListedRecord>;
  /** The regions, as listed, of the dax devices that were placed. */
  readonly regions: Set<ListedObject>;
  /** Namespace → the device known on it before. */
  readonly owners: ReadonlyMap<string, string>;
  /** The name that the tools show → the device's own: a pmem0 given to devdax is listed as dax0.0. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Namespace → the dax devices listed inside it. */
  readonly kin: ReadonlyMap<string, readonly ListedItem[]>;
}

/** The device known on a namespace, unless its name has passed to another namespace in this very listing. */
export interface Owner {
  readonly name: string;
  readonly parts: ListedParts;
}

/** What is known, before the first object of a listing. */
export function startMerge(
  host: InventoryHostRecord,
  { devices: known, removing = new Set() }: KnownInventory,
  listing: Listing,
): DeviceMerge {
  return {
    parts: new Map(known.map(({ name, listed }) => [name, listed])),
    listed: new Map(),
    renamed: new Map(),
    gone: new Set(),
    is_now: new Map(),
    removing,
    skipped: [],
    namespaces: new Map(host.namespaces.map((record) => [record.name, record])),
    dax_seeds: new Map((host.dax_seeds ?? []).map((record) => [record.name, record])),
    regions: new Set(),
    owners: new Map(known.flatMap(({ name, namespace }) => (namespace === null ? [] : [[namespace, name]]))),
    aliases: new Map(known.flatMap(({ name, listed }) => shownNames(listed).map((shown) => [shown, name]))),
    kin: groupBy(itemsOf(listing, 'dax_device'), ({ parent }) => parent),
  };
}

/** Records that the listing shows a device, with these parts, as the object that stands there. */
export function place(merge: DeviceMerge, name: string, parts: ListedParts, at: ListedItem): void {
  const { document, pointer } = at;
  merge.parts.set(name, settleParts(parts));
  merge.listed.set(name, { document, pointer });
  merge.gone.delete(name);
}

/** Records that a device is no longer there, if it was known and the listing does not show it. */
export function drop(merge: DeviceMerge, name: string): void {
  if (merge.removing.has(name) || merge.listed.has(name) || !merge.parts.delete(name)) return;
  merge.gone.add(name);
}

/** The device that a listing shows under this name. */
export function deviceShownAs(merge: DeviceMerge, shown: string): string {
  const alias = merge.aliases.get(shown);
  return !merge.parts.has(shown) && alias !== undefined && merge.parts.has(alias) ? alias : shown;
}

function shownNames({ namespace, dax_device: device }: ListedParts): readonly string[] {
  return [textOf(device, 'chardev'), textOf(namespace, 'blockdev')].flatMap((name) => name ?? []);
}
