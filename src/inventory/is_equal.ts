import { isObject } from './lossless.ts';

/** Whether two JSON values are the same, the order of keys aside; a key that is undefined is no key. */
export function isEqual(value: unknown, other: unknown): boolean {
  if (value === other) return true;
  if (Array.isArray(value) && Array.isArray(other)) {
    return value.length === other.length && value.every((member, index) => isEqual(member, other[index]));
  }
  if (!isObject(value) || !isObject(other)) return false;
  const keys = new Set([...Object.keys(value), ...Object.keys(other)]);
  return [...keys].every((key) => isEqual(value[key], other[key]));
}
