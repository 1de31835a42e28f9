import { FIELDS, type FieldType, LIST_FIELDS, REQUIRED_IN_LISTS } from './field_table.ts';
import { parseHumanSize, powerOfTwo } from './human_size.ts';
import { isObject, isOdd } from './lossless.ts';
import { fromU64, isNegative, toCount, toU64 } from './number.ts';
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
  align: 'a power of two from 512 to 2^52, or a size as -u prints it',
  u64: 'a 64-bit integer, or its hex string as -u prints it',
  address: 'a 64-bit address, or its hex string as -u prints it',
  decode_state: 'commit or reset',
  object: 'an object',
  objects: 'an array of objects',
  strings: 'an array of strings',
};

/**
 * The fields of one object with every known key checked, and hex strings of -u made integers again.
 *
 * A rounded size stays the string it is, a negative number of 64 bits the number it is. A value that its key cannot
 * have is kept as an odd one, which nobody reads; `faults` says where. In a list that is the member, where it means
 * nothing without the value.
 */
export function checkFields(
  kind: ObjectKind,
  object: ListedObject,
  pointer: string,
  faults: ListingFault[],
): ListedObject {
  const { types } = FIELDS[kind];
  return mapFields(object, (key, value) => {
    const at = (): string => pointerTo(pointer, key);
    const type = Object.hasOwn(types, key) ? types[key]! : null;
    const checked = checkField(type, value, () => ({ about: `${kind} ${key}`, pointer: at() }), faults);
    if (type !== 'objects' || !Array.isArray(checked)) return checked;
    const members = checked as readonly ListedValue[];
    return members.map((member, index) =>
      checkMember(`${kind}.${key}`, member, pointerTo(at(), index), faults),
    );
  });
}

/** An object with each value replaced, the same where none is; keys named `__proto__` stay keys. */
function mapFields(
  object: ListedObject,
  replace: (key: string, value: ListedValue) => ListedValue,
): ListedObject {
  const fields: [string, ListedValue][] = [];
  let isSame = true;
  for (const [key, value] of Object.entries(object)) {
    if (value !== undefined) fields.push([key, replace(key, value)]);
    isSame &&= value !== undefined && fields.at(-1)![1] === value;
  }
  return isSame ? object : Object.fromEntries(fields);
}

function checkMember(
  list: string,
  member: ListedValue,
  pointer: string,
  faults: ListingFault[],
): ListedValue {
  if (!isObject(member)) return odd(member, { pointer, detail: 'must be an object' }, faults);
  const types = LIST_FIELDS[list] ?? {};
  const checked = mapFields(member, (key, value) => {
    const type = Object.hasOwn(types, key) ? types[key]! : null;
    return checkField(type, value, () => ({ about: key, pointer: pointerTo(pointer, key) }), faults);
  });
  const required = REQUIRED_IN_LISTS[list] ?? [];
  const lacking = required.find((key) => checked[key] === undefined);
  if (lacking !== undefined) return odd(member, { pointer, detail: `must have a ${lacking}` }, faults);
  return required.some((key) => isOdd(checked[key])) ? { $odd: member } : checked;
}

/** `where`: what it is, and its pointer, which few are asked for. */
function checkField(
  type: FieldType | null,
  value: ListedValue,
  where: () => { readonly about: string; readonly pointer: string },
  faults: ListingFault[],
): ListedValue {
  if (type === null) return value;
  const checked = checkValue(type, value);
  if (checked !== null) return checked;
  const { about, pointer } = where();
  return odd(value, { pointer, detail: `${about} must be ${EXPECTED[type]}` }, faults);
}

function odd(value: ListedValue, fault: ListingFault, faults: ListingFault[]): ListedValue {
  faults.push(fault);
  return { $odd: value };
}

/** The value in its exact form, or null where its type is wrong. */
function checkValue(type: FieldType, value: ListedValue): ListedValue {
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
      return checkSize(value);
    case 'align':
      return checkAlign(value);
    case 'address':
      return isNegative(value) ? null : checkValue('u64', value);
    case 'decode_state':
      return value === 'commit' || value === 'reset' ? value : null;
    case 'u64': {
      const number = toU64(value);
      return number === null ? null : isNegative(value) ? value : fromU64(number);
    }
    case 'object':
      return isObject(value) ? value : null;
    case 'objects':
      return Array.isArray(value) ? value : null;
    case 'strings':
      return Array.isArray(value) && value.every((member) => typeof member === 'string') ? value : null;
  }
}

function checkSize(value: ListedValue): ListedValue {
  if (typeof value !== 'string') return toCount(value);
  const human = parseHumanSize(value);
  return human === null || human.high > BigInt(Number.MAX_SAFE_INTEGER) ? null : value;
}

/** Exact also where it is printed rounded: it is a power of two. */
function checkAlign(value: ListedValue): ListedValue {
  const human = typeof value === 'string' ? parseHumanSize(value) : null;
  const align = human === null ? toCount(value) : Number(powerOfTwo(human) ?? 0n);
  return align !== null && align >= 512 && Number.isInteger(Math.log2(align)) ? align : null;
}
