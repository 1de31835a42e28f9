const DEVICES = 6_000;

const members = (count: number, value: unknown): Record<string, unknown> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`x${String(at)}`, value]));

/** As large as a body may be, or as many members: what is refused last. */
export const HOSTILE: Readonly<Record<string, string>> = {
  '30 000 unknown members': JSON.stringify(members(30_000, 1)),
  '1 000 unknown members': JSON.stringify(members(1_000, 1)),
  '1 000 wrong labels': JSON.stringify({ name: 'b', kernel: 'v6.1', labels: members(1_000, 1) }),
  '250 000 brackets': '['.repeat(250_000),
  'an array of 250 000 numbers': `[${'1,'.repeat(249_999)}1]`,
  'a string of 500 KB': JSON.stringify({ name: 'x'.repeat(500_000) }),
  'a string of 80 000 escapes': `{"name":"${'\\u0041'.repeat(80_000)}"}`,
  'a number of 500 000 digits': `{"name":${'1'.repeat(500_000)}}`,
};

const WRONG = { size: 'x', target_node: 'x', align: 'x', mode: 3, movable: 3, numa_node: 'x', state: 7 };
/** A listing that is taken, and exported again. */
export const DEVICES_LISTED = `a listing of ${String(DEVICES)} devices`;
/** Listings as large as one may be. */
export const LISTINGS: Readonly<Record<string, string>> = {
  [DEVICES_LISTED]: JSON.stringify(
    Array.from({ length: DEVICES }, (_, at) => ({
      chardev: `dax${String(at)}.0`,
      size: 2 ** 30,
      target_node: 1,
      align: 2 ** 21,
      mode: 'devdax',
    })),
  ),
  'a listing of 9 000 devices, seven values of each wrong': JSON.stringify(
    Array.from({ length: 9_000 }, (_, at) => ({ ...WRONG, chardev: `dax${String(at)}.0` })),
  ),
  'a listing of 800 000 documents that no tool prints': '{"a":[{}]}'.repeat(800_000),
  'a listing of 2 000 000 objects that no tool prints': `[${'{},'.repeat(2_000_000)}{}]`,
  'a listing of 10 000 objects under one long key': `{"${'k'.repeat(4_000_000)}":[${'{},'.repeat(9_999)}{}]}`,
  'a listing of 8 MB, one string': JSON.stringify([{ dev: 'x'.repeat(8_000_000) }]),
  'a listing of 4 000 000 brackets': '['.repeat(4_000_000),
  'a listing of 1 000 000 numbers': `[${'12,'.repeat(1_000_000)}1]`,
};
