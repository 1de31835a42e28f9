import type { CxlRegion } from '../engine/model/cxl.ts';
import type { ImportedCxl, ListedAt } from '../engine/model/host_command.ts';
import {
  KNOWN_REGION_TYPES,
  type CxlRegionType,
  type KnownRegionType,
  type RegionType,
} from '../engine/model/region_type.ts';
import { isEqual } from '../inventory/is_equal.ts';
import type { MemdevNames } from '../inventory/rename_memdevs.ts';
import type { FindListed } from './listed_at.ts';
import { hasNdRegion, memdevsOf, type MemdevLink } from '../inventory/cxl_topology.ts';
import { firstBy } from '../inventory/indexed.ts';
import { findRecord } from '../inventory/find_record.ts';
import { sizeIn } from '../inventory/human_size.ts';
import { toCount, toHex, toU64 } from '../inventory/number.ts';
import { textOf } from '../inventory/read_field.ts';
import type { InventoryHostRecord, ListedObject, ListedRecord, ListedValue } from '../inventory/record.ts';

/** A memdev as listings have shown it. */
export type ListedMemdev = Omit<ImportedCxl['memdevs'][number], 'previous_name' | 'listed_at'>;
/** A region as listings have shown it. */
export type ListedRegion = Omit<ImportedCxl['regions'][number], 'listed_at'>;

interface ListedCxl {
  readonly memdevs: readonly ListedMemdev[];
  readonly regions: readonly ListedRegion[];
}

/** What the model has of a host, which memdev each was before, and where the text shows what. */
interface Known {
  readonly modelled: {
    readonly cxl_memdevs: readonly Named[];
    readonly cxl_regions: readonly Measured[];
  };
  readonly names: MemdevNames;
  readonly find: FindListed;
}

interface Named {
  readonly name: string;
}

type Measured = Pick<CxlRegion, 'name' | 'size' | 'interleave_ways'>;

/**
 * What a listing changes of the memdevs and regions of a host, and what it shows again that was left out (IMP41); null
 * where that is nothing. Not of `cxl list` alone: `ndctl list` tells which dimm a memdev is.
 */
export function changedCxl(
  before: InventoryHostRecord,
  after: InventoryHostRecord,
  { modelled, names, find }: Known,
): ImportedCxl | null {
  const [was, now] = [listedCxl(before), listedCxl(after)];
  const [memdevAt, regionAt] = [find.bind(null, 'memdev'), find.bind(null, 'cxl_region')];
  const memdevs = changed(was.memdevs, now.memdevs, modelled.cxl_memdevs, memdevAt);
  const there = new Set([...now.memdevs.map(({ name }) => name), ...names.values()]);
  const changes = {
    memdevs: memdevs.map((memdev) => ({ ...memdev, previous_name: names.get(memdev.name) ?? null })),
    regions: changed(was.regions, now.regions, measured(modelled.cxl_regions, now.regions), regionAt),
    gone: {
      memdevs: was.memdevs.map(({ name }) => name).filter((name) => !there.has(name)),
      regions: gone(was.regions, now.regions),
    },
  };
  const count = [changes.memdevs, changes.regions, changes.gone.memdevs, changes.gone.regions].flat().length;
  return count === 0 ? null : changes;
}

/** The regions of the model but those that lack a size or ways which listings tell. */
function measured(modelled: readonly Measured[], listed: readonly ListedRegion[]): readonly Measured[] {
  const told = new Map(listed.map((region) => [region.name, region]));
  return modelled.filter(({ name, size, interleave_ways: ways }) => {
    const region = told.get(name);
    const lacksSize = size === null && (region?.size ?? null) !== null;
    return !lacksSize && !(ways === null && (region?.interleave_ways ?? null) !== null);
  });
}

/** Those that are listed otherwise than before, or that the text shows and the model lacks. */
function changed<T extends Named>(
  before: readonly T[],
  after: readonly T[],
  modelled: readonly Named[],
  find: (name: string) => ListedAt | null,
): (T & { readonly listed_at?: ListedAt })[] {
  const was = new Map(before.map((each) => [each.name, each]));
  const taken = new Set(modelled.map(({ name }) => name));
  return after.flatMap((each) => {
    const at = find(each.name);
    const isSame = isEqual(was.get(each.name), each) && (at === null || taken.has(each.name));
    if (isSame) return [];
    return [at === null ? each : { ...each, listed_at: at }];
  });
}

