import type { LinkSource } from '../engine/model/vocabulary.ts';
import { cxlRegionAt } from './cxl_region_by_address.ts';
import { findRecord } from './find_record.ts';
import { type HumanSize, parseHumanSize } from './human_size.ts';
import { firstBy, indexed } from './indexed.ts';
import { isetIdOf, type IsetMember } from './iset_id.ts';
import { serialOfDimm, toCount, toU64 } from './number.ts';
import { membersOf, objectsOf, textOf } from './read_field.ts';
import type { InventoryHostRecord, ListedObject, ListedParts, ListedRecord, ListedValue } from './record.ts';

/** The CXL region of a device, and how that is known. */
export interface CxlLink {
  readonly cxl_region: string;
  readonly cxl_region_from: LinkSource;
}

/**
 * The CXL region that a DAX device lies in: as listed, by its sysfs path or inside that region (`cxl list -X`), else
 * derived: by its address, by its nd region, or by the number of its dax region.
 */
export function cxlRegionOf(
  host: InventoryHostRecord,
  parts: ListedParts,
  region: string | null,
): CxlLink | null {
  if (host.cxl_regions.length === 0) return null;
  const path = textOf(parts.dax_region, 'path') ?? '';
  const onPath = /\/decoder\d+\.\d+\/(region\d+)\//.exec(`${path}/`)?.[1] ?? parts.in_cxl_region ?? null;
  if (findRecord(host.cxl_regions, onPath) !== undefined) {
    return { cxl_region: onPath!, cxl_region_from: 'listed' };
  }
  const derived = derivedRegion(host, parts, region);
  return derived === null ? null : { cxl_region: derived, cxl_region_from: 'derived' };
}

function derivedRegion(host: InventoryHostRecord, parts: ListedParts, region: string | null): string | null {
  const start = toU64(objectsOf(parts.dax_device, 'mappings')?.[0]?.['start']);
  const around = start === null ? null : cxlRegionAt(host.cxl_regions, start);
  if (around !== null) return around.name;
  const name = region === null ? cxlRegionOfDax(host, parts) : cxlRegionOfRegion(host, region);
  const derived = findRecord(host.cxl_regions, name);
  const isOutside = start !== null && toU64(derived?.fields['resource']) !== null;
  return derived === undefined || isOutside || isTooLarge(parts, derived) ? null : name;
}

/** Whether a device is larger than a CXL region, whatever is rounded of both. */
function isTooLarge({ namespace, dax_device: dax }: ListedParts, { fields }: ListedRecord): boolean {
  const room = boundsOf(fields['size']);
  const sizes = [boundsOf(dax?.['size']), boundsOf(namespace?.['size'])];
  return room !== null && sizes.some((size) => size !== null && size.low >= room.high);
}

/** What a listed size may be, `low` ≤ bytes < `high`; null where it is no size. */
function boundsOf(value: ListedValue | undefined): HumanSize | null {
  if (typeof value === 'string') return parseHumanSize(value);
  const bytes = toCount(value);
  return bytes === null ? null : { low: BigInt(bytes), high: BigInt(bytes) + 1n };
}

/**
 * daxN.M without an nd region stands on CXL region N: ids of nd, hmem and CXL regions come from one counter. Not where
 * its path leads elsewhere.
 * Source: drivers/dax/cxl.c cxl_dax_region_probe() alloc_dax_region(dev, cxlr->id, …), lib/memregion.c, v6.12.
 */
function cxlRegionOfDax(host: InventoryHostRecord, parts: ListedParts): string | null {
  const path = textOf(parts.dax_region, 'path');
  const number = /^dax(\d+)\.\d+$/.exec(textOf(parts.dax_device, 'chardev') ?? '')?.[1];
  const numbered = number === undefined ? undefined : findRecord(host.cxl_regions, `region${number}`);
  return numbered === undefined || (path !== null && !path.includes('/ACPI0017:')) ? null : numbered.name;
}

/**
 * The CXL region under an nd region: the one with its interleave-set id, else the one of its number: an nd region on a
 * CXL bus takes the id of its CXL region. Not where what is told of both contradicts that.
 * Source: drivers/nvdimm/region_devs.c nd_region_create() nd_region->id = ndr_desc->memregion, v6.12; M131, M133.
 */
