import { LosslessNumber, parse, stringify } from 'lossless-json';
import type { ExactNumber, ListedObject, ListedValue, OddValue } from './record.ts';
import { type ListingFault, pointerTo } from './refusal.ts';

/** Levels of nesting; `cxl list -vvv` has about twelve. */
const DEPTH_MAX = 64;
const MARKS = ['$number', '$odd'] as const satisfies (keyof ExactNumber | keyof OddValue)[];

/** A JSON text that was read; `faults`: what of it could not be kept. */
export interface LosslessDocument {
  readonly value: ListedValue;
  readonly faults: readonly ListingFault[];
}

/** Where, in characters from its begin, and why a text is no JSON. */
export interface NotJson {
  readonly position: number;
  readonly detail: string;
}

/**
 * The value of a JSON text with no number changed: one that JavaScript would print otherwise keeps its text.
 *
 * Of a key that stands twice in an object the last counts, as the tools' own reader has it. Not kept: values nested
 * more than `DEPTH_MAX` levels, and those under the keys by which records mark numbers and odd values.
 */
export function parseLossless(text: string): LosslessDocument | NotJson {
  const plain = parsePlain(text);
  if (plain !== undefined) return { value: plain, faults: [] };
  let parsed: unknown;
  try {
    parsed = parse(text, null, { parseNumber: readNumber, onDuplicateKey: ({ newValue }) => newValue });
  } catch (error) {
    const { message } = error as Error;
    const position = Number(/ at position (\d+)/.exec(message)?.[1] ?? text.length);
    return { position, detail: message.replace(/ at position \d+/, '') };
  }
  const faults: ListingFault[] = [];
  return { value: toListed(parsed, [], faults) ?? null, faults };
}

/** What may be a number that JavaScript prints otherwise: `-0`, one of 16 digits and more, a fraction or an exponent. */
const ODD_NUMBER = /(?:^|[[:,\s])-?(?:\d{16}|\d+[.eE]|(?<=-)0)/;
/** What may be a key that is not kept, or that no plain object takes. */
const ODD_KEY = /\$|\\|__proto__/;

/** The value of a text of which JSON.parse() keeps everything; undefined where that is not seen at once. */
function parsePlain(text: string): ListedValue | undefined {
  if (ODD_NUMBER.test(text) || ODD_KEY.test(text)) return undefined;
  try {
    const value = JSON.parse(text) as ListedValue;
    return isWithin(value, DEPTH_MAX) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels >= 0 && Object.values(value).every((member) => isWithin(member, levels - 1));
}

/** JSON text of a value, indented by two; exact numbers are plain JSON numbers again, odd values what they were. */
export function printLossless(value: ListedValue): string {
  const toPrinted = (key: string, member: unknown): unknown => {
    if (isOdd(member)) return toPrinted(key, member.$odd);
    return isExactNumber(member) ? new LosslessNumber(member.$number) : member;
  };
  return stringify(value, toPrinted, 2) ?? '';
}

/** Whether a value is a number kept as its text. */
export function isExactNumber(value: unknown): value is ExactNumber {
  return isObject(value) && typeof value['$number'] === 'string';
}

/** Whether a value is one that its key cannot have, kept for the export alone. */
export function isOdd(value: unknown): value is OddValue {
  return isObject(value) && value['$odd'] !== undefined;
}

/** Whether a value is an object and no array. */
export function isObject(value: unknown): value is ListedObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readNumber(text: string): number | LosslessNumber {
  const number = Number(text);
  return String(number) === text ? number : new LosslessNumber(text);
}

/** Undefined where nothing can be kept. */
function toListed(
  value: unknown,
  path: (string | number)[],
  faults: ListingFault[],
): ListedValue | undefined {
  if (typeof value !== 'object' || value === null) return value as ListedValue;
  if (value instanceof LosslessNumber) return { $number: value.value };
  const detail = whyNotKept(value, path.length);
  if (detail !== null) {
    faults.push({ pointer: path.reduce<string>(pointerTo, ''), detail });
    return undefined;
  }
  const memberOf = (key: string | number, member: unknown): ListedValue | undefined => {
    path.push(key);
    const listed = toListed(member, path, faults);
    path.pop();
    return listed;
  };
  if (Array.isArray(value)) return value.map((member, index) => memberOf(index, member) ?? null);
  const members = Object.entries(value).map(([key, member]) => [key, memberOf(key, member)] as const);
  return Object.fromEntries(members.filter(([, member]) => member !== undefined));
}

function whyNotKept(value: object, depth: number): string | null {
  if (depth > DEPTH_MAX) return `nested more than ${String(DEPTH_MAX)} levels: not kept`;
  const mark = MARKS.find((key) => Object.hasOwn(value, key));
  return mark === undefined ? null : `holds the key ${mark}, which no tool prints: not kept`;
}
