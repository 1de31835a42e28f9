import type { Absence } from './absent.ts';
import { cxlRegionOfRegion } from './cxl_region_of.ts';
import { HOST_KINDS, HOST_TABLES } from './host_tables.ts';
import { drop, type DeviceMerge } from './merge_state.ts';
import type { InventoryDeviceRecord, InventoryHostRecord, ListedRecord, ObjectKind } from './record.ts';

/** Names of what a complete listing lacks, by kind. */
export type Ended = ReadonlyMap<ObjectKind, ReadonlySet<string>>;

/**
 * What ends because a complete listing lacks it, and what stood on that: the dimms and regions of a bus, the nd region
 * of a CXL region. `host`: as it was before the listing.
 */
export function endedBy(absences: readonly Absence[], host: InventoryHostRecord): Ended {
  const ended = new Map<ObjectKind, Set<string>>();
  const end = (kind: ObjectKind, name: string): void => {
    ended.set(kind, (ended.get(kind) ?? new Set()).add(name));
  };
  for (const { kind, name, reason } of absences) if (reason === 'not listed') end(kind, name);
  const isEnded = (kind: ObjectKind, name: string | null): boolean =>
    name !== null && ended.get(kind)?.has(name) === true;
  for (const { name, parent } of host.dimms) if (isEnded('bus', parent)) end('dimm', name);
  for (const { name, parent } of host.regions) {
    if (isEnded('bus', parent)) end('region', name);
    else if (ended.has('cxl_region') && isEnded('cxl_region', cxlRegionOfRegion(host, name)))
      end('region', name);
  }
  return ended;
}

/** The host without what has ended. */
export function withoutEnded(host: InventoryHostRecord, ended: Ended): InventoryHostRecord {
  if (ended.size === 0) return host;
  const left = HOST_KINDS.map((kind) => {
    const gone = ended.get(kind);
    const table: readonly ListedRecord[] = host[HOST_TABLES[kind]];
    return [
      HOST_TABLES[kind],
      gone === undefined ? table : table.filter(({ name }) => !gone.has(name)),
    ] as const;
  });
  return { ...host, ...Object.fromEntries(left) };
}

/** Ends the devices that are among what has ended, or stood on it, and drops the namespaces that are no devices. */
export function endDevices(
  merge: DeviceMerge,
  known: readonly InventoryDeviceRecord[],
  absences: readonly Absence[],
  ended: Ended,
): void {
  if (ended.size === 0) return;
  const lacking = new Set(
    absences.flatMap(({ dax_device: device, reason }) => (reason === 'not listed' ? [device] : [])),
  );
  const on = (kind: ObjectKind, name: string | null): boolean => ended.get(kind)?.has(name ?? '') === true;
  for (const { name, region, cxl_region: cxlRegion } of known) {
    if (lacking.has(name) || on('region', region) || on('cxl_region', cxlRegion)) drop(merge, name);
  }
  for (const { name, parent } of merge.namespaces.values()) {
    if (on('namespace', name) || on('region', parent)) merge.namespaces.delete(name);
  }
}
