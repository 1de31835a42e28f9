import type { CxlMemdev, CxlRegion } from '../engine/model/cxl.ts';
import { isEqual } from '../inventory/is_equal.ts';
import { fromU64, toU64 } from '../inventory/number.ts';
import { textOf } from '../inventory/read_field.ts';
import { followRenamedMemdevs, namesOfMemdevs, type MemdevNames } from '../inventory/rename_memdevs.ts';
import type { InventoryHostRecord, ListedObject, ListedRecord, ListedValue } from '../inventory/record.ts';
import { listedCxl, type ListedMemdev, type ListedRegion } from './listed_cxl.ts';

/** The CXL memdevs and regions that the model has of a host. */
export interface ModelledCxl {
  readonly cxl_memdevs: readonly CxlMemdev[];
  readonly cxl_regions: readonly CxlRegion[];
}

/** What a record says now, beside what it was listed to say: only what differs is written over the listing. */
type Fields<T> = Readonly<Partial<Record<keyof T & string, (now: T) => ListedObject>>>;

const MEMDEV_FIELDS: Fields<ListedMemdev> = {
  serial: ({ serial }) => ({ serial: numberOf(serial) }),
  pci: ({ pci }) => ({ host: pci ?? undefined }),
  pmem_size: ({ pmem_size }) => ({ pmem_size: pmem_size === 0 ? undefined : pmem_size }),
  ram_size: ({ ram_size }) => ({ ram_size: ram_size === 0 ? undefined : ram_size }),
  numa_node: ({ numa_node }) => ({ numa_node: numa_node ?? undefined }),
  state: ({ state }) => ({ state: state === 'disabled' ? state : undefined }),
};

const REGION_FIELDS: Fields<ListedRegion> = {
  type: ({ type, type_as_listed }) => ({ type: type === 'unknown' ? (type_as_listed ?? undefined) : type }),
  resource: ({ resource }) => ({ resource: numberOf(resource) }),
  size: ({ size }) => ({ size: size ?? undefined }),
  interleave_ways: (now) => ({ interleave_ways: now.interleave_ways ?? undefined }),
  interleave_granularity: (now) => ({ interleave_granularity: now.interleave_granularity ?? undefined }),
  decode_state: ({ decode_state }) => ({ decode_state }),
  state: ({ state }) => ({ state: state === 'disabled' ? state : undefined }),
  mappings: ({ mappings }) => ({
    mappings: mappings.map(({ decoder, ...mapping }) =>
      decoder === null ? mapping : { ...mapping, decoder },
    ),
  }),
};

/**
 * The CXL topology of a host as `cxl list` would print it now: what was listed, overruled by what the model made of it.
 *
 * A memdev that is gone is not listed, and neither it nor a disabled one has an endpoint [M96, M152], nor the dimm that
 * the kernel took away with the driver; of one that no listing has shown, nobody knows. Where the model has none of
 * either kind, no listing has told of CXL, and the host is as it is.
 */
