import { itemsOf, type Listing } from './listing.ts';
import { toU64 } from './number.ts';
import { objectsOf, textOf } from './read_field.ts';
import type { InventoryHostRecord, ListedObject, ListedRecord } from './record.ts';

/**
 * The known host with each memdev under the name that the listing gives it.
 *
 * A memdev is told by its serial, one without by its PCI address, never by its number: mem0 may come back as mem1
 * [M154], and two memdevs swap their numbers from one kernel to another [M168]. A known memdev whose name now belongs
 * to another is dropped.
 */
export function followRenamedMemdevs(known: InventoryHostRecord, listing: Listing): InventoryHostRecord {
  const listed = itemsOf(listing, 'memdev');
  if (listed.length === 0) return known;
  const names = new Map(listed.map(({ name, fields }) => [identityOf(fields), name]));
  const taken = new Set(listed.map(({ name }) => name));
  const renamed = new Map(
    known.memdevs.map(({ name, fields }) => {
      const now = names.get(identityOf(fields)) ?? null;
      return [name, now ?? (taken.has(name) ? null : name)] as const;
    }),
  );
  if ([...renamed].every(([before, now]) => before === now)) return known;
  const nameOf = (name: string | null): string | null =>
    name !== null && renamed.has(name) ? renamed.get(name)! : name;
  return {
    ...known,
    memdevs: known.memdevs.flatMap((memdev) => rename(memdev, 'memdev', nameOf(memdev.name))),
    endpoints: known.endpoints.flatMap((endpoint) =>
      rename(endpoint, 'host', nameOf(textOf(endpoint.fields, 'host'))),
    ),
    cxl_regions: known.cxl_regions.map((region) => {
      const mappings = objectsOf(region.fields, 'mappings');
      if (mappings === null) return region;
      const moved = mappings
        .map((mapping) => ({ ...mapping, memdev: nameOf(textOf(mapping, 'memdev')) }))
        .filter(({ memdev }) => memdev !== null);
      return { ...region, fields: { ...region.fields, mappings: moved } };
    }),
  };
}

function rename(record: ListedRecord, key: 'memdev' | 'host', name: string | null): readonly ListedRecord[] {
  if (name === null) return [];
  return [
    { ...record, name: key === 'memdev' ? name : record.name, fields: { ...record.fields, [key]: name } },
  ];
}

function identityOf({ serial, host, memdev }: ListedObject): string {
  const number = toU64(serial) ?? 0n;
  if (number !== 0n) return `serial ${String(number)}`;
  return typeof host === 'string' ? `host ${host}` : `name ${typeof memdev === 'string' ? memdev : ''}`;
}
