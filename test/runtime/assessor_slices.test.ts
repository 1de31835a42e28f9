import { expect, test } from 'vitest';
import { createSlices } from '../../src/runtime/assessor_slices.ts';

/** A clock that work puts forward. */
function rig() {
  let now = 0;
  const slices = createSlices(() => now);
  const work = (count: number, milliseconds: number): void =>
    slices.work(count, () => void (now += milliseconds));
  return { slices, work, wait: (milliseconds: number) => (now += milliseconds) };
}

test('a slice is never over before it has done something, however late it is', () => {
  const { slices, work, wait } = rig();
  slices.begin('asked');
  wait(1_000);
  expect(slices.isOver()).toBe(false);
  work(1, 1);
  expect(slices.isOver()).toBe(true);
  slices.begin('asked');
  work(1, 24);
  expect(slices.isOver()).toBe(false);
  work(1, 1);
  expect(slices.isOver()).toBe(true);
});

test('a slice ahead of everybody is shorter than one that somebody waits for', () => {
  const { slices, work } = rig();
  slices.begin('ahead');
  work(1, 10);
  expect(slices.isOver()).toBe(true);
  slices.begin('asked');
  work(1, 10);
  expect(slices.isOver()).toBe(false);
});

test('a batch grows while it takes little, and shrinks to what fits', () => {
  const { slices, work } = rig();
  const sizes = [slices.batch()];
  for (let at = 0; at < 8; at += 1) {
    work(slices.batch(), 0);
    sizes.push(slices.batch());
  }
  expect(sizes).toEqual([1, 2, 4, 8, 16, 32, 64, 64, 64]);
  work(64, 80);
  expect(slices.batch()).toBe(4);
  work(4, 4_000);
  expect(slices.batch()).toBe(1);
});
