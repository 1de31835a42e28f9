import { printLossless } from '../../../src/inventory/lossless.ts';
import { pointerTo } from '../../../src/inventory/refusal.ts';
import type { ListedValue } from '../../../src/inventory/record.ts';
import { valueOf } from './host.ts';
import { otherListing, otherListings, recordedInventories } from './recordings.ts';

/** JSON texts that stand where a tool prints something else; none of them names an object. */
export const HOSTILE = [
  'null',
  'true',
  '0',
  '-1',
  '3',
  '4097',
  '1.5',
  '1e400',
  '-1e-400',
  '9007199254740991',
  '9007199254740993',
  '9007199254736896',
  '4503599627370496',
  '1125899906842624',
  '-139586437121',
  '-9223372036854775808',
  '18446744073709551615',
  '18446744073709551616',
  '""',
  '"famfs"',
  '"12"',
  '"0x10"',
  '"0xfffffffffffffffff"',
  '"128.00 GiB (137.44 GB)"',
  '"1.00 GiB (9.99 TB)"',
  '"\\u0000"',
  '"\\ud800"',
  '"../../etc/passwd"',
  `"${'x'.repeat(5000)}"`,
  '[]',
  '{}',
  '[[]]',
  '[null]',
  '[{}]',
  '{"__proto__":{"size":1}}',
  '{"constructor":{"prototype":1}}',
  '{"$number":"1"}',
  '{"$odd":1}',
  `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
];

/** Every recorded listing that is not empty. */
export const RECORDED_TEXTS: readonly string[] = [
  ...recordedInventories().flatMap(({ listings }) => [...listings.values()]),
  ...otherListings().map(otherListing),
].filter((text) => text.length > 4);

/** A listing with a hostile value at one place, which the pointer names. */
export interface Spoilt {
  readonly pointer: string;
  readonly text: string;
}

const MARK = 'hostile-value';

/** The listing with the value at the n-th place of it, counted through the whole tree, replaced. */
export function spoil(text: string, at: number, by: string): Spoilt {
  const value = valueOf(text);
  const pointers = pointersIn(value, '');
  const pointer = pointers[at % pointers.length]!;
  const marked = printLossless(withMark(value, '', pointer));
  return { pointer, text: marked.replace(`"${MARK}"`, () => by) };
}

function pointersIn(value: ListedValue, pointer: string): readonly string[] {
  return [
    pointer,
    ...membersOf(value).flatMap(([key, member]) => pointersIn(member, pointerTo(pointer, key))),
  ];
}

function withMark(value: ListedValue, here: string, pointer: string): ListedValue {
  if (here === pointer) return MARK;
  const members = membersOf(value).map(
    ([key, member]) => [key, withMark(member, pointerTo(here, key), pointer)] as const,
  );
  if (Array.isArray(value)) return members.map(([, member]) => member);
  return members.length === 0 ? value : Object.fromEntries(members);
}

function membersOf(value: ListedValue): readonly (readonly [string | number, ListedValue])[] {
  if (typeof value !== 'object' || value === null || '$number' in value) return [];
  if (Array.isArray(value)) return (value as ListedValue[]).map((member, index) => [index, member] as const);
  return Object.entries(value) as [string, ListedValue][];
}
