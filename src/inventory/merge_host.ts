import { isEqual } from './is_equal.ts';
import { itemsOf, type ListedItem, type Listing } from './listing.ts';
import { mergeFields } from './merge_fields.ts';
import { followRenamedMemdevs } from './rename_memdevs.ts';
import type { HostTable, InventoryHostRecord, ListedRecord, ObjectKind } from './record.ts';

/** The kinds that are merged object by object; namespaces and dax regions follow the devices. */
const TABLES = {
  bus: 'buses',
  dimm: 'dimms',
  region: 'regions',
  cxl_bus: 'cxl_buses',
  port: 'ports',
  endpoint: 'endpoints',
  memdev: 'memdevs',
  decoder: 'decoders',
  cxl_region: 'cxl_regions',
} as const satisfies Partial<Record<ObjectKind, HostTable>>;
export type HostKind = keyof typeof TABLES;
const HOST_KINDS = Object.keys(TABLES) as HostKind[];

/** A name may have passed to another object: a region is its bus's or its root decoder's, a dimm its bus's [IMP7]. */
const KINDS_OF_THEIR_PARENT: readonly HostKind[] = ['dimm', 'region', 'cxl_region'];

/**
 * What is known of a host after a listing, its devices and their namespaces aside.
 *
 * What a listing omits is kept: its flags may not have asked for it. Only a `cxl list` that shows buses, ports and
 * decoders and something disabled (so -i, as in -vv) tells that an object it omits is gone.
 */
export function mergeHost(known: InventoryHostRecord, listing: Listing): InventoryHostRecord {
  const start = followRenamedMemdevs(known, itemsOf(listing, 'memdev'));
  const merged = HOST_KINDS.map((kind) => {
    const table = TABLES[kind];
    return [table, mergeTable(kind, start[table], itemsOf(listing, kind))] as const;
  });
  const host = { ...start, ...Object.fromEntries(merged) };
  return isWholeCxlTree(listing) ? dropUnlistedCxl(host, listing) : host;
}

/** What became of an object of the host record. */
export interface HostChange {
  readonly kind: HostKind;
  readonly name: string;
  readonly change: 'created' | 'updated' | 'unchanged' | 'gone';
}

/** The changes of all listed objects, and of those gone or updated without being listed. */
export function hostChanges(
  before: InventoryHostRecord,
  after: InventoryHostRecord,
  listing: Listing,
): readonly HostChange[] {
  return HOST_KINDS.flatMap((kind) => {
    const [old, now] = [byName(before[TABLES[kind]]), byName(after[TABLES[kind]])];
    const listed = new Set(itemsOf(listing, kind).map(({ name }) => name));
    return [...new Set([...old.keys(), ...now.keys()])].flatMap((name): HostChange[] => {
      if (!now.has(name)) return [{ kind, name, change: 'gone' }];
      if (!old.has(name)) return [{ kind, name, change: 'created' }];
      if (!isEqual(old.get(name), now.get(name))) return [{ kind, name, change: 'updated' }];
      return listed.has(name) ? [{ kind, name, change: 'unchanged' }] : [];
    });
  });
}

function mergeTable(
  kind: HostKind,
  known: readonly ListedRecord[],
  items: readonly ListedItem[],
): readonly ListedRecord[] {
  const table = byName(known);
  for (const item of items) table.set(item.name, mergeRecord(kind, table.get(item.name), item));
  return [...table.values()];
}

function mergeRecord(kind: HostKind, known: ListedRecord | undefined, item: ListedItem): ListedRecord {
  const { name, fields } = item;
  const isAnother =
    KINDS_OF_THEIR_PARENT.includes(kind) &&
    item.parent !== null &&
    (known?.parent ?? item.parent) !== item.parent;
  if (known === undefined || isAnother) return { name, parent: item.parent, fields };
  // A disabled memdev hangs on no endpoint; elsewhere a missing parent only means that the listing is flat.
  const isDetached = kind === 'memdev' && fields['state'] === 'disabled';
  const parent = item.parent ?? (isDetached ? null : known.parent);
  return { name, parent, fields: mergeFields(kind, known.fields, fields) };
}

function isWholeCxlTree(listing: Listing): boolean {
  const kinds = new Set(listing.items.map(({ kind }) => kind));
  const showsIdle = listing.items.some(({ fields }) => fields['state'] === 'disabled');
  return kinds.has('cxl_bus') && kinds.has('port') && kinds.has('decoder') && showsIdle;
}

/** An endpoint without its memdev shows that memdevs were not asked for; a decoder that names a region, that it lives. */
function dropUnlistedCxl(host: InventoryHostRecord, listing: Listing): InventoryHostRecord {
  const listed = (kind: HostKind, records: readonly ListedRecord[]): readonly ListedRecord[] => {
    const names = new Set(itemsOf(listing, kind).map(({ name }) => name));
    return records.filter(({ name }) => names.has(name));
  };
  const showsMemdevs = itemsOf(listing, 'memdev').length > 0 || itemsOf(listing, 'endpoint').length === 0;
  const decoders = listed('decoder', host.decoders);
  const regionsNamed = new Set(decoders.map(({ fields }) => fields['region']));
  const regions = new Set(listed('cxl_region', host.cxl_regions));
  return {
    ...host,
    cxl_buses: listed('cxl_bus', host.cxl_buses),
    ports: listed('port', host.ports),
    endpoints: listed('endpoint', host.endpoints),
    memdevs: showsMemdevs ? listed('memdev', host.memdevs) : host.memdevs,
    decoders,
    cxl_regions: host.cxl_regions.filter((region) => regions.has(region) || regionsNamed.has(region.name)),
  };
}

function byName(records: readonly ListedRecord[]): Map<string, ListedRecord> {
  return new Map(records.map((record) => [record.name, record]));
}
