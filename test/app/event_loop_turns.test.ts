import { afterEach, expect, test, vi } from 'vitest';
import { createTurnQueue } from '../../src/app/event_loop_turns.ts';

afterEach(() => void vi.restoreAllMocks());

test('what takes long has a turn of the event loop for itself, and the others wait in their order', async () => {
  let now_ms = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now_ms);
  const inTurn = createTurnQueue();
  let turn = 0;
  const count = (): void => {
    turn += 1;
    counting = setImmediate(count);
  };
  let counting = setImmediate(count);
  const work = (ms: number) =>
    inTurn(() => {
      now_ms += ms;
      return turn;
    });
  const turns = await Promise.all([4, 6, 10, 1, 1].map(work));
  clearImmediate(counting);
  // The first begins at once. Ten milliseconds are a turn, and what is begun in it is not cut.
  expect(turns).toEqual([0, 1, 1, 2, 2]);
});

test('what a piece of work throws is for whoever has asked for it alone', async () => {
  const inTurn = createTurnQueue();
  const failed = inTurn(() => {
    throw new Error('no');
  });
  const done = inTurn(() => 1);
  await expect(failed).rejects.toThrow('no');
  expect(await done).toBe(1);
});
