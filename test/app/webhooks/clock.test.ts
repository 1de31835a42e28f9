import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { realClock } from '../../../src/app/webhooks/clock.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('what is later than a timer can be is not called at once', () => {
  const act = vi.fn();
  realClock.after(2 ** 40, act);
  vi.advanceTimersByTime(1_000);
  expect(act).not.toHaveBeenCalled();
});
