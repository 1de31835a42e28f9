import { LosslessNumber, parse, stringify } from 'lossless-json';
import type { ExactNumber, ListedObject, ListedValue } from './record.ts';
import { type InventoryRefusal, type ListingFault, pointerTo, refuseListing } from './refusal.ts';

/** Characters of a listing: a namespace takes about five hundred of them. No body of 8 MiB has more. */
export const LISTING_LENGTH_MAX = 8 * 1024 * 1024;
/** Levels of nesting; `cxl list -vvv` has about twelve. */
const DEPTH_MAX = 64;

/**
 * The value of a JSON text with no number changed: one that JavaScript would print otherwise keeps its text.
 *
 * Refuses `too_large`, `not_json`, and `not_a_listing` for nesting that no tool prints.
 */
export function parseLossless(text: string): { value: ListedValue } | { refusal: InventoryRefusal } {
  if (text.length > LISTING_LENGTH_MAX) {
    const detail = `the text has ${text.length} characters; a listing may have ${LISTING_LENGTH_MAX}`;
    return { refusal: refuseListing('too_large', { pointer: '', detail }) };
  }
  let parsed: unknown;
  try {
    parsed = parse(text, null, readNumber);
  } catch (error) {
    const detail = error instanceof RangeError ? 'nested too deeply' : (error as Error).message;
    return { refusal: refuseListing('not_json', { pointer: '', detail: `not JSON: ${detail}` }) };
  }
  const faults: ListingFault[] = [];
  const value = toListed(parsed, [], faults);
  return faults[0] === undefined
    ? { value }
    : { refusal: refuseListing('not_a_listing', faults[0], faults.slice(1)) };
}

/** JSON text of a value, indented by two; exact numbers are plain JSON numbers again. */
export function printLossless(value: ListedValue): string {
  const toPrinted = (_: string, member: unknown) =>
    isExactNumber(member) ? new LosslessNumber(member.$number) : member;
  return stringify(value, toPrinted, 2) ?? '';
}

/** Whether a value is a number kept as its text. */
export function isExactNumber(value: unknown): value is ExactNumber {
  return isObject(value) && typeof value['$number'] === 'string';
}

/** Whether a value is an object and no array. */
export function isObject(value: unknown): value is ListedObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readNumber(text: string): number | LosslessNumber {
  const number = Number(text);
  return String(number) === text ? number : new LosslessNumber(text);
}

function toListed(value: unknown, path: (string | number)[], faults: ListingFault[]): ListedValue {
  if (typeof value !== 'object' || value === null) return value as ListedValue;
  if (value instanceof LosslessNumber) return { $number: value.value };
  const fault = (detail: string): null => {
    faults.push({ pointer: path.reduce<string>(pointerTo, ''), detail });
    return null;
  };
  if (path.length > DEPTH_MAX) return fault(`nested more than ${DEPTH_MAX} levels`);
  if (Object.hasOwn(value, '$number')) return fault('holds the key $number, which no tool prints');
  const memberOf = (key: string | number, member: unknown): ListedValue => {
    path.push(key);
    const listed = toListed(member, path, faults);
    path.pop();
    return listed;
  };
  if (Array.isArray(value)) return value.map((member, index) => memberOf(index, member));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, memberOf(key, member)]));
}
