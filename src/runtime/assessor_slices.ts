/** Milliseconds after which a thread looks who else waits: while somebody waits for what it does, and ahead of all. */
const SLICE_MS = { asked: 25, ahead: 10 } as const;
/** Things done at once at most, so that one query reads many; and what a batch of them aims to take. */
const BATCH_MAX = 64;
const BATCH_MS = 5;

/** Work in slices: each does something, and ends soon after its time. */
export interface Slices {
  readonly begin: (forWhom: keyof typeof SLICE_MS) => void;
  /** Never before the slice has done something. */
  readonly isOver: () => boolean;
  /** How many things are done at once now, by what they took before. */
  readonly batch: () => number;
  /** Does so many things. */
  readonly work: <T>(count: number, act: () => T) => T;
}

/** Slices by a clock in milliseconds. */
export function createSlices(now: () => number): Slices {
  let end = now();
  let hasWorked = false;
  let batch = 1;
  return {
    begin: (forWhom) => {
      end = now() + SLICE_MS[forWhom];
      hasWorked = false;
    },
    isOver: () => hasWorked && now() >= end,
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
