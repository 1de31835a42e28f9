import { intersect, normalize, type PfnRange } from '../engine/model/pfn_range.ts';
import { SECTOR_BYTES } from '../engine/model/vocabulary.ts';
import { isEqual } from './is_equal.ts';
import { toCount } from './number.ts';
import { readableOf } from './read_field.ts';
import type { InventoryDeviceRecord, ListedObject, ListedValue, PoisonedRange } from './record.ts';

/** Sectors as `[first, count]`, ascending, apart from one another. */
export type Sectors = readonly PfnRange[];

/** Bytes of a device as the sectors they lie in. */
export function sectorsOf(ranges: readonly PoisonedRange[]): Sectors {
  return normalize(
    ranges.map(({ offset, length }) => {
      const first = Math.floor(offset / SECTOR_BYTES);
      return [first, Math.ceil((offset + length) / SECTOR_BYTES) - first] as const;
    }),
  );
}

/** Those of a device's bad sectors that its data hold: a listing may show others, which are no device's. */
export function sectorsHeld({
  size,
  poisoned_ranges,
}: Pick<InventoryDeviceRecord, 'size' | 'poisoned_ranges'>): Sectors {
  const end = size === null ? Number.MAX_SAFE_INTEGER : Math.ceil(size / SECTOR_BYTES);
  return intersect(sectorsOf(poisoned_ranges ?? []), [[0, end]]);
}

/** The sectors that an object lists as bad; null where a listing without -M told only how many there are. */
export function listedSectors(object: ListedObject): Sectors | null {
  const list = readableOf(object, 'badblocks');
  if (list === null) return object['badblock_count'] === undefined ? [] : null;
  return normalize(list.map(({ offset, length }) => [Number(offset), Number(length)] as const));
}

/**
 * `badblock_count` and `badblocks` of an object whose sectors are bad now: as listed while they are the same, else as
 * ndctl -M prints them. `dimm`: on which they lie unless a listing told it; null where that is not known.
 *
 * Of a count without a list, `counted` sectors were known when it was listed: where the others are stays unknown.
 * Source: ndctl util/json.c dev_badblocks_to_json(), v76.1; [M134].
 */
export function badblocksNow(
  object: ListedObject,
  now: Sectors,
  dimm: string | null,
  counted = 0,
): ListedObject {
  const { badblock_count: listedCount, badblocks: list } = object;
  const before = listedSectors(object);
  const count = countSectors(now);
  const unplaced = before === null ? (toCount(listedCount) ?? 0) - counted : 0;
  if (unplaced > 0) return { badblock_count: count === counted ? listedCount : unplaced + count };
  if (before !== null && isEqual(before, now))
    return list === undefined ? {} : { badblock_count: listedCount, badblocks: list };
  if (count === 0) return {};
  const known = readableOf(object, 'badblocks') ?? [];
  return { badblock_count: count, badblocks: now.map((range) => badblock(range, known, dimm)) };
}

export function countSectors(sectors: Sectors): number {
  return sectors.reduce((sum, [, count]) => sum + count, 0);
}

function badblock(
  [offset, length]: PfnRange,
  known: readonly ListedObject[],
  dimm: string | null,
): ListedObject {
  const around = known.find((listed) => {
    const first = Number(listed['offset']);
    return first <= offset && offset + length <= first + Number(listed['length']);
  });
  const dimms: ListedValue | undefined = around?.['dimms'] ?? (dimm === null ? undefined : [dimm]);
  return { offset, length, ...(dimms === undefined ? {} : { dimms }) };
}
