/** Milliseconds after which a thread that works for long looks who else waits. */
const SLICE_MS = 25;
/** Things done at once at most, so that one query reads many; and what a batch of them aims to take. */
const BATCH_MAX = 64;
const BATCH_MS = 10;

/** Work in slices: each does something, and ends soon after its time. */
export interface Slices {
  readonly begin: () => void;
  /** Never before the slice has done something. */
  readonly isOver: () => boolean;
  /** How many things are done at once now, by what they took before. */
  readonly batch: () => number;
  /** Does so many things. */
  readonly work: <T>(count: number, act: () => T) => T;
}

/** Slices by a clock in milliseconds. */
export function createSlices(now: () => number): Slices {
  let begun = now();
  let hasWorked = false;
  let batch = 1;
  return {
    begin: () => {
      begun = now();
      hasWorked = false;
    },
    isOver: () => hasWorked && now() - begun >= SLICE_MS,
    batch: () => batch,
    work: (count, act) => {
      const from = now();
      const done = act();
      hasWorked = true;
      const fitting = Math.floor((count * BATCH_MS) / Math.max(now() - from, 0.01));
      batch = Math.max(1, Math.min(BATCH_MAX, 2 * count, fitting));
      return done;
    },
  };
}
