import type { Absence } from './absent.ts';
import { HOST_KINDS, HOST_TABLES } from './host_tables.ts';
import type { KnownInventory } from './known_inventory.ts';
import type { ListedItem } from './listing.ts';
import type { InventoryDeviceRecord, InventoryHostRecord, ListedRecord } from './record.ts';
import { keyOf } from './losses.ts';

/** What is left of what was known, and the devices that are not. */
interface Left {
  readonly known: KnownInventory;
  readonly gone: readonly InventoryDeviceRecord[];
}

/**
 * What was known without what a complete listing does not show, and a region's seeds with it [IMP18]. `items`: what it shows,
 * if all of it can be read.
 */
export function withoutAbsent(
  known: KnownInventory,
  absences: readonly Absence[],
  items: readonly ListedItem[],
): Left {
  const ended = absences.filter(({ reason }) => reason === 'not listed');
  const keys = new Set(ended.map(({ kind, name }) => keyOf(kind, name)));
  const names = new Set(ended.map(({ dax_device: device }) => device));
  const { dax_seeds: seeds = [], ...host } = known.host;
  const shown = shownWithSeeds(items);
  const seedsLeft = seeds.filter(
    ({ name, parent }) => !keys.has(keyOf('dax_region', parent ?? '')) && shown?.has(name) !== false,
  );
  const tables = HOST_KINDS.map((kind) => {
    const table: readonly ListedRecord[] = host[HOST_TABLES[kind]];
    return [HOST_TABLES[kind], table.filter(({ name }) => !keys.has(keyOf(kind, name)))] as const;
  });
  const left: InventoryHostRecord = {
    ...host,
    ...Object.fromEntries(tables),
    ...(seedsLeft.length === 0 ? {} : { dax_seeds: seedsLeft }),
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

/** The dax devices of a listing that shows those without a driver, and so the seeds; null where it does not. */
function shownWithSeeds(items: readonly ListedItem[]): ReadonlySet<string> | null {
  const devices = items.filter(({ kind, parent }) => kind === 'dax_device' && parent === null);
  const showsIdle = devices.some(({ fields }) => fields['state'] === 'disabled');
  return showsIdle ? new Set(devices.map(({ name }) => name)) : null;
}
