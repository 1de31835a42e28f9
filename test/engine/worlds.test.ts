import { expect, test } from 'vitest';
import { emptyHost } from '../../src/engine/model/apply.ts';
import { replayed } from '../../src/engine/model/replayed.ts';
import { assumedOf, meet, Unsettled } from '../../src/engine/kernels/unsettled.ts';
import { inEveryWorld, WORLDS_MAX, type Worlds } from '../../src/engine/kernels/worlds.ts';
import { choice } from './choices.ts';
import { steadyContext } from './support.ts';

const first = choice('first', 'no', 'yes');
const second = choice('second', 'no', 'yes');

/** All that was tried, as the value that `run` answers never says. */
function worldsOf<T>(host: ReturnType<typeof emptyHost>, run: () => T): Worlds<T> | null {
  let seen: Worlds<T> | null = null;
  inEveryWorld(host, run, (worlds) => {
    seen = worlds;
    return worlds.tried[0]!.outcome;
  });
  return seen;
}

test('[UNK1] what reads no unknown fact is run once, and nothing is reconciled', () => {
  const host = emptyHost();
  let runs = 0;
  const answer = inEveryWorld(
    host,
    () => (runs += 1),
    () => -1,
  );
  expect([answer, runs]).toEqual([1, 1]);
});

test('[UNK1] every value of every fact that is read is tried, and only of those', () => {
  const host = emptyHost();
  const worlds = worldsOf(host, () =>
    assumedOf(host, first) === 0 ? 'short' : `long ${assumedOf(host, second)}`,
  );
  expect(worlds?.tried.map(({ assumed, outcome }) => [[...assumed], outcome])).toEqual([
    [[['first', 0]], 'short'],
    [
      [
        ['first', 1],
        ['second', 0],
      ],
      'long 0',
    ],
    [
      [
        ['first', 1],
        ['second', 1],
      ],
      'long 1',
    ],
  ]);
  expect(worlds?.choices.map(({ id }) => id)).toEqual(['first', 'second']);
  expect(worlds?.complete).toBe(true);
  expect(host.assumed.size).toBe(0);
});

test('[UNK1] a run inside another tries only what the outer one does not assume', () => {
  const host = emptyHost();
  const inner: number[] = [];
  const worlds = worldsOf(host, () => {
    assumedOf(host, first);
    return inEveryWorld(
      host,
      () => assumedOf(host, first) * 2 + assumedOf(host, second),
      ({ tried }) => {
        inner.push(...tried.map(({ outcome }) => outcome));
        return Math.max(...tried.map(({ outcome }) => outcome));
      },
    );
  });
  expect(worlds?.tried.map(({ outcome }) => outcome)).toEqual([1, 3]);
  expect(inner).toEqual([0, 1, 2, 3]);
});

test('[UNK2] no more than so many ways are tried, and it is told that there are more', () => {
  const host = emptyHost();
  const many = Array.from({ length: 7 }, (_, at) => choice(`c${at}`, 'no', 'yes'));
  const worlds = worldsOf(host, () => many.map((each) => assumedOf(host, each)));
  expect([worlds?.tried.length, worlds?.complete]).toEqual([WORLDS_MAX, false]);
  expect(worldsOf(host, () => many.slice(1).map((each) => assumedOf(host, each)))?.complete).toBe(true);
});

test('what fails for another reason fails, and leaves nothing assumed', () => {
  const host = emptyHost();
  const fail = (): never => {
    assumedOf(host, first);
    throw new RangeError('a bug');
  };
  expect(() => worldsOf(host, fail)).toThrow(RangeError);
  expect(() =>
    worldsOf(host, (): never => {
      throw new RangeError('a bug');
    }),
  ).toThrow(RangeError);
  expect(host.assumed.size).toBe(0);
  expect(() => assumedOf(host, first)).toThrow(Unsettled);
});

test('a context that is replayed gives the same identifiers again, and as many as are asked for', () => {
  const again = replayed(steadyContext());
  const [one, two] = [again(), again()];
  expect([one.uid(), two.uid(), two.uid(), one.uid()]).toEqual(['uid-1', 'uid-1', 'uid-2', 'uid-2']);
});

test('what reads a fact as unknown that is assumed is a bug, and does not go on for ever', () => {
  const host = emptyHost();
  const read = (): never => {
    for (;;) meet(host.assumed, first);
  };
  expect(() => worldsOf(host, read)).toThrow('first is assumed');
  expect(host.assumed.size).toBe(0);
});
