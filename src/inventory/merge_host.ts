import { HOST_KINDS, type HostKind, HOST_TABLES } from './host_tables.ts';
import { isEqual } from './is_equal.ts';
import { itemsOf, type ListedItem, type Listing } from './listing.ts';
import { mergeFields } from './merge_fields.ts';
import { followRenamedMemdevs } from './rename_memdevs.ts';
import { estimated } from './printable.ts';
import { textOf } from './read_field.ts';
import type { InventoryHostRecord, ListedRecord } from './record.ts';

/** A name may have passed to another object: a region is its bus's or its root decoder's, a dimm its bus's [IMP7]. */
const KINDS_OF_THEIR_PARENT: readonly HostKind[] = ['dimm', 'region', 'cxl_region'];

/**
 * What is known of a host after a listing, its devices and their namespaces aside.
 *
 * What a listing omits is kept: its flags may not have asked for it.
 */
export function mergeHost(known: InventoryHostRecord, listing: Listing): InventoryHostRecord {
  const start = followRenamedMemdevs(known, itemsOf(listing, 'memdev'));
  const merged = HOST_KINDS.map((kind) => {
    const table = HOST_TABLES[kind];
    return [table, mergeTable(kind, start[table], itemsOf(listing, kind))] as const;
  });
  return withoutEndpoints({ ...start, ...Object.fromEntries(merged) }, listing);
}

/** A memdev that is listed without a driver has no endpoint, and the decoders of one go with it [M152]. */
function withoutEndpoints(host: InventoryHostRecord, listing: Listing): InventoryHostRecord {
  const idle = new Set(
    itemsOf(listing, 'memdev')
      .filter(({ fields }) => fields['state'] === 'disabled')
      .map(({ name }) => name),
  );
  const isOf = ({ fields }: ListedRecord): boolean => idle.has(textOf(fields, 'host') ?? '');
  const gone = new Set(host.endpoints.filter(isOf).map(({ name }) => name));
  if (gone.size === 0) return host;
  return {
    ...host,
    endpoints: host.endpoints.filter(({ name }) => !gone.has(name)),
    decoders: host.decoders.filter(({ parent }) => !gone.has(parent ?? '')),
  };
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
  items: readonly ListedItem[],
): readonly HostChange[] {
  return HOST_KINDS.flatMap((kind) => {
    const [old, now] = [byName(before[HOST_TABLES[kind]]), byName(after[HOST_TABLES[kind]])];
    const listed = new Set(items.filter((item) => item.kind === kind).map(({ name }) => name));
    return [...new Set([...old.keys(), ...now.keys()])].flatMap((name): HostChange[] => {
      if (!now.has(name)) return [{ kind, name, change: 'gone' }];
      if (!old.has(name)) return [{ kind, name, change: 'created' }];
      if (!saysSame(old.get(name)!, now.get(name)!)) return [{ kind, name, change: 'updated' }];
      return listed.has(name) ? [{ kind, name, change: 'unchanged' }] : [];
    });
  });
}

/** A number is no news where it is the estimate of the rounded one that was known [IMP21]. */
function saysSame(old: ListedRecord, now: ListedRecord): boolean {
  if (isEqual(old, now)) return true;
  return old.parent === now.parent && isEqual(estimated(old.fields), estimated(now.fields));
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
  const anon = item.is_anon === true ? { is_anon: true as const } : {};
  const place = placeOf(known, item);
  if (known === undefined || isAnother) return { name, parent: item.parent, fields, ...anon, ...place };
  // A disabled memdev hangs on no endpoint; elsewhere a missing parent only means that the listing is flat.
  const isDetached = kind === 'memdev' && fields['state'] === 'disabled';
  const parent = item.parent ?? (isDetached ? null : known.parent);
  const isAnon = parent === null && known.is_anon === true;
  return {
    name,
    parent,
    fields: mergeFields(kind, known.fields, fields),
    ...(isAnon ? { is_anon: true } : anon),
    ...place,
  };
}

/** Where a region was listed, which no order of listings decides. */
function placeOf(known: ListedRecord | undefined, item: ListedItem): Pick<ListedRecord, 'stands_in'> {
  const stands_in = known?.stands_in === 'lists' ? 'lists' : (item.stands_in ?? known?.stands_in);
  return stands_in === undefined ? {} : { stands_in };
}

function byName(records: readonly ListedRecord[]): Map<string, ListedRecord> {
  return new Map(records.map((record) => [record.name, record]));
}
