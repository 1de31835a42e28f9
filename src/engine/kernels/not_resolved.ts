import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';

/**
 * A fact was read of a kernel that lies beyond all whose changes are known: not even the values that it can have are,
 * so that there is no way to try (KREL8).
 */
export class NotResolved extends Error {
  /** `why`: how its release was read. */
  constructor(why: string) {
    super(`it depends on the kernel, which is ${why}`);
  }
}

/** What is answered; where that hangs on such a kernel a refusal, `outcome_unknown`, that says why. */
export function orRefused<Answer>(answer: () => Answer): Answer | Refusal {
  try {
    return answer();
  } catch (error) {
    if (error instanceof NotResolved) return refuse('outcome_unknown', error.message);
    throw error;
  }
}

/** What is answered, or where that hangs on such a kernel what stands in its place: something else says why. */
export function ifResolved<Answer>(answer: () => Answer, instead: Answer): Answer {
  const told = orRefused(answer);
  return isRefusal(told) ? instead : told;
}