function gone<T extends { readonly name: string }>(before: readonly T[], after: readonly T[]): string[] {
  const there = new Set(after.map(({ name }) => name));
  return before.map(({ name }) => name).filter((name) => !there.has(name));
}

/** The memdevs and regions that listings have shown of a host, as the engine keeps them. */
export function listedCxl(host: InventoryHostRecord): ListedCxl {
  const links = host.cxl_regions.flatMap((region) => memdevsOf(host, region.name));
  const linkOf = firstBy(links, ({ memdev }) => memdev);
  return {
    memdevs: host.memdevs.map((record) => memdevOf(record, linkOf.get(record.name))),
    regions: host.cxl_regions.map((record) => regionOf(host, record)),
  };
}

/** A memdev without a driver has `state: disabled` (M152); its serial is kept as `0x` hex. */
function memdevOf({ name, fields }: ListedRecord, link: MemdevLink | undefined): ListedMemdev {
  const serial = toU64(fields['serial']);
  return {
    name,
    serial: serial === null ? null : toHex(serial),
    pci: textOf(fields, 'host'),
    pmem_size: sizeIn(fields['pmem_size']) ?? 0,
    ram_size: sizeIn(fields['ram_size']) ?? 0,
    numa_node: toCount(fields['numa_node']),
    state: fields['state'] === 'disabled' ? 'disabled' : 'enabled',
    nmem: link?.dimm ?? null,
  };
}

/**
 * A region without a driver has `state: disabled`. What no listing tells of it, its decoders tell, which decode its
 * range. Source: drivers/cxl/core/region.c cxl_region_setup_targets(), commit_store().
 */
function regionOf(host: InventoryHostRecord, record: ListedRecord): ListedRegion {
  const { name, fields } = record;
  const links = memdevsOf(host, name);
  const decoder = findRecord(host.decoders, links[0]?.decoder ?? null)?.fields;
  const told = (key: string): ListedValue | undefined => fields[key] ?? decoder?.[key];
  const resource = toU64(told('resource'));
  return {
    name,
    ...typeOf(host, record, links),
    resource: resource === null ? null : toHex(resource),
    size: sizeIn(told('size')),
    interleave_ways: toCount(told('interleave_ways')),
    interleave_granularity: toCount(told('interleave_granularity')),
    state: fields['state'] === 'disabled' ? 'disabled' : 'enabled',
    decode_state: fields['decode_state'] === 'reset' ? 'reset' : 'commit',
    mappings: links.map(({ memdev, decoder, position }, at) => ({
      position: position ?? at,
      memdev,
      decoder,
    })),
  };
}

/**
 * A region is of the type that is told of it, else of that of its decoders, its nd region or its cards: cxl before v76
 * prints no type of a region, and a listing without -D no mode of a decoder. Where none of them decides it is not known
 * (IMP52, IMP68).
 */
function typeOf(
  host: InventoryHostRecord,
  { name, fields }: ListedRecord,
  links: readonly MemdevLink[],
): RegionType {
  const modes = links.map(({ decoder }) => textOf(findRecord(host.decoders, decoder)?.fields, 'mode'));
  const words = [textOf(fields, 'type'), ...modes].filter((word) => word !== null && word !== 'none');
  const word = words[0] ?? null;
  if (word === null) return { type: untoldType(host, name, links), type_as_listed: null };
  const known = KNOWN_REGION_TYPES.find((type) => type === word);
  return known === undefined
    ? { type: 'unknown', type_as_listed: word }
    : { type: known, type_as_listed: null };
}

/** Only persistent capacity has an nd region; cards that are all told and have one kind of capacity give that. */
function untoldType(host: InventoryHostRecord, region: string, links: readonly MemdevLink[]): CxlRegionType {
  if (hasNdRegion(host, region)) return 'pmem';
  const cards = links.map(({ memdev }) => findRecord(host.memdevs, memdev)?.fields);
  const has = (card: ListedObject | undefined, type: KnownRegionType): boolean =>
    (sizeIn(card?.[`${type}_size`]) ?? 0) > 0;
  const isOnly = (type: KnownRegionType, other: KnownRegionType): boolean =>
    cards.length > 0 && cards.every((card) => has(card, type) && !has(card, other));
  if (isOnly('ram', 'pmem')) return 'ram';
  return isOnly('pmem', 'ram') ? 'pmem' : 'unknown';
}
