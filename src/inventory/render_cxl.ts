import type { CurrentInventory } from './current_inventory.ts';
import { groupBy } from './indexed.ts';
import { printLossless } from './lossless.ts';
import { printable } from './printable.ts';
import type { ListedObject, ListedRecord } from './record.ts';
import { daxDeviceObject, regionFieldsOf, showsDaxDevice } from './render_daxctl.ts';

/** The lists of one object: `ports:root0`, `decoders:endpoint2`. */
const PLURALS = {
  port: 'ports',
  endpoint: 'endpoints',
  memdev: 'memdevs',
  decoder: 'decoders',
  cxl_region: 'regions',
} as const;
type ChildKind = keyof typeof PLURALS;
const CHILD_KINDS = Object.keys(PLURALS) as ChildKind[];

interface Placed extends ListedRecord {
  readonly kind: ChildKind | 'cxl_bus';
}

/** The topology: who stands on whom, and who on nobody that is known. */
interface Tree {
  readonly children: ReadonlyMap<string, readonly Placed[]>;
  readonly top: readonly Placed[];
  /** By the CXL region they stand in. */
  readonly daxRegions: ReadonlyMap<string, ListedObject>;
}

/**
 * What `cxl list` would print of what it told: with -vvv, in buses, ports, endpoints and decoders; what stands on
 * nothing that is known, in lists of its own: one alone is an array, several are objects that name them [M152].
 *
 * Source: cxl/filter.c cxl_filter_walk(), splice_array(), cxl/json.c, v76.1.
 */
export function renderCxl(inventory: CurrentInventory): string {
  const tree = treeOf(inventory);
  const groups = groupBy(tree.top, groupOf);
  const lists = GROUPS.flatMap((group) => {
    const members = (groups.get(group) ?? []).map((record) => objectOf(tree, record));
    return members.length === 0 ? [] : [{ group, members }];
  });
  const [first, second] = lists;
  if (first === undefined) return '';
  const all =
    second === undefined ? first.members : lists.map(({ group, members }) => ({ [group]: members }));
  return `${printLossless(all)}\n`;
}

/** The lists at the top, in the order that cxl prints them. */
const GROUPS = [
  'anon memdevs',
  'buses',
  'ports',
  'endpoints',
  'memdevs',
  'root decoders',
  'port decoders',
  'endpoint decoders',
  'regions',
] as const;

function groupOf({ kind, fields, is_anon }: Placed): (typeof GROUPS)[number] {
  switch (kind) {
    case 'cxl_bus':
      return 'buses';
    case 'memdev':
      return is_anon === true || fields['state'] === 'disabled' ? 'anon memdevs' : 'memdevs';
    case 'decoder':
      if ('max_available_extent' in fields || 'pmem_capable' in fields || 'volatile_capable' in fields)
        return 'root decoders';
      return 'nr_targets' in fields ? 'port decoders' : 'endpoint decoders';
    case 'port':
    case 'endpoint':
    case 'cxl_region':
      return PLURALS[kind];
  }
}

function treeOf(inventory: CurrentInventory): Tree {
  const { host } = inventory;
  const tables: Readonly<Record<Placed['kind'], readonly ListedRecord[]>> = {
    cxl_bus: host.cxl_buses,
    port: host.ports,
    endpoint: host.endpoints,
    memdev: host.memdevs,
    decoder: host.decoders,
    cxl_region: host.cxl_regions,
  };
  const all = (Object.keys(tables) as Placed['kind'][]).flatMap((kind) =>
    tables[kind].map((record): Placed => ({ ...record, kind })),
  );
  const names = new Set(all.filter(({ kind }) => kind !== 'memdev').map(({ name }) => name));
  const parentOf = ({ parent }: Placed): string | null =>
    parent !== null && names.has(parent) ? parent : null;
  return {
    children: groupBy(all, parentOf),
    top: all.filter((record) => parentOf(record) === null),
    daxRegions: daxRegionsIn(inventory),
  };
}

/** With -X a region holds its dax region, where a listing has shown that so. */
function daxRegionsIn(inventory: CurrentInventory): ReadonlyMap<string, ListedObject> {
  const shown = inventory.devices.filter((device) => showsDaxDevice(inventory, device));
  const inside = groupBy(shown, ({ listed }) => listed.in_cxl_region ?? null);
  return new Map(
    [...inside].map(([region, devices]) => {
      const fields = regionFieldsOf(devices[0]!);
      return [region, { ...fields, devices: devices.map((device) => daxDeviceObject(device)) }];
    }),
  );
}

/** An endpoint holds its one memdev as an object. Its parents stand above it, so that this ends. */
function objectOf(tree: Tree, record: Placed): ListedObject {
  const { kind, name, fields } = record;
  const inside = groupBy(tree.children.get(name) ?? [], (child) => child.kind);
  const lists = CHILD_KINDS.flatMap((child): [string, ListedObject | readonly ListedObject[]][] => {
    const members = (inside.get(child) ?? []).map((member) => objectOf(tree, member));
    const [first, second] = members;
    if (first === undefined) return [];
    if (kind === 'endpoint' && child === 'memdev' && second === undefined) return [['memdev', first]];
    return [[`${PLURALS[child]}:${name}`, members]];
  });
  const daxRegion = kind === 'cxl_region' ? tree.daxRegions.get(name) : undefined;
  return {
    ...printable(kind, fields),
    ...(daxRegion === undefined ? {} : { daxregion: daxRegion }),
    ...Object.fromEntries(lists),
  };
}
