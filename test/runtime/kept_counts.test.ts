import { expect, test, vi } from 'vitest';
import { keepCounts, type CountsText } from '../../src/runtime/kept_counts.ts';

/** Counts of a store that is in a state, which may change while they are made. */
function counting(is_whole = true) {
  const at: { state: number | null } = { state: 1 };
  let made = 0;
  const count = vi.fn(async (): Promise<CountsText> => {
    made += 1;
    return Promise.resolve({ text: String(made), is_whole });
  });
  return { at, count, counts: keepCounts(() => at.state, count) };
}

test('whole counts are made once as long as nobody writes', async () => {
  const { at, counts } = counting();
  expect([await counts(), await counts()]).toEqual(['1', '1']);
  at.state = 2;
  expect([await counts(), await counts()]).toEqual(['2', '2']);
});

test('counts that are not whole are made each time', async () => {
  const { counts } = counting(false);
  expect([await counts(), await counts()]).toEqual(['1', '2']);
});

test('where a read is of a state of its own the counts are made, and not kept', async () => {
  const { at, counts } = counting();
  expect(await counts()).toBe('1');
  at.state = null;
  expect([await counts(), await counts()]).toEqual(['2', '3']);
  at.state = 1;
  expect(await counts()).toBe('4');
});

test('what is written while counts are made has them made again', async () => {
  const { at, count, counts } = counting();
  count.mockImplementationOnce(async () => {
    at.state = 2;
    return Promise.resolve({ text: 'of either', is_whole: true });
  });
  expect(await counts()).toBe('of either');
  expect(await counts()).toBe('1');
});
