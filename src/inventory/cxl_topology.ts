import { findRecord } from './find_record.ts';
import { isetIdOf, type IsetMember } from './iset_id.ts';
import { toCount, toHex, toU64 } from './number.ts';
import { membersOf, objectsOf, textOf } from './read_field.ts';
import type {
  InventoryDeviceRecord,
  InventoryHostRecord,
  ListedObject,
  ListedParts,
  ListedRecord,
} from './record.ts';

/**
 * A memdev's part in a CXL region: memdev → endpoint → decoder → region.
 *
 * `serial` is `0x` hex, `host` the PCI address. `position` is null where only the decoder tells of the region
 * (a listing without -T). `dimm` is its nmem, `endpoint` null while no driver is bound to the memdev.
 */
export interface MemdevLink {
  readonly memdev: string;
  readonly serial: string | null;
  readonly host: string | null;
  readonly endpoint: string | null;
  readonly decoder: string | null;
  readonly position: number | null;
  readonly dimm: string | null;
}

/** Everything that goes when a memdev is pulled. */
export interface MemdevDependents {
  readonly memdev: string;
  readonly endpoint: string | null;
  readonly decoders: readonly string[];
  readonly cxl_regions: readonly string[];
  readonly regions: readonly string[];
  readonly namespaces: readonly string[];
  readonly dax_devices: readonly string[];
}

/** The memdevs of a CXL region in position order; empty once its decoders are reset. */
export function memdevsOf(host: InventoryHostRecord, cxlRegion: string): readonly MemdevLink[] {
  const record = findRecord(host.cxl_regions, cxlRegion);
  const mappings = membersOf(record?.fields);
  const dimms = dimmsByPosition(host, cxlRegion);
  if (mappings !== null) {
    return mappings.map((mapping) =>
      linkOf(
        host,
        textOf(mapping, 'memdev') ?? '',
        textOf(mapping, 'decoder'),
        toCount(mapping['position']),
        dimms,
      ),
    );
  }
  return host.decoders
    .filter(({ fields, parent }) => fields['region'] === cxlRegion && memdevAt(host, parent) !== null)
    .map(({ name, parent }) => linkOf(host, memdevAt(host, parent)!, name, null, dimms));
}

/** What depends on a memdev: its decoders, their CXL regions, and the nd regions and DAX devices above these. */
export function dependentsOf(
  host: InventoryHostRecord,
  devices: readonly InventoryDeviceRecord[],
  memdev: string,
): MemdevDependents {
  const endpoint = endpointOf(host, memdev);
  const own = host.decoders.filter(({ parent }) => endpoint !== null && parent === endpoint);
  const regions = host.cxl_regions
    .map(({ name }) => name)
    .filter((name) => memdevsOf(host, name).some((link) => link.memdev === memdev));
  const isAbove = (region: string | null): boolean => region !== null && regions.includes(region);
  const ndRegions = host.regions
    .map(({ name }) => name)
    .filter((name) => isAbove(cxlRegionOfRegion(host, name)));
  const above = devices.filter((device) => isAbove(device.cxl_region));
  return {
    memdev,
    endpoint,
    decoders: own.map(({ name }) => name),
    cxl_regions: regions,
    regions: ndRegions,
    namespaces: above.flatMap(({ namespace }) => (namespace === null ? [] : [namespace])),
    dax_devices: above.map(({ name }) => name),
  };
}

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
  if (onPath !== undefined && host.cxl_regions.some(({ name }) => name === onPath)) return onPath;
  const start = toU64(objectsOf(parts.dax_device, 'mappings')?.[0]?.['start']);
  const around = host.cxl_regions.find(({ fields }) => start !== null && holds(fields, start));
  return around?.name ?? (region === null ? null : cxlRegionOfRegion(host, region));
}

/**
 * The CXL region under an nd region: the one with its interleave-set id; failing that, the only one of its size if it
 * is the only nd region of that size on a CXL bus.
 */
