import { FIELDS } from './field_table.ts';
import { covers, parseHumanSize, sizeIn } from './human_size.ts';
import { isEqual } from './is_equal.ts';
import { isExactNumber, isObject } from './lossless.ts';
import { isNegative, toCount, toU64 } from './number.ts';
import { hidesContent, namespaceMode } from './read_field.ts';
import type { ListedObject, ListedValue, ObjectKind } from './record.ts';

/**
 * One object as known, and as a later listing of it says: what the fields are now.
 *
 * A key that the flags may have left out stays (numa_node without -v, mappings without -M); a key that the tool always
 * prints when it applies is gone with its absence (`state`, `iset_id`). A rounded number that could be the exact one
 * known does not replace it.
 */
export function mergeFields(
  kind: ObjectKind,
  known: ListedObject | null,
  incoming: ListedObject,
): ListedObject {
  if (known === null) return incoming;
  const stale = new Set([...alwaysTold(kind, incoming), ...staleKeys(kind, known, incoming)]);
  const kept = Object.entries(known).filter(([key]) => !(key in incoming) && !stale.has(key));
  const told = Object.entries(incoming).map(
    ([key, value]) => [key, preferExact(known[key], value!)] as const,
  );
  return Object.fromEntries([...kept, ...told]);
}

/**
 * The keys whose absence says something: nothing without a driver tells its badblocks, and of memory that is there
 * daxctl counts the blocks for root alone.
 * Source: daxctl/json.c util_daxctl_dev_to_json() (daxctl_dev_get_resource() is not 0), v81.
 */
function alwaysTold(kind: ObjectKind, incoming: ListedObject): readonly string[] {
  const keys = FIELDS[kind].always_told;
  const untold = [
    ...(hidesBadblocks(kind, incoming) ? ['badblock_count'] : []),
    ...(hidesCounts(kind, incoming) ? MEMORY_BLOCK_KEYS : []),
  ];
  return untold.length === 0 ? keys : keys.filter((key) => !untold.includes(key));
}

const MEMORY_BLOCK_KEYS = ['online_memblocks', 'total_memblocks', 'movable'];

function hidesCounts(kind: ObjectKind, { mode, online_memblocks: online }: ListedObject): boolean {
  return kind === 'dax_device' && (mode === undefined || mode === 'system-ram') && online === undefined;
}

/** Source: drivers/nvdimm/region_devs.c region_badblocks_show(), v6.12. */
function hidesBadblocks(kind: ObjectKind, incoming: ListedObject): boolean {
  return kind === 'region' ? incoming['state'] === 'disabled' : hidesContent(incoming);
}

/** Keys that this listing does not show, and that what it shows contradicts. */
function staleKeys(kind: ObjectKind, known: ListedObject, incoming: ListedObject): readonly string[] {
  const changed = (key: string): boolean => !isEqual(known[key], incoming[key]);
  const isAnother = (key: string): boolean =>
    known[key] !== undefined && incoming[key] !== undefined && changed(key);
  const isAnotherSet = isAnother('iset_id') && toU64(known['iset_id']) !== toU64(incoming['iset_id']);
  const badblocks = !hidesBadblocks(kind, incoming) && changed('badblock_count') ? ['badblocks'] : [];
  switch (kind) {
    case 'region':
      // Another interleave set, another region: numbers are given anew at each boot.
      return isAnotherSet ? Object.keys(known) : badblocks;
    case 'dimm':
      return isAnother('id') ? Object.keys(known) : [];
    case 'namespace':
      // Another uuid is another content: what the old one said of itself is void.
      return [
        ...badblocks,
        ...(changed('uuid') ? ['raw_uuid'] : []),
        ...(changed('uuid') || isInOtherMode(known, incoming) ? ['size'] : []),
        ...(losesDisk(known, incoming) ? ['blockdev'] : []),
      ];
    case 'dax_device':
      // Of another size, it has another extent, and the memory of that.
      return isOtherSize(known['size'], incoming['size']) ? ['mappings', ...MEMORY_BLOCK_KEYS] : [];
    case 'bus':
    case 'memdev':
    case 'dax_region':
    case 'cxl_bus':
    case 'port':
    case 'endpoint':
    case 'decoder':
    case 'cxl_region':
      return [];
  }
}

/** In another mode, other metadata are in front of the data. */
function isInOtherMode(known: ListedObject, incoming: ListedObject): boolean {
  const [before, now] = [namespaceMode(known), namespaceMode(incoming)];
  return before !== null && now !== null && before !== now;
}

/** A disk that a listing leaves out is there, but under a driver, in the mode and with the content that it was told of. */
function losesDisk(known: ListedObject, incoming: ListedObject): boolean {
  const isOther = namespaceMode(known) !== namespaceMode(incoming) || known['uuid'] !== incoming['uuid'];
  return isOther || incoming['state'] === 'disabled';
}

/** The known value where the new one is only a rounder, or a signed, way to write it; element by element in objects and lists. */
export function preferExact(known: ListedValue | undefined, incoming: ListedValue): ListedValue {
  if (typeof incoming === 'string' && known !== undefined)
    return isRounded(known, incoming) ? known : incoming;
  if (Array.isArray(known) && Array.isArray(incoming) && known.length === incoming.length) {
    return (incoming as ListedValue[]).map((member, index) =>
      preferExact((known as ListedValue[])[index], member),
    );
  }
  if (!isObject(known) || !isObject(incoming) || isExactNumber(known) || isExactNumber(incoming))
    return isNegative(incoming) && isSameNumber(known, incoming) ? known! : incoming;
  return Object.fromEntries(
    Object.entries(incoming).map(([key, value]) => [key, preferExact(known[key], value!)]),
  );
}

/** Whether a size is told that neither is the known one, nor may be, where one of them is rounded [IMP71]. */
export function isOtherSize(known: ListedValue | undefined, told: ListedValue | undefined): boolean {
  if (known === undefined || told === undefined || sizeIn(told) === null) return false;
  return !isEqual(preferExact(known, told), known) && !isEqual(preferExact(told, known), told);
}

function isRounded(known: ListedValue, incoming: string): boolean {
  const bytes = toCount(known);
  const human = parseHumanSize(incoming);
  if (human !== null) return bytes !== null && covers(human, bytes);
  return isSameNumber(known, incoming);
}

/** Whether what is known, as a number, is the unsigned one that the new value is. */
function isSameNumber(known: ListedValue | undefined, incoming: ListedValue): boolean {
  const number = typeof known === 'string' ? null : toU64(known);
  return number !== null && number === toU64(incoming);
}
