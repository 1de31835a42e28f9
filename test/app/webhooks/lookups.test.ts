import { expect, test, vi } from 'vitest';
import { boundLookups } from '../../../src/app/webhooks/lookups.ts';
import type { Resolve } from '../../../src/app/webhooks/targets.ts';
import { until } from '../../support/until.ts';

/** Longer than any test. */
const NEVER_MS = 2 ** 30;
const ADDRESSES = [{ address: '8.8.8.8', family: 4 }];

/** A resolver that answers by hand, and what those who asked through its bounds were told. */
function scene(limit_ms: number) {
  const underWay = new Map<string, () => void>();
  const asked: string[] = [];
  const resolve: Resolve = (name, _options, callback) => {
    asked.push(name);
    underWay.set(name, () => {
      underWay.delete(name);
      callback(null, ADDRESSES);
    });
  };
  const bounded = boundLookups(resolve, { at_once: 2, limit_ms });
  const told: [string, string | number][] = [];
  const askUntil = (signal: AbortSignal, name: string): void =>
    bounded(name, signal, (error, { length }) => told.push([name, error?.message ?? length]));
  return {
    ...{ asked, underWay, told },
    ask: (...names: readonly string[]) => {
      for (const name of names) askUntil(new AbortController().signal, name);
    },
    askUntil,
    answer: (name: string) => underWay.get(name)!(),
    isTold: (n: number) =>
      until(
        () => told.length,
        (length) => length === n,
      ),
  };
}

test('two names are looked up at a time, in the order in which they were asked for', () => {
  const { ask, asked, answer, told } = scene(NEVER_MS);
  ask('a', 'b', 'c', 'd');
  expect(asked).toEqual(['a', 'b']);
  answer('b');
  expect(asked).toEqual(['a', 'b', 'c']);
  for (const name of ['a', 'c', 'd']) answer(name);
  expect(told).toEqual(['b', 'a', 'c', 'd'].map((name) => [name, 1]));
});

test('one look-up answers all who ask for a name while it is under way, and nobody later', () => {
  const { ask, asked, answer, told } = scene(NEVER_MS);
  ask('a', 'a');
  answer('a');
  expect([asked, told.length]).toEqual([['a'], 2]);
  ask('a');
  expect(asked).toEqual(['a', 'a']);
});

test('whoever asks is told in time, though the resolver says nothing, and one that is told is not told again', async () => {
  const { ask, asked, answer, told, isTold } = scene(10);
  ask('a', 'b', 'c');
  await isTold(3);
  expect(told).toEqual(['a', 'b', 'c'].map((name) => [name, `no address of ${name} within 10 ms`]));
  answer('a');
  expect([asked, told.length]).toEqual([['a', 'b'], 3]);
});

test('names that were late have one place among them, until one is answered in time', async () => {
  const { ask, asked, answer, isTold, underWay } = scene(10);
  ask('a', 'b');
  await isTold(2);
  ask('c');
  expect([...underWay.keys()]).toEqual(['a', 'b']);
  answer('a');
  answer('b');
  expect([...underWay.keys()]).toEqual(['c']);
  answer('c');
  ask('a', 'b', 'c');
  expect([...underWay.keys()]).toEqual(['a', 'c']);
  answer('c');
  expect([...underWay.keys()]).toEqual(['a']);
  answer('a');
  answer('b');
  ask('a', 'b');
  expect([...underWay.keys()]).toEqual(['a', 'b']);
  expect(asked).toHaveLength(8);
});

test('whoever leaves is told nothing, and leaves no question and no timer behind', () => {
  vi.useFakeTimers();
  try {
    const { ask, askUntil, asked, answer, told } = scene(NEVER_MS);
    const [leaving, left] = [new AbortController(), AbortSignal.abort()];
    for (const name of ['a', 'b', 'c', 'd']) askUntil(leaving.signal, name);
    ask('d');
    askUntil(left, 'e');
    leaving.abort();
    expect(vi.getTimerCount()).toBe(1);
    // Nobody wants to know of c any more, nor of e.
    for (const name of ['a', 'b', 'd']) answer(name);
    expect(asked).toEqual(['a', 'b', 'd']);
    expect(told).toEqual([['d', 1]]);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
