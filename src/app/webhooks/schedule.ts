import type { AttemptOutcome } from '../../service/command.ts';
import type { SendResult } from './send.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** How long it is waited before each further attempt; behind the last a message is given up, after about three days. */
export const SCHEDULE_MS: readonly number[] = [
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];

/** Each wait is a fifth longer or shorter, by chance: receivers that come back are not met by everything at once. */
const JITTER = 0.2;
/** The longest that a receiver may ask for with Retry-After. */
const RETRY_AFTER_MAX_MS = 24 * HOUR_MS;

/** By what is decided what becomes of a delivery. */
export interface Retries {
  readonly schedule_ms: readonly number[];
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** What an attempt leaves; `tries` were made before it. A receiver that says when to come again is heeded. */
export function outcomeOf(
  result: SendResult,
  tries: number,
  now_ms: number,
  { schedule_ms, random }: Retries,
): AttemptOutcome {
  const { status } = result;
  if (status !== null && status >= 200 && status < 300) return { state: 'delivered' };
  if (status === 410) return { state: 'pending', next_attempt_ms: now_ms, is_gone: true };
  const wait_ms = schedule_ms[tries];
  if (wait_ms === undefined) return { state: 'failed' };
  const jittered = wait_ms * (1 - JITTER + 2 * JITTER * random());
  // Not sooner than by the schedule: a receiver that asks for seconds would have used up all tries within a minute.
  const next_ms = Math.max(jittered, pauseOf(result) ?? 0);
  return { state: 'pending', next_attempt_ms: Math.round(now_ms + next_ms), is_gone: false };
}

/** How long a receiver asks to be left alone, within a second and a day; null where it does not. */
export function pauseOf({ status, retry_after_ms }: SendResult): number | null {
  if (retry_after_ms === null || (status !== 429 && status !== 503)) return null;
  return Math.min(Math.max(retry_after_ms, SECOND_MS), RETRY_AFTER_MAX_MS);
}
