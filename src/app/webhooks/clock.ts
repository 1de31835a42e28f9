/** The time, and being called at a later one. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Calls `act` once, so many milliseconds later; returns how to call that off. */
  readonly after: (ms: number, act: () => void) => () => void;
}

/** The machine's. */
export const realClock: Clock = {
  now: () => Date.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};
