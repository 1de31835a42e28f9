import { FIELDS, type FieldType, LIST_FIELDS, REQUIRED_IN_LISTS } from './field_table.ts';
import { parseHumanSize, powerOfTwo } from './human_size.ts';
import { isObject } from './lossless.ts';
import { fromU64, toCount, toU64 } from './number.ts';
import type { ListedObject, ListedValue, ObjectKind } from './record.ts';
import { type ListingFault, pointerTo } from './refusal.ts';

const EXPECTED: Readonly<Record<FieldType, string>> = {
  string: 'a string',
  device_name: 'the name of a device',
  disk_name: 'the name of a pmem disk',
  boolean: 'true or false',
  count: 'an integer from 0 to 2^53-1',
  sectors: 'an integer from 0 to 2^44-1',
  size: 'bytes as an integer from 0 to 2^53-1, or a size as -u prints it',
  u64: 'an unsigned 64-bit integer, or its hex string as -u prints it',
  object: 'an object',
  objects: 'an array of objects',
  strings: 'an array of strings',
};

/**
 * The fields of one object with every known key checked, and hex strings of -u made integers again.
 *
 * A rounded size stays the string it is. Faults are pushed; the value returned is of no use then.
 */
export function checkFields(
  kind: ObjectKind,
  object: ListedObject,
  pointer: string,
  faults: ListingFault[],
): ListedObject {
  const { types } = FIELDS[kind];
  return mapFields(object, (key, value) => {
    const at = pointerTo(pointer, key);
    const type = Object.hasOwn(types, key) ? types[key]! : null;
    if (type === null) return value;
    const checked = checkValue(key, type, value);
    if (checked === null) faults.push({ pointer: at, detail: `${kind} ${key} must be ${EXPECTED[type]}` });
    if (type !== 'objects' || checked === null) return checked;
    const members = checked as ListedObject[];
    return members.map((member, index) =>
      checkMember(`${kind}.${key}`, member, pointerTo(at, index), faults),
    );
  });
}

/** An object with each value replaced; keys named `__proto__` stay keys. */
function mapFields(
  object: ListedObject,
  replace: (key: string, value: ListedValue) => ListedValue,
): ListedObject {
  return Object.fromEntries(
    Object.entries(object).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, replace(key, value)]],
    ),
  );
}

function checkMember(
  list: string,
  member: ListedObject,
  pointer: string,
  faults: ListingFault[],
): ListedObject {
  const types = LIST_FIELDS[list] ?? {};
  for (const key of REQUIRED_IN_LISTS[list] ?? []) {
    if (member[key] === undefined) faults.push({ pointer, detail: `must have a ${key}` });
  }
  return mapFields(member, (key, value) => {
    const type = Object.hasOwn(types, key) ? types[key]! : null;
    if (type === null) return value;
    const checked = checkValue(key, type, value);
    if (checked === null)
      faults.push({ pointer: pointerTo(pointer, key), detail: `${key} must be ${EXPECTED[type]}` });
    return checked;
  });
}

/** The value in its exact form, or null where its type is wrong. */
function checkValue(key: string, type: FieldType, value: ListedValue): ListedValue {
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : null;
    case 'device_name':
      return typeof value === 'string' && /^[a-z][a-z0-9.]{0,62}$/.test(value) ? value : null;
    case 'disk_name':
      return typeof value === 'string' && /^(pmem|ndblk)\d{1,9}(\.\d{1,9})?s?$/.test(value) ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'count':
      return toCount(value);
    case 'sectors': {
      const sectors = toCount(value);
      return sectors === null || sectors >= 2 ** 44 ? null : sectors;
    }
    case 'size':
      return checkSize(key, value);
    case 'u64': {
      const number = toU64(value);
      return number === null ? null : fromU64(number);
    }
    case 'object':
      return isObject(value) ? value : null;
    case 'objects':
      return Array.isArray(value) && value.every(isObject) ? value : null;
    case 'strings':
      return Array.isArray(value) && value.every((member) => typeof member === 'string') ? value : null;
  }
}

function checkSize(key: string, value: ListedValue): ListedValue {
  if (typeof value !== 'string') return toCount(value);
  const human = parseHumanSize(value);
  if (human === null || human.high > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  const exact = key === 'align' ? powerOfTwo(human) : null;
  return exact === null ? value : Number(exact);
}
