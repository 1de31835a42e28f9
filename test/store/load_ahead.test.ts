import { expect, test } from 'vitest';
import type { Connection } from '../../src/store/connection.ts';
import { prepareEntriesAhead, type EntriesAhead } from '../../src/store/load_ahead.ts';
import { packRuns } from '../../src/store/packed_runs.ts';

const AT_ONCE = 10;

/** Owners of so many chunks each, over a database that counts the rows which are read of it. */
function owning(chunksEach: number, owners: number) {
  const chunks = Array.from({ length: chunksEach }, (_, at) => packRuns(Float64Array.of(at, 1, -1, 0)));
  let rows = 0;
  const all = (_host: string, _owner: string, last: number, most: number): Buffer[] => {
    const read = chunks.slice(last + 1, last + 1 + most);
    rows += read.length;
    return read;
  };
  const db = { prepare: () => ({ pluck: () => ({ all }) }) } as unknown as Connection;
  const entries = prepareEntriesAhead(db, AT_ONCE);
  const names = Array.from({ length: owners }, (_, at) => `v${String(at)}`);
  const look = (): number[] => names.map((owner) => entries.of('h', owner).length);
  return { entries, look, read: () => rows };
}

/** Looks until nothing is left to read; how many rows each try and each slice has read. */
function readsUntilSeen(
  { unlessMuch }: EntriesAhead,
  look: () => number[],
  read: () => number,
): readonly [seen: readonly number[], reads: readonly number[]] {
  const reads: number[] = [];
  const counted = <T>(act: () => T): T => {
    const before = read();
    const done = act();
    reads.push(read() - before);
    return done;
  };
  for (;;) {
    const looked = counted(() => unlessMuch(look));
    if ('seen' in looked) return [looked.seen, reads];
    while (counted(looked.more));
  }
}

test.each([
  [1, 300],
  [4, 100],
  [10, 5],
  [11, 5],
  [95, 3],
])('owners of %i chunks, %i of them, are read in slices, each chunk once', (each, owners) => {
  const { entries, look, read } = owning(each, owners);
  const [seen, reads] = readsUntilSeen(entries, look, read);
  expect(seen).toEqual(Array.from({ length: owners }, () => each));
  expect(Math.max(...reads)).toBeLessThanOrEqual(AT_ONCE);
  expect(read()).toBe(each * owners);
  // Each try gets further.
  expect(reads.length).toBeLessThanOrEqual(2 * owners + (2 * each * owners) / AT_ONCE);
});

test('who does not wait reads all of it, and again once it is forgotten', () => {
  const { entries, look, read } = owning(4, 100);
  expect(look()).toHaveLength(100);
  expect(read()).toBe(400);
  readsUntilSeen(entries, look, read);
  expect(read()).toBe(800);
  look();
  expect(read()).toBe(800);
  entries.forget('h');
  look();
  expect(read()).toBe(1_200);
});

test('who has waited in vain does not wait again, however often all is forgotten', () => {
  const { entries, look, read } = owning(95, 3);
  expect(entries.unlessMuch(look)).toHaveProperty('more');
  entries.forgetAll();
  expect(entries.unlessMuch(look)).toEqual({ seen: [95, 95, 95] });
  expect(read()).toBe(AT_ONCE + 285);
  entries.forget('h');
  expect(entries.unlessMuch(look)).toHaveProperty('more');
});
