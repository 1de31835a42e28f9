import { findRecord } from './find_record.ts';
import { cxlRegionOfRegion } from './cxl_region_of.ts';
import { firstBy, groupBy, indexed } from './indexed.ts';
import { serialOfDimm, toCount, toHex, toU64 } from './number.ts';
import { membersOf, textOf } from './read_field.ts';
import type { InventoryDeviceRecord, InventoryHostRecord } from './record.ts';

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
  const known = linksOf(host);
  const links = known.get(cxlRegion) ?? findLinks(host, cxlRegion);
  known.set(cxlRegion, links);
  return links;
}

/** Whether an nd region is told that stands on a CXL region. */
export function hasNdRegion(host: InventoryHostRecord, cxlRegion: string): boolean {
  return ndRegionsByCxlRegion(host).has(cxlRegion);
}

/** Links by CXL region, as far as they were asked for. */
const linksOf = indexed((_host: InventoryHostRecord) => new Map<string, readonly MemdevLink[]>());

function findLinks(host: InventoryHostRecord, cxlRegion: string): readonly MemdevLink[] {
  const mappings = membersOf(findRecord(host.cxl_regions, cxlRegion)?.fields);
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
  return (decodersByRegion(host).get(cxlRegion) ?? []).flatMap(({ name, parent }) => {
    const memdev = memdevAt(host, parent);
    return memdev === null ? [] : [linkOf(host, memdev, name, null, dimms)];
  });
}

/** What depends on a memdev: its decoders, their CXL regions, and the nd regions and DAX devices above these. */
export function dependentsOf(
  host: InventoryHostRecord,
  devices: readonly InventoryDeviceRecord[],
  memdev: string,
): MemdevDependents {
  const endpoint = endpointOf(host, memdev);
  const decoders = host.decoders.filter(({ parent }) => endpoint !== null && parent === endpoint);
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
    decoders: decoders.map(({ name }) => name),
    cxl_regions: regions,
    regions: ndRegions,
    namespaces: above.flatMap(({ namespace }) => (namespace === null ? [] : [namespace])),
    dax_devices: above.map(({ name }) => name),
  };
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

/** A CXL nmem has its memdev's serial as id; on 6.1 it has none [M131]. */
function dimmOfSerial(host: InventoryHostRecord, serial: bigint | null): string | null {
  return serial === null ? null : (dimmsBySerial(host).get(serial)?.name ?? null);
}

function dimmsByPosition(host: InventoryHostRecord, cxlRegion: string): ReadonlyMap<number, string> {
  const mappings = membersOf(ndRegionsByCxlRegion(host).get(cxlRegion)?.fields) ?? [];
  return new Map(
    mappings.map((mapping, index) => [toCount(mapping['position']) ?? index, textOf(mapping, 'dimm') ?? '']),
  );
}

/** A memdev's endpoint is the one that names it as host: endpoint2 may belong to mem1 [M168]. */
function endpointOf(host: InventoryHostRecord, memdev: string): string | null {
  return endpointsByMemdev(host).get(memdev)?.name ?? null;
}

function memdevAt(host: InventoryHostRecord, endpoint: string | null): string | null {
  return textOf(findRecord(host.endpoints, endpoint)?.fields, 'host');
}

const endpointsByMemdev = indexed(({ endpoints }: InventoryHostRecord) =>
  firstBy(endpoints, ({ fields }) => textOf(fields, 'host')),
);
const dimmsBySerial = indexed(({ dimms }: InventoryHostRecord) =>
  firstBy(dimms, ({ fields }) => serialOfDimm(textOf(fields, 'id'))),
);
const decodersByRegion = indexed(({ decoders }: InventoryHostRecord) =>
  groupBy(decoders, ({ fields }) => textOf(fields, 'region')),
);
const ndRegionsByCxlRegion = indexed((host: InventoryHostRecord) =>
  firstBy(host.regions, ({ name }) => cxlRegionOfRegion(host, name)),
);
