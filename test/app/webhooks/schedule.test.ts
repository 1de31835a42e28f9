import { describe, expect, test } from 'vitest';
import { outcomeOf, pauseOf, SCHEDULE_MS } from '../../../src/app/webhooks/schedule.ts';

const answer = (status: number | null, retry_after_ms: number | null = null) => ({
  status,
  error: status === null ? 'no answer' : null,
  retry_after_ms,
});
const middle = { schedule_ms: SCHEDULE_MS, random: () => 0.5 };
const later = (next_attempt_ms: number) => ({ state: 'pending', next_attempt_ms, is_gone: false });

describe('what an attempt leaves', () => {
  test('is delivered by 2xx alone', () => {
    for (const status of [200, 202, 204, 299])
      expect(outcomeOf(answer(status), 0, 0, middle)).toEqual({ state: 'delivered' });
    for (const status of [100, 199, 300, 301, 304, 400, 404, 429, 500, 503, null])
      expect(outcomeOf(answer(status), 0, 0, middle)).toEqual(later(5_000));
  });

  test('is tried again by the schedule, and given up behind it', () => {
    SCHEDULE_MS.forEach((wait_ms, tries) => {
      expect(outcomeOf(answer(500), tries, 1_000, middle)).toEqual(later(1_000 + wait_ms));
    });
    expect(outcomeOf(answer(500), SCHEDULE_MS.length, 0, middle)).toEqual({ state: 'failed' });
  });

  test('[HOOK3] is tried a fifth earlier or later, by chance', () => {
    const at = (random: number) => outcomeOf(answer(500), 0, 0, { ...middle, random: () => random });
    expect([at(0), at(0.75)]).toEqual([later(4_000), later(5_500)]);
  });

  test('is nothing more after 410', () => {
    expect(outcomeOf(answer(410), 0, 7, middle)).toEqual({
      state: 'pending',
      next_attempt_ms: 7,
      is_gone: true,
    });
  });

  test('is given up no sooner for a receiver that asks for seconds', () => {
    SCHEDULE_MS.forEach((wait_ms, tries) => {
      expect(outcomeOf(answer(503, 1_000), tries, 0, middle)).toEqual(later(wait_ms));
    });
  });

  test('[HOOK4] heeds Retry-After of 429 and 503, up to a day, and not sooner than by the schedule', () => {
    const day = 86_400_000;
    for (const status of [429, 503])
      expect([0, 90_000, day * 9].map((ms) => outcomeOf(answer(status, ms), 0, 0, middle))).toEqual([
        later(5_000),
        later(90_000),
        later(day),
      ]);
    expect(outcomeOf(answer(500, 90_000), 0, 0, middle)).toEqual(later(5_000));
    expect([pauseOf(answer(429, 90_000)), pauseOf(answer(500, 90_000)), pauseOf(answer(429))]).toEqual([
      90_000,
      null,
      null,
    ]);
  });
});
