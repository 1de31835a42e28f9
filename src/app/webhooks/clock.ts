/** The time, and being called at a later one. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Calls `act` once, so many milliseconds later; returns how to call that off. */
  readonly after: (ms: number, act: () => void) => () => void;
}

/** Node calls at once what is to be called later than this. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The machine's. What is later than a timer can be is called too early, and looks again. */
export const realClock: Clock = {
  now: () => Date.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, Math.min(ms, TIMER_MS_MAX));
    return () => clearTimeout(timer);
  },
};
