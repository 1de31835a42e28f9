/** Takes back what was done, given what it was done to, once all that came after is taken back. */
type TakeBack<A, B, C> = (a: A, b: B, c: C) => void;

/**
 * What takes back what was done, in the order in which it was done. There may be 10^5: what each works on stands beside
 * it, for a closure takes three to five times the memory.
 */
export class UndoLog {
  readonly #steps: unknown[] = [];

  /** Adds what takes back the last that was done. */
  add<A, B, C>(takeBack: TakeBack<A, B, C>, a: A, b: B, c: C): void {
    this.#steps.push(takeBack, a, b, c);
  }

  /** The same without anything to work on. */
  push(takeBack: () => void): void {
    this.#steps.push(takeBack, undefined, undefined, undefined);
  }

  /** Takes over what another one has, behind its own. */
  take(other: UndoLog): void {
    const steps = other.#steps;
    for (const step of steps) this.#steps.push(step);
    steps.length = 0;
  }

  /** Takes all back, the last first. */
  takeBack(): void {
    const steps = this.#steps;
    while (steps.length > 0) {
      const c = steps.pop();
      const b = steps.pop();
      const a = steps.pop();
      (steps.pop() as TakeBack<unknown, unknown, unknown>)(a, b, c);
    }
  }
}

/** What takes back what was done; null where it is done for good. */
export type UndoList = UndoLog | null;