export function cxlRegionOfRegion(host: InventoryHostRecord, region: string): string | null {
  if (host.cxl_regions.length === 0) return null;
  const record = findRecord(host.regions, region);
  const mappings = membersOf(record?.fields);
  const iset = toU64(record?.fields['iset_id']);
  const sameSet = iset === null ? undefined : ofSet(host, mappings, iset);
  if (sameSet !== undefined) return sameSet.name;

  const numbered = findRecord(host.cxl_regions, region);
  if (numbered === undefined || numbered.fields['type'] === 'ram') return null;
  if (record === undefined) return numbered.name;
  const provider = textOf(findRecord(host.buses, record.parent)?.fields, 'provider') ?? 'CXL';
  const isAnotherSet = iset !== null && isetIdOfRegion(host, numbered, mappings) !== null;
  const contradicts = isAnotherSet || differ(sizeOf(record), sizeOf(numbered));
  return provider !== 'CXL' || contradicts || !haveSameMedia(host, mappings, numbered) ? null : numbered.name;
}

/** Whether no dimm of an nd region is told to be another card than the memdev at its position [M131]. */
function haveSameMedia(
  host: InventoryHostRecord,
  mappings: readonly ListedObject[] | null,
  cxlRegion: ListedRecord,
): boolean {
  const targets = membersOf(cxlRegion.fields);
  if (mappings === null || targets === null) return true;
  if (mappings.length !== targets.length) return false;
  return targets.every((target, at) => {
    const serial = toU64(findRecord(host.memdevs, textOf(target, 'memdev'))?.fields['serial']);
    const id = textOf(findRecord(host.dimms, textOf(mappings[at], 'dimm'))?.fields, 'id');
    return !differ(serialOfDimm(id), serial);
  });
}

/** Whether two values are both told, and not the same. */
function differ<T>(value: T | null, other: T | null): boolean {
  return value !== null && other !== null && value !== other;
}

function sizeOf({ fields }: ListedRecord): number | null {
  return toCount(fields['size']);
}

/** The first CXL region of an interleave set, as far as the mappings of an nd region tell what its decoders do not. */
function ofSet(
  host: InventoryHostRecord,
  mappings: readonly ListedObject[] | null,
  iset: bigint,
): ListedRecord | undefined {
  const { told, untold, byOffsets } = setsOf(host);
  // Nd regions that begin at the same places of their memdevs tell the same: mostly all begin at 0.
  const offsets = JSON.stringify((mappings ?? []).map(({ position, offset }) => [position, offset]));
  const now = byOffsets.get(offsets) ?? setsAmong(host, untold, mappings);
  byOffsets.set(offsets, now);
  const [before, other] = [told.get(iset), now.get(iset)];
  if (before === undefined || other === undefined) return (before ?? other)?.region;
  return (before.at < other.at ? before : other).region;
}

/** A CXL region and its place in the table. */
interface Placed {
  readonly region: ListedRecord;
  readonly at: number;
}
type Sets = ReadonlyMap<bigint, Placed>;

/** CXL regions by interleave set where their decoders tell all, and those where they do not. */
const setsOf = indexed((host: InventoryHostRecord) => {
  const placed = host.cxl_regions.map((region, at) => ({ region, at }));
  return {
    told: setsAmong(host, placed, null),
    untold: placed.filter(({ region }) => isetIdOfRegion(host, region, null) === null),
    byOffsets: new Map<string, Sets>(),
  };
});

function setsAmong(
  host: InventoryHostRecord,
  placed: readonly Placed[],
  mappings: readonly ListedObject[] | null,
): Sets {
  return firstBy(placed, ({ region }) => isetIdOfRegion(host, region, mappings));
}

/** The id that the members of a CXL region give; null where a serial or a start is not known. */
function isetIdOfRegion(
  host: InventoryHostRecord,
  cxlRegion: ListedRecord,
  ndMappings: readonly ListedObject[] | null,
): bigint | null {
  const members: IsetMember[] = [];
  for (const mapping of membersOf(cxlRegion.fields) ?? []) {
    const serial = toU64(findRecord(host.memdevs, textOf(mapping, 'memdev'))?.fields['serial']);
    const listed = toU64(findRecord(host.decoders, textOf(mapping, 'decoder'))?.fields['dpa_resource']);
    const nd = ndMappings?.find(({ position }) => position === mapping['position']);
    const dpa = listed ?? toU64(nd?.['offset']);
    if (serial === null || dpa === null) return null;
    members.push({ dpa, serial });
  }
  return members.length === 0 ? null : isetIdOf(members);
}
