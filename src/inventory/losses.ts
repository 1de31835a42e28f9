import { cxlRegionOfRegion } from './cxl_region_of.ts';
import { memdevsOf } from './cxl_topology.ts';
import { HOST_KINDS, HOST_TABLES } from './host_tables.ts';
import { TOOL_OF } from './kinds.ts';
import type { KnownInventory } from './known_inventory.ts';
import type { ListedItem } from './listing.ts';
import { membersOf, textOf } from './read_field.ts';
import type { InventoryDeviceRecord, InventoryHostRecord, ListedRecord, ObjectKind } from './record.ts';
import { namesOfMemdevs } from './rename_memdevs.ts';
import { isListed, type Sight, wouldShow } from './sight.ts';
import { isSeed } from './skip.ts';

/**
 * What listings lack of a host, its devices aside, by `keyOf`. What stands on a lost object is lost with it [IMP53], and
 * what a listed object stands on is there, listed or not [IMP54].
 *
 *     lost      ▼ bus ─ dimm, region ─ namespace                                       ▲ told by what
 *     with what ▼ cxl_bus ─ port ─ endpoint ─ decoder ─ cxl_region ─ region            ▲ is listed
 *     it is on  ▼ memdev ╌╌ a driver of the cxl_region ╌╌ region, devices              ▲ on it
 */
export interface Losses {
  /** Each with the object that it stood on, null where the listing would show it itself. */
  readonly lost: ReadonlyMap<string, string | null>;
  /** What they would show and do not, and yet tell of; each with the object that does. */
  readonly told: ReadonlyMap<string, string>;
  /** CXL regions that have no driver without a memdev that is lost [M96, M100], each with that. */
  readonly undriven: ReadonlyMap<string, string>;
}

/** An object as these maps know it: region0 is an nd region and a CXL region. */
export function keyOf(kind: ObjectKind, name: string): string {
  return `${kind} ${name}`;
}

interface KnownObject {
  readonly kind: ObjectKind;
  readonly record: ListedRecord;
  /** Keys of what it is not there without. */
  readonly grounds: readonly string[];
}

/** What may be the parent of what; a memdev outlives its endpoint. */
const PARENT_KINDS: Readonly<Partial<Record<ObjectKind, readonly ObjectKind[]>>> = {
  dimm: ['bus'],
  region: ['bus'],
  namespace: ['region'],
  port: ['cxl_bus', 'port'],
  endpoint: ['cxl_bus', 'port'],
  decoder: ['cxl_bus', 'port', 'endpoint'],
  cxl_region: ['decoder'],
};

/** Each kind behind what it may stand on: an nd region is on a CXL region. */
const OUTERMOST_FIRST = (['cxl', 'ndctl'] as const).flatMap((tool) =>
  HOST_KINDS.filter((kind) => TOOL_OF[kind] === tool),
);

/** What a listing lacks of what is known, `listed` being the known devices that it shows. */
export function lossesIn(
  sight: Sight,
  known: KnownInventory,
  listed: readonly InventoryDeviceRecord[],
): Losses {
  const { host, idle_regions: idle = new Set() } = known;
  const objects = objectsIn(sight, host);
  const tellers = tellersIn(sight, host, objects, listed);
  const memdevs = new Set(
    namesOfMemdevs(
      host.memdevs,
      sight.items.filter(({ kind }) => kind === 'memdev'),
    ).values(),
  );
  const [lost, told] = [new Map<string, string | null>(), new Map<string, string>()];
  for (const { kind, record, grounds } of objects) {
    const { name, parent } = record;
    // A memdev is listed under whatever number it has now.
    if (kind === 'memdev' ? memdevs.has(name) : isListed(sight, kind, name)) continue;
    const isIdle = (kind === 'region' && idle.has(name)) || (kind === 'namespace' && idle.has(parent ?? ''));
    const isMissed = !isIdle && wouldShow(sight, kind, record);
    const ground = grounds.find((each) => lost.has(each));
    const teller = tellers.get(keyOf(kind, name));
    if (!isMissed && ground === undefined) continue;
    if (teller !== undefined) told.set(keyOf(kind, name), teller);
    else lost.set(keyOf(kind, name), isMissed ? null : ground!);
  }
  return { lost, told, undriven: undrivenBy(sight, host, lost) };
}

/** What a device stands on, as far as it is known. */
export function groundsOfDevice({ region, cxl_region }: InventoryDeviceRecord): readonly string[] {
  return [
    ...(region === null ? [] : [keyOf('region', region)]),
    ...(cxl_region === null ? [] : [keyOf('cxl_region', cxl_region)]),
  ];
}

