import { daxRegionIdOf } from './derive.ts';
import { groupBy } from './indexed.ts';
import { isEqual } from './is_equal.ts';
import { itemsOf, type Listing } from './listing.ts';
import type { DeviceMerge } from './merge_state.ts';
import { mergeRegionOf } from './merge_devices.ts';
import { mergeFields, preferExact } from './merge_fields.ts';
import { toCount } from './number.ts';
import { textOf } from './read_field.ts';
import type { ListedObject, ListedParts, ListedRecord, ListedValue } from './record.ts';
import { settleParts } from './settle_parts.ts';

/**
 * The dax regions that have no known device; the others are kept with their devices.
 *
 * A region listed without its devices (-R alone) is joined to those at its path, or elsewhere than on an nd bus to
 * those of its id, which is its own there. What was listed before its devices is joined to them when they come. On an
 * nd bus each namespace has a region, all of the id of the nd region, so that without a path, as former daxctl prints
 * it, nobody can say whose a region is: it is kept beside them, until one of its id is known that says as much.
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
    const devices = lookUp.devicesIn(fields);
    if (devices.length === 0)
      table.set(nameOfDaxRegion(fields), withoutDevice(table.get(nameOfDaxRegion(fields)), fields));
    for (const device of devices) lookUp.joined(device, joinDevice(merge, device, fields));
  }
  const aside = [...table.values()].map((record) => record.fields);
  for (const fields of [...aside, ...sharedRegions(merge)]) {
    for (const device of lookUp.devicesIn(fields)) lookUp.joined(device, fillDevice(merge, device, fields));
  }
  const paths = new Set([...merge.parts.values()].map(pathOf));
  const isTold = (fields: ListedObject): boolean =>
    fields['path'] === undefined ? lookUp.isTold(fields) : paths.has(fields['path']);
  return [...table.values()].filter(({ fields }) => isWorthKeeping(fields) && !isTold(fields));
}

/** The regions of devices, each once and with its id, where other devices may be in them. */
function sharedRegions(merge: DeviceMerge): Iterable<ListedObject> {
  const ofId = new Map<number, ListedObject>();
  for (const parts of merge.parts.values()) {
    const id = daxRegionIdOf(parts);
    if (id !== null && isShared(pathOf(parts))) ofId.set(id, { id, ...parts.dax_region });
  }
  return ofId.values();
}

/** Whether the region at a path is the only one of its id: no namespaces are made there. */
function isShared(path: ListedValue | undefined): boolean {
  return typeof path === 'string' && !path.includes('/ndbus');
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
  /** Those in a region that is listed without them, with its path. */
  readonly devicesIn: (fields: ListedObject) => readonly string[];
  readonly devicesOn: (path: ListedValue | undefined) => ReadonlySet<string>;
  /** Whether the region of a device of its id says all that is told of one without a path. */
  readonly isTold: (fields: ListedObject) => boolean;
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
  const partsOf = (name: string): ListedParts => merge.parts.get(name)!;
  const withId = (id: ListedValue | undefined): readonly string[] => ofId.get(toCount(id) ?? -1) ?? [];
  return {
    devicesOn,
    devicesIn: ({ path, id }) => {
      const isUntold = (name: string): boolean =>
        pathOf(partsOf(name)) === undefined && partsOf(name).namespace === null;
      return isShared(path) ? withId(id).filter(isUntold) : [];
    },
    isTold: ({ id, ...fields }) =>
      withId(id).some((name) => {
        const told = partsOf(name).dax_region ?? {};
        return Object.entries(fields).every(([key, value]) =>
          isEqual(preferExact(told[key], value!), told[key]),
        );
      }),
    joined: note,
  };
}

/** A region as the listing tells it, over what was told before. */
function joinDevice(merge: DeviceMerge, name: string, fields: ListedObject): ListedParts {
  const parts = merge.parts.get(name)!;
  return withRegion(merge, name, mergeRegionOf(parts, fields));
}

/** The same where what was told of the device is the later. */
function fillDevice(merge: DeviceMerge, name: string, { id: _id, ...fields }: ListedObject): ListedParts {
  const parts = merge.parts.get(name)!;
  return withRegion(merge, name, mergeRegionOf({ ...parts, dax_region: fields }, parts.dax_region ?? {}));
}

function withRegion(merge: DeviceMerge, name: string, region: ListedObject | null): ListedParts {
  const joined = settleParts({ ...merge.parts.get(name)!, dax_region: region });
  merge.parts.set(name, joined);
  return joined;
}

function pathOf({ dax_region: region }: ListedParts): ListedValue | undefined {
  return region?.['path'];
}
