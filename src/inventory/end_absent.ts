import type { Absence } from './absent.ts';
import { HOST_KINDS, HOST_TABLES } from './host_tables.ts';
import type { KnownInventory } from './known_inventory.ts';
import type { InventoryDeviceRecord, InventoryHostRecord, ListedRecord } from './record.ts';
import { keyOf } from './losses.ts';

/** What is left of what was known, and the devices that are not. */
interface Left {
  readonly known: KnownInventory;
  readonly gone: readonly InventoryDeviceRecord[];
}

/** What was known without what a complete listing does not show, and a region's seeds with it [IMP18]. */
export function withoutAbsent(known: KnownInventory, absences: readonly Absence[]): Left {
  const ended = absences.filter(({ reason }) => reason === 'not listed');
  const keys = new Set(ended.map(({ kind, name }) => keyOf(kind, name)));
  const names = new Set(ended.map(({ dax_device: device }) => device));
  const { host } = known;
  const tables = HOST_KINDS.map((kind) => {
    const table: readonly ListedRecord[] = host[HOST_TABLES[kind]];
    return [HOST_TABLES[kind], table.filter(({ name }) => !keys.has(keyOf(kind, name)))] as const;
  });
  const left: InventoryHostRecord = {
    ...host,
    ...Object.fromEntries(tables),
    namespaces: host.namespaces.filter(
      ({ name, parent }) => !keys.has(keyOf('namespace', name)) && !keys.has(keyOf('region', parent ?? '')),
    ),
    dax_regions: host.dax_regions.filter(({ name }) => !keys.has(keyOf('dax_region', name))),
  };
  return {
    known: { ...known, host: left, devices: known.devices.filter(({ name }) => !names.has(name)) },
    gone: known.devices.filter(({ name }) => names.has(name)),
  };
}
