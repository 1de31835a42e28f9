import { daxRegionIdOf } from './derive.ts';
import { groupBy } from './indexed.ts';
import { itemsOf, type Listing } from './listing.ts';
import type { DeviceMerge } from './merge_state.ts';
import { mergeRegionOf } from './merge_devices.ts';
import { mergeFields } from './merge_fields.ts';
import { toCount } from './number.ts';
import { textOf } from './read_field.ts';
import type { ListedObject, ListedParts, ListedRecord, ListedValue } from './record.ts';
import { settleParts } from './settle_parts.ts';

/**
 * The dax regions that have no known device; the others are kept with their devices.
 *
 * A region listed without its devices (-R alone) is told by its path, or by its id where one device alone has that.
 */
export function mergeDaxRegions(
  known: readonly ListedRecord[],
  merge: DeviceMerge,
  listing: Listing,
): readonly ListedRecord[] {
  const items = itemsOf(listing, 'dax_region');
  const table = new Map(known.map((record) => [record.name, record]));
  const lookUp = createLookUp(merge);
  for (const { fields } of items) {
    for (const device of lookUp.devicesOn(fields['path'])) joinDevice(merge, device, fields);
    if (merge.regions.has(fields)) continue;
    const device = lookUp.deviceIn(fields);
    if (device === null)
      table.set(nameOfDaxRegion(fields), withoutDevice(table.get(nameOfDaxRegion(fields)), fields));
    else lookUp.joined(device, joinDevice(merge, device, fields));
  }
  const paths = new Set([...merge.parts.values()].map(pathOf));
  return [...table.values()].filter(
    ({ fields }) => isWorthKeeping(fields) && !(fields['path'] !== undefined && paths.has(fields['path'])),
  );
}

/** How a dax region is told: by its path, else by its id. */
export function nameOfDaxRegion(fields: ListedObject): string {
  return textOf(fields, 'path') ?? String(toCount(fields['id']));
}

function withoutDevice(known: ListedRecord | undefined, fields: ListedObject): ListedRecord {
  return {
    name: nameOfDaxRegion(fields),
    parent: null,
    fields: mergeFields('dax_region', known?.fields ?? null, fields),
  };
}

/** An id alone says nothing that the name of a device would not. */
function isWorthKeeping(fields: ListedObject): boolean {
  return Object.keys(fields).some((key) => key !== 'id');
}

/** Devices by the path and the id of their regions, while regions are joined to them. */
interface LookUp {
  readonly deviceIn: (fields: ListedObject) => string | null;
  readonly devicesOn: (path: ListedValue | undefined) => Iterable<string>;
  readonly joined: (device: string, parts: ListedParts) => void;
}

function createLookUp(merge: DeviceMerge): LookUp {
  const ofPath = new Map<ListedValue, Set<string>>();
  const note = (name: string, parts: ListedParts): void => {
    const path = pathOf(parts);
    if (path !== undefined) ofPath.set(path, (ofPath.get(path) ?? new Set()).add(name));
  };
  const devicesOn = (path: ListedValue | undefined): ReadonlySet<string> =>
    (path === undefined ? undefined : ofPath.get(path)) ?? new Set();
  for (const [name, parts] of merge.parts) note(name, parts);
  const ofId = groupBy([...merge.parts.keys()], (name) => daxRegionIdOf(merge.parts.get(name)!));
  return {
    devicesOn,
    deviceIn: ({ path, id }) => {
      const [found] = devicesOn(path);
      if (found !== undefined) return found;
      const [first, second] = ofId.get(toCount(id) ?? -1) ?? [];
      const isAlone = first !== undefined && second === undefined;
      return isAlone && pathOf(merge.parts.get(first)!) === undefined ? first : null;
    },
    joined: note,
  };
}

function joinDevice(merge: DeviceMerge, name: string, fields: ListedObject): ListedParts {
  const parts = merge.parts.get(name)!;
  const joined = settleParts({ ...parts, dax_region: mergeRegionOf(parts, fields) });
  merge.parts.set(name, joined);
  return joined;
}

function pathOf({ dax_region: region }: ListedParts): ListedValue | undefined {
  return region?.['path'];
}