export function cxlRegionOfRegion(host: InventoryHostRecord, region: string): string | null {
  const record = findRecord(host.regions, region);
  if (record === undefined || host.cxl_regions.length === 0) return null;
  const iset = toU64(record.fields['iset_id']);
  const mappings = membersOf(record.fields);
  const sameSet = host.cxl_regions.find(
    ({ name }) => iset !== null && isetIdOfRegion(host, name, mappings) === iset,
  );
  if (sameSet !== undefined) return sameSet.name;

  const size = toCount(record.fields['size']);
  const ofSize = (other: ListedRecord): boolean => size !== null && toCount(other.fields['size']) === size;
  const candidates = host.cxl_regions.filter(
    (other) => ofSize(other) && isetIdOfRegion(host, other.name, mappings) === null,
  );
  const rivals = host.regions.filter((other) => ofSize(other) && isOnCxlBus(host, other));
  return candidates.length === 1 && rivals.length === 1 && rivals[0] === record ? candidates[0]!.name : null;
}

/** The id that the members of a CXL region give; null where a serial or a start is not known. */
function isetIdOfRegion(
  host: InventoryHostRecord,
  cxlRegion: string,
  ndMappings: readonly ListedObject[] | null,
): bigint | null {
  const mappings = membersOf(findRecord(host.cxl_regions, cxlRegion)?.fields) ?? [];
  const members: IsetMember[] = [];
  for (const mapping of mappings) {
    const serial = toU64(findRecord(host.memdevs, textOf(mapping, 'memdev'))?.fields['serial']);
    const listed = toU64(findRecord(host.decoders, textOf(mapping, 'decoder'))?.fields['dpa_resource']);
    const nd = ndMappings?.find(({ position }) => position === mapping['position']);
    const dpa = listed ?? toU64(nd?.['offset']);
    if (serial === null || dpa === null) return null;
    members.push({ dpa, serial });
  }
  return members.length === 0 ? null : isetIdOf(members);
}

function linkOf(
  host: InventoryHostRecord,
  memdev: string,
  decoder: string | null,
  position: number | null,
  dimms: ReadonlyMap<number, string>,
): MemdevLink {
  const fields = findRecord(host.memdevs, memdev)?.fields;
  const serial = toU64(fields?.['serial']);
  return {
    memdev,
    serial: serial === null ? null : toHex(serial),
    host: textOf(fields, 'host'),
    endpoint: endpointOf(host, memdev),
    decoder,
    position,
    dimm: dimmOfSerial(host, serial) ?? (position === null ? null : (dimms.get(position) ?? null)),
  };
}

/** A CXL nmem has its memdev's serial as id, in hex without 0x; on 6.1 it has none [M131]. */
function dimmOfSerial(host: InventoryHostRecord, serial: bigint | null): string | null {
  return (
    host.dimms.find(({ fields }) => serial !== null && fields['id'] === serial.toString(16))?.name ?? null
  );
}

function dimmsByPosition(host: InventoryHostRecord, cxlRegion: string): ReadonlyMap<number, string> {
  const region = host.regions.find(({ name }) => cxlRegionOfRegion(host, name) === cxlRegion);
  const mappings = membersOf(region?.fields) ?? [];
  return new Map(
    mappings.map((mapping, index) => [toCount(mapping['position']) ?? index, textOf(mapping, 'dimm') ?? '']),
  );
}

/** A memdev's endpoint is the one that names it as host: endpoint2 may belong to mem1 [M168]. */
function endpointOf(host: InventoryHostRecord, memdev: string): string | null {
  return host.endpoints.find(({ name }) => memdevAt(host, name) === memdev)?.name ?? null;
}

function memdevAt(host: InventoryHostRecord, endpoint: string | null): string | null {
  return textOf(findRecord(host.endpoints, endpoint)?.fields, 'host');
}

function isOnCxlBus(host: InventoryHostRecord, record: ListedRecord): boolean {
  return host.buses.some(({ name, fields }) => name === record.parent && fields['provider'] === 'CXL');
}

function holds(region: ListedObject, address: bigint): boolean {
  const [start, size] = [toU64(region['resource']), toCount(region['size'])];
  return start !== null && size !== null && address >= start && address < start + BigInt(size);
}