export function currentCxl(host: InventoryHostRecord, modelled: ModelledCxl): InventoryHostRecord {
  if (modelled.cxl_memdevs.length === 0 && modelled.cxl_regions.length === 0) return host;
  const memdevs = new Map(
    modelled.cxl_memdevs.filter(({ state }) => state !== 'gone').map((memdev) => [memdev.name, memdev]),
  );
  const known = followRenamedMemdevs(host, [...memdevs.values()].map(asListed));
  const listed = listedCxl(known);
  const regions = new Map(modelled.cxl_regions.map((region) => [region.name, region]));
  const now = {
    memdevs: merged(known.memdevs, listed.memdevs, memdevs, MEMDEV_FIELDS, 'memdev'),
    cxl_regions: merged(known.cxl_regions, listed.regions, regions, REGION_FIELDS, 'region'),
  };
  const undriven = new Set(
    modelled.cxl_memdevs.filter(({ state }) => state !== 'enabled').map(({ name }) => name),
  );
  const idle = known.endpoints.filter(({ fields }) => undriven.has(textOf(fields, 'host') ?? ''));
  const gone = new Set(idle.map(({ name }) => name));
  const lost = listed.memdevs.filter(
    ({ name }) => undriven.has(name) && (memdevs.get(name)?.nmem ?? null) === null,
  );
  const dimms = new Set(lost.map(({ nmem }) => nmem));
  const emptied = new Set(
    modelled.cxl_regions.filter(({ mappings }) => mappings.length === 0).map(({ name }) => name),
  );
  if (gone.size === 0 && dimms.size === 0 && emptied.size === 0) return { ...known, ...now };
  return {
    ...known,
    ...now,
    dimms: known.dimms.filter(({ name }) => !dimms.has(name)),
    memdevs: now.memdevs.map((memdev) =>
      gone.has(memdev.parent ?? '') ? { ...memdev, parent: null } : memdev,
    ),
    endpoints: known.endpoints.filter(({ name }) => !gone.has(name)),
    decoders: known.decoders
      .filter(({ parent }) => !gone.has(parent ?? ''))
      .map((decoder) => withoutRegion(decoder, emptied)),
  };
}

/** No decoder names a region that has no targets any more. */
function withoutRegion(decoder: ListedRecord, emptied: ReadonlySet<string>): ListedRecord {
  const { region, ...fields } = decoder.fields;
  return typeof region === 'string' && emptied.has(region) ? { ...decoder, fields } : decoder;
}

/** Which memdev each was before a listing: one that was there, else one whose card had left. */
export function memdevsBefore(
  before: InventoryHostRecord,
  after: InventoryHostRecord,
  { cxl_memdevs }: ModelledCxl,
): MemdevNames {
  const there = namesOfMemdevs(before.memdevs, after.memdevs);
  const gone = cxl_memdevs.filter(({ state }) => state === 'gone').map(asListed);
  const back = namesOfMemdevs(
    gone,
    after.memdevs.filter(({ name }) => !there.has(name)),
  );
  return new Map([...there, ...back]);
}

/** The records of what is there, in the order they were listed in, and those that no listing brought. */
function merged<T extends { readonly name: string }>(
  records: readonly ListedRecord[],
  listed: readonly T[],
  modelled: ReadonlyMap<string, T>,
  fields: Fields<T>,
  key: 'memdev' | 'region',
): readonly ListedRecord[] {
  const before = new Map(listed.map((each) => [each.name, each]));
  const known = new Set(records.map(({ name }) => name));
  const overruled = (record: ListedRecord, now: T): ListedRecord => {
    const was = before.get(record.name);
    const changed = Object.entries(fields) as [keyof T & string, (now: T) => ListedObject][];
    const news = changed
      .filter(([field]) => was === undefined || !isEqual(was[field], now[field]))
      .map(([, print]) => print(now));
    if (news.length === 0) return record;
    const all = Object.entries(Object.assign({}, record.fields, ...news) as ListedObject);
    return { ...record, fields: Object.fromEntries(all.filter(([, value]) => value !== undefined)) };
  };
  return [
    ...records.flatMap((record) => {
      const now = modelled.get(record.name);
      return now === undefined ? [] : [overruled(record, now)];
    }),
    ...[...modelled.values()]
      .filter(({ name }) => !known.has(name))
      .map((now) => overruled({ name: now.name, parent: null, fields: { [key]: now.name } }, now)),
  ];
}

/** A memdev of the model as the one that a listing would tell by its address and serial. */
function asListed({ name, serial, pci }: CxlMemdev): ListedRecord {
  const fields = { memdev: name, serial: numberOf(serial), host: pci ?? undefined };
  return { name, parent: null, fields };
}

function numberOf(hex: string | null): ListedValue | undefined {
  const number = toU64(hex ?? undefined);
  return number === null ? undefined : fromU64(number);
}
