import type { CurrentInventory } from './current_inventory.ts';
import { isModeTold } from './derive.ts';
import { findRecord } from './find_record.ts';
import { groupBy } from './indexed.ts';
import { printLossless } from './lossless.ts';
import { printable } from './printable.ts';
import { hidesContent, textOf } from './read_field.ts';
import type {
  InventoryDeviceRecord,
  InventoryHostRecord,
  ListedObject,
  ListedRecord,
  ListedValue,
} from './record.ts';
import { daxDeviceObject, regionFieldsOf, showsDaxDevice } from './render_daxctl.ts';

const BADBLOCKS = ['badblock_count', 'badblocks'];

interface PlacedNamespace {
  readonly region: string | null;
  readonly object: ListedObject;
}

/**
 * What `ndctl list -BDRNXMi` would print of what was told: an array of buses with their dimms and regions; without
 * buses, an array of the one kind that is known, or an object of the lists of several, as the tool has it. What is on no
 * known bus stands beside the buses, and a namespace of no known region beside the regions.
 *
 * A dax device that no namespace is known for, as those of hmem, has no place in it.
 * Source: ndctl/list.c list_display(), util/json.c util_namespace_to_json(), v76.1.
 */
export function renderNdctl(inventory: CurrentInventory): string {
  const { host, idle_regions: idle } = inventory;
  const namespaces = placedNamespaces(inventory);
  const there = host.regions.filter(({ name }) => !idle.has(name));
  const byRegion = groupBy(namespaces, ({ region }) => region);
  const known = new Set(there.map(({ name }) => name));
  const regions = there.map(({ name, parent, fields }) => {
    const hidden = fields['state'] === 'disabled' ? BADBLOCKS : [];
    const inside = (byRegion.get(name) ?? []).map(({ object }) => object);
    return {
      parent,
      object: {
        ...printable('region', fields, hidden),
        ...(inside.length === 0 ? {} : { namespaces: inside }),
      },
    };
  });
  const dimms = host.dimms.map(({ parent, fields }) => ({ parent, object: printable('dimm', fields) }));
  const [only, another] = host.buses;
  // Without -R a bus lists its namespaces itself.
  const parent = host.regions.length === 0 && another === undefined ? (only?.name ?? null) : null;
  const loose = namespaces
    .filter(({ region }) => region === null || !known.has(region))
    .map(({ object }) => ({ parent, object }));
  const listsOn = listsByBus(host, { dimms, regions, namespaces: loose });
  const buses = host.buses.map(({ name, fields }) => ({ ...printable('bus', fields), ...listsOn(name) }));
  const others = listsOn(NO_BUS);
  const lists = Object.values(others) as ListedObject[][];
  if (buses.length > 0) return printed([...buses, ...(lists.length === 0 ? [] : [others])]);
  const isAlone = lists.length === 1 && !isAmongLists(there, regions);
  return printed(lists.length === 0 || isAlone ? lists.flat() : others);
}

/** Whether regions stand in an object of lists: as they were listed, else as ndctl would print them. */
function isAmongLists(told: readonly ListedRecord[], regions: readonly OnBus[]): boolean {
  if (told.some(({ stands_in: place }) => place === 'lists')) return true;
  return !told.some(({ stands_in: place }) => place === 'array') && endsInNamespaces(regions);
}

/**
 * Whether the last region that ndctl comes to has namespaces: then it takes those for a list beside that of the regions.
 * It goes through the regions by their names, backwards.
 * Source: ndctl/list.c filter_region(), filter_namespace(), list_display(), 76.1.
 */
function endsInNamespaces(regions: readonly OnBus[]): boolean {
  const nameOf = ({ object }: OnBus): string => textOf(object, 'dev')!;
  const [first, ...others] = regions;
  const last = others.reduce((lowest, region) => (nameOf(region) < nameOf(lowest!) ? region : lowest), first);
  return last?.object['namespaces'] !== undefined;
}

interface OnBus {
  readonly parent: string | null;
  readonly object: ListedObject;
}

/** Under no bus that is known. */
const NO_BUS = '';

/** The lists of a bus, or of what is on none; what would be empty is not there. */
function listsByBus(
  { buses }: InventoryHostRecord,
  lists: Readonly<Record<string, readonly OnBus[]>>,
): (bus: string) => ListedObject {
  const busOf = ({ parent }: OnBus): string => findRecord(buses, parent)?.name ?? NO_BUS;
  const groups = Object.entries(lists).map(([key, members]) => [key, groupBy(members, busOf)] as const);
  return (bus) =>
    Object.fromEntries(
      groups.flatMap(([key, members]) => {
        const there = members.get(bus)?.map(({ object }) => object);
        return there === undefined ? [] : [[key, there]];
      }),
    );
}

function printed(value: ListedValue): string {
  return Array.isArray(value) && value.length === 0 ? '' : `${printLossless(value)}\n`;
}

function placedNamespaces(inventory: CurrentInventory): readonly PlacedNamespace[] {
  const { host, devices, idle_regions: idle } = inventory;
  const taken = new Set(devices.map(({ namespace }) => namespace));
  return [
    ...devices.flatMap((device) =>
      device.listed.namespace === null || inventory.shown.get(device.name)!.namespace === 'none'
        ? []
        : [{ region: device.region, object: namespaceObject(inventory, device, device.listed.namespace) }],
    ),
    ...host.namespaces
      .filter(({ name, parent }) => !taken.has(name) && !idle.has(parent ?? ''))
      .map(({ parent, fields }) => ({ region: parent, object: printable('namespace', fields) })),
  ];
}

function namespaceObject(
  inventory: CurrentInventory,
  device: InventoryDeviceRecord,
  namespace: ListedObject,
): ListedObject {
  const shown = printable('namespace', namespace, hidesContent(namespace) ? ['size', ...BADBLOCKS] : []);
  if (!showsDaxDevice(inventory, device)) return shown;
  const { dax_device: dax, dax_region: region } = device.listed;
  // As without -X: what stands inside would be what the namespace says already.
  if (region === null && !isModeTold(dax!)) return { ...shown, chardev: dax!['chardev'] };
  return {
    ...shown,
    daxregion: { ...regionFieldsOf(device, ['path']), devices: [daxDeviceObject(device, ['mappings'])] },
  };
}
