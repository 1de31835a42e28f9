import { covers, parseHumanSize } from './human_size.ts';
import { toU64 } from './number.ts';
import { objectsOf } from './read_field.ts';
import type { ListedObject, ObjectKind } from './record.ts';

/**
 * Rounded sizes made exact where the same listing tells them exactly elsewhere: -u prints the ends of a dax device's
 * mappings, and the lengths of a region's, in hex.
 */
export function settleSizes(kind: ObjectKind, fields: ListedObject): ListedObject {
  if (kind === 'dax_device') {
    const mappings = objectsOf(fields, 'mappings')?.map((mapping) => {
      const [start, end] = [toU64(mapping['start']), toU64(mapping['end'])];
      return start === null || end === null ? mapping : settle(mapping, end + 1n - start);
    });
    return mappings === undefined ? fields : settle({ ...fields, mappings }, sumOf(mappings, 'size'));
  }
  const mappings = kind === 'region' ? objectsOf(fields, 'mappings') : null;
  return mappings === null ? fields : settle(fields, sumOf(mappings, 'length'));
}

function settle(fields: ListedObject, bytes: bigint | null): ListedObject {
  const size = fields['size'];
  const human = typeof size === 'string' ? parseHumanSize(size) : null;
  if (human === null || bytes === null || bytes > BigInt(Number.MAX_SAFE_INTEGER)) return fields;
  return covers(human, Number(bytes)) ? { ...fields, size: Number(bytes) } : fields;
}

function sumOf(mappings: readonly ListedObject[], key: string): bigint | null {
  const lengths = mappings.map((mapping) => toU64(mapping[key]));
  return lengths.includes(null) ? null : (lengths as bigint[]).reduce((sum, length) => sum + length, 0n);
}
