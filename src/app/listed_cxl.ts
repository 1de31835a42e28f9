import type { ImportedCxl } from '../engine/model/host_command.ts';
import { memdevsOf, type MemdevLink } from '../inventory/cxl_topology.ts';
import { firstBy } from '../inventory/indexed.ts';
import { findRecord } from '../inventory/find_record.ts';
import { toCount, toHex, toU64 } from '../inventory/number.ts';
import { textOf } from '../inventory/read_field.ts';
import type { InventoryHostRecord, ListedRecord } from '../inventory/record.ts';

/** The memdevs and regions that `cxl list` has shown of a host, as the engine keeps them. */
export function listedCxl(host: InventoryHostRecord): ImportedCxl {
  const links = host.cxl_regions.flatMap((region) => memdevsOf(host, region.name));
  const linkOf = firstBy(links, ({ memdev }) => memdev);
  return {
    memdevs: host.memdevs.map((record) => memdevOf(record, linkOf.get(record.name))),
    regions: host.cxl_regions.map((record) => regionOf(host, record)),
  };
}

/** A memdev without a driver has `state: disabled` (M152); its serial is kept as `0x` hex. */
function memdevOf(
  { name, fields }: ListedRecord,
  link: MemdevLink | undefined,
): ImportedCxl['memdevs'][number] {
  const serial = toU64(fields['serial']);
  return {
    name,
    serial: serial === null ? null : toHex(serial),
    pci: textOf(fields, 'host'),
    pmem_size: toCount(fields['pmem_size']) ?? 0,
    ram_size: toCount(fields['ram_size']) ?? 0,
    numa_node: toCount(fields['numa_node']),
    state: fields['state'] === 'disabled' ? 'disabled' : 'enabled',
    nmem: link?.dimm ?? null,
  };
}

/** A region is of the kind of capacity that its decoders give it; one without a driver has `state: disabled`. */
function regionOf(host: InventoryHostRecord, { name, fields }: ListedRecord): ImportedCxl['regions'][number] {
  const links = memdevsOf(host, name);
  const modes = links.map(({ decoder }) => findRecord(host.decoders, decoder)?.fields['mode']);
  const resource = toU64(fields['resource']);
  return {
    name,
    type: fields['type'] === 'ram' || modes.includes('ram') ? 'ram' : 'pmem',
    resource: resource === null ? null : toHex(resource),
    size: toCount(fields['size']) ?? 0,
    interleave_ways: toCount(fields['interleave_ways']) ?? Math.max(1, links.length),
    interleave_granularity: toCount(fields['interleave_granularity']),
    state: fields['state'] === 'disabled' ? 'disabled' : 'enabled',
    decode_state: fields['decode_state'] === 'reset' ? 'reset' : 'commit',
    mappings: links.map(({ memdev, decoder, position }, at) => ({
      position: position ?? at,
      memdev,
      decoder,
    })),
  };
}
