import { daxRegionIdOf } from './derive.ts';
import { itemsOf, type Listing } from './listing.ts';
import type { DeviceMerge } from './device_merge.ts';
import { mergeRegionOf } from './merge_devices.ts';
import { mergeFields } from './merge_fields.ts';
import { toCount } from './number.ts';
import { textOf } from './read_field.ts';
import type { ListedObject, ListedParts, ListedRecord } from './record.ts';
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
  for (const { fields } of items) {
    if (merge.regions.has(fields)) continue;
    const device = deviceIn(merge, fields);
    if (device === null) table.set(nameOf(fields), withoutDevice(table.get(nameOf(fields)), fields));
    else joinDevice(merge, device, fields);
  }
  const devices = [...merge.parts.values()];
  const listed = new Set(items.map(({ fields }) => nameOf(fields)));
  const showsAll = listing.format === 'daxctl' && items.length > 0;
  return [...table.values()].filter(
    ({ name, fields }) =>
      !(showsAll && !listed.has(name)) &&
      isWorthKeeping(fields) &&
      !devices.some((parts) => isIn(parts, fields)),
  );
}

function nameOf(fields: ListedObject): string {
  return textOf(fields, 'path') ?? String(toCount(fields['id']));
}

function withoutDevice(known: ListedRecord | undefined, fields: ListedObject): ListedRecord {
  return {
    name: nameOf(fields),
    parent: null,
    fields: mergeFields('dax_region', known?.fields ?? null, fields),
  };
}

/** An id alone says nothing that the name of a device would not. */
function isWorthKeeping(fields: ListedObject): boolean {
  return Object.keys(fields).some((key) => key !== 'id');
}

function deviceIn(merge: DeviceMerge, fields: ListedObject): string | null {
  const ofPath = [...merge.parts].find(([, parts]) => parts.dax_region?.['path'] === fields['path']);
  if (fields['path'] !== undefined && ofPath !== undefined) return ofPath[0];
  const ofId = [...merge.parts].filter(([, parts]) => daxRegionIdOf(parts) === fields['id']);
  const [first, second] = ofId;
  return first !== undefined && second === undefined && first[1].dax_region?.['path'] === undefined
    ? first[0]
    : null;
}

function joinDevice(merge: DeviceMerge, name: string, fields: ListedObject): void {
  const parts = merge.parts.get(name)!;
  merge.parts.set(name, settleParts({ ...parts, dax_region: mergeRegionOf(parts, fields) }));
}

function isIn({ dax_region: region }: ListedParts, fields: ListedObject): boolean {
  return fields['path'] !== undefined && region?.['path'] === fields['path'];
}
