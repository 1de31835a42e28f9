import { groupBy } from './indexed.ts';
import { toU64 } from './number.ts';
import { objectsOf, textOf } from './read_field.ts';
import type { InventoryHostRecord, ListedRecord } from './record.ts';

/** A memdev's name before, by its name now; one that is new has none. */
export type MemdevNames = ReadonlyMap<string, string>;

/**
 * Which known memdev each listed one is.
 *
 * It is the one at its PCI address, unless their serials say that the card was changed. Where an address is not told, it
 * is the one of its serial, if no other memdev has that: serials may all be 0, or the same. Its number comes last: mem0
 * may come back as mem1 [M154], and two memdevs swap their numbers from one kernel to another [M168].
 */
export function namesOfMemdevs(known: readonly ListedRecord[], listed: readonly ListedRecord[]): MemdevNames {
  const before = new Map<string, string>();
  const found = new Set<ListedRecord>();
  const pair = (keyOf: (memdev: ListedRecord) => string | null): void => {
    const ofKey = groupBy(known, keyOf);
    for (const [key, [memdev, twin]] of groupBy(listed, keyOf)) {
      const [other, rival] = ofKey.get(key) ?? [];
      if (memdev === undefined || other === undefined || twin !== undefined || rival !== undefined) continue;
      if (before.has(memdev.name) || found.has(other) || !mayBeSame(other, memdev)) continue;
      before.set(memdev.name, other.name);
      found.add(other);
    }
  };
  pair(({ fields }) => textOf(fields, 'host'));
  pair(serialOf);
  pair(({ name }) => name);
  return before;
}

/** Whether nothing that both tell differs: a card in another slot has another address, another card another serial. */
function mayBeSame(known: ListedRecord, listed: ListedRecord): boolean {
  const differ = (one: string | null, other: string | null): boolean =>
    one !== null && other !== null && one !== other;
  const [host, other] = [textOf(known.fields, 'host'), textOf(listed.fields, 'host')];
  return !differ(host, other) && !differ(serialOf(known), serialOf(listed));
}

/** A serial that tells cards apart: not 0. */
function serialOf({ fields }: ListedRecord): string | null {
  const serial = toU64(fields['serial']) ?? 0n;
  return serial === 0n ? null : String(serial);
}

/**
 * The known host with each memdev under the name that it is listed by. A known memdev whose name now belongs to another
 * is dropped.
 */
export function followRenamedMemdevs(
  known: InventoryHostRecord,
  listed: readonly ListedRecord[],
): InventoryHostRecord {
  if (listed.length === 0) return known;
  const now = new Map([...namesOfMemdevs(known.memdevs, listed)].map(([name, before]) => [before, name]));
  const taken = new Set(listed.map(({ name }) => name));
  const renamed = new Map(
    known.memdevs.map(({ name }) => [name, now.get(name) ?? (taken.has(name) ? null : name)] as const),
  );
  if ([...renamed].every(([before, name]) => before === name)) return known;
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