/** Everything that is known, each behind what it stands on. */
function objectsIn({ items }: Sight, host: InventoryHostRecord): readonly KnownObject[] {
  const parents = new Map(items.map(({ kind, name, parent }) => [keyOf(kind, name), parent]));
  const objectOf = (kind: ObjectKind, record: ListedRecord): KnownObject => {
    const parent = parents.get(keyOf(kind, record.name)) ?? record.parent;
    const above = parent === null ? [] : (PARENT_KINDS[kind] ?? []).map((each) => keyOf(each, parent));
    const cxl = kind === 'region' ? cxlRegionOfRegion(host, record.name) : null;
    return { kind, record, grounds: cxl === null ? above : [...above, keyOf('cxl_region', cxl)] };
  };
  const ofKind = (kind: ObjectKind, records: readonly ListedRecord[]): readonly KnownObject[] =>
    records.map((record) => objectOf(kind, record));
  const namespaces = host.namespaces.filter(({ fields }) => !isSeed({ kind: 'namespace', fields }));
  return [
    ...OUTERMOST_FIRST.flatMap((kind) => ofKind(kind, host[HOST_TABLES[kind]])),
    ...ofKind('namespace', namespaces),
    ...ofKind('dax_region', host.dax_regions),
  ];
}

/** What is there though it is not listed, each with what is listed and tells it. */
function tellersIn(
  sight: Sight,
  host: InventoryHostRecord,
  objects: readonly KnownObject[],
  listed: readonly InventoryDeviceRecord[],
): ReadonlyMap<string, string> {
  const tellers = new Map<string, string>();
  const tell = (kind: ObjectKind, name: string | null, by: string): void => {
    if (name !== null && !isListed(sight, kind, name)) tellers.set(keyOf(kind, name), by);
  };
  for (const item of sight.items) {
    if (item.kind === 'namespace') tell('region', item.parent, item.name);
    if (item.kind === 'decoder') tell('cxl_region', textOf(item.fields, 'region'), item.name);
    if (item.kind === 'endpoint') tell('memdev', textOf(item.fields, 'host'), item.name);
  }
  for (const device of listed) for (const ground of groundsOfDevice(device)) tellers.set(ground, device.name);
  for (const { kind, record, grounds } of objects.toReversed()) {
    const isThere = isListed(sight, kind, record.name) || tellers.has(keyOf(kind, record.name));
    if (isThere) for (const ground of grounds) tellers.set(ground, record.name);
  }
  const items = cxlRegionsIn(sight);
  for (const { name } of host.cxl_regions) {
    const item = items.get(name);
    if (item === undefined && !tellers.has(keyOf('cxl_region', name))) continue;
    for (const memdev of targetsOf(host, name, item)) tell('memdev', memdev, name);
  }
  return tellers;
}

/** The memdevs of a region that is there: those that are listed with it, else those known, while it decodes [M109]. */
function targetsOf(
  host: InventoryHostRecord,
  name: string,
  item: ListedItem | undefined,
): readonly (string | null)[] {
  const mappings = membersOf(item?.fields);
  if (mappings !== null) return mappings.map((mapping) => textOf(mapping, 'memdev'));
  return item === undefined || decodes(item) ? memdevsOf(host, name).map(({ memdev }) => memdev) : [];
}

/** Regions that are listed as decoding have a driver over other cards, if not over those that are lost. */
function undrivenBy(
  sight: Sight,
  host: InventoryHostRecord,
  lost: ReadonlyMap<string, string | null>,
): ReadonlyMap<string, string> {
  const items = cxlRegionsIn(sight);
  return new Map(
    host.cxl_regions.flatMap(({ name }) => {
      const item = items.get(name);
      if (item !== undefined && decodes(item)) return [];
      const target = memdevsOf(host, name).find(({ memdev }) => lost.has(keyOf('memdev', memdev)));
      return target === undefined ? [] : [[name, target.memdev] as const];
    }),
  );
}

function cxlRegionsIn({ items }: Sight): ReadonlyMap<string, ListedItem> {
  return new Map(items.filter(({ kind }) => kind === 'cxl_region').map((item) => [item.name, item]));
}

function decodes({ fields }: ListedItem): boolean {
  const state = textOf(fields, 'decode_state');
  return state === null ? fields['state'] !== 'disabled' : state !== 'reset';
}
