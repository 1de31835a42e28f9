import { cxlRegionAt } from './cxl_region_by_address.ts';
import { findRecord } from './find_record.ts';
import { firstBy, groupBy, indexed } from './indexed.ts';
import { isetIdOf, type IsetMember } from './iset_id.ts';
import { toCount, toU64 } from './number.ts';
import { membersOf, objectsOf, textOf } from './read_field.ts';
import type { InventoryHostRecord, ListedObject, ListedParts, ListedRecord } from './record.ts';

/**
 * The CXL region that a DAX device lies in: by its sysfs path, else by its address, else by its nd region.
 *
 * Never by number: the nd region and the CXL region of one device may both be region0, or may not [M133].
 */
export function cxlRegionOf(
  host: InventoryHostRecord,
  parts: ListedParts,
  region: string | null,
): string | null {
  if (host.cxl_regions.length === 0) return null;
  const path = textOf(parts.dax_region, 'path') ?? '';
  const onPath = /\/decoder\d+\.\d+\/(region\d+)\//.exec(`${path}/`)?.[1];
  if (onPath !== undefined && findRecord(host.cxl_regions, onPath) !== undefined) return onPath;
  const start = toU64(objectsOf(parts.dax_device, 'mappings')?.[0]?.['start']);
  const around = start === null ? null : cxlRegionAt(host.cxl_regions, start);
  return around?.name ?? (region === null ? null : cxlRegionOfRegion(host, region));
}

/**
 * The CXL region under an nd region: the one with its interleave-set id; failing that, the only one of its size if it
 * is the only nd region of that size on a CXL bus.
 */
export function cxlRegionOfRegion(host: InventoryHostRecord, region: string): string | null {
  const record = findRecord(host.regions, region);
  if (record === undefined || host.cxl_regions.length === 0) return null;
  const mappings = membersOf(record.fields);
  const iset = toU64(record.fields['iset_id']);
  const sameSet = iset === null ? undefined : ofSet(host, mappings, iset);
  if (sameSet !== undefined) return sameSet.name;

  const { onCxlBusOfSize, cxlRegionsOfSize } = sizesOf(host);
  const size = sizeOf(record) ?? -1;
  const [only, rival] = onCxlBusOfSize.get(size) ?? [];
  // Only one nd region of a size comes further, so that no CXL region is looked at for many.
  if (only !== record || rival !== undefined) return null;
  const candidates = (cxlRegionsOfSize.get(size) ?? []).filter(
    (other) => isetIdOfRegion(host, other, mappings) === null,
  );
  return candidates.length === 1 ? candidates[0]!.name : null;
}

/** Both kinds of region by their size. */
const sizesOf = indexed((host: InventoryHostRecord) => ({
  onCxlBusOfSize: groupBy(
    host.regions.filter(({ parent }) => findRecord(host.buses, parent)?.fields['provider'] === 'CXL'),
    sizeOf,
  ),
  cxlRegionsOfSize: groupBy(host.cxl_regions, sizeOf),
}));

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
