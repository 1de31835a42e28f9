import type { Host } from '../model/host.ts';
import { NotResolved } from './not_resolved.ts';

/**
 * A change of which nobody can say whether the host's kernel has it: every fact that changes with it has its value
 * before, or its value after.
 */
export interface Choice {
  /** Names the change: its commit, else its first fact. */
  readonly id: string;
  /** Every fact that changes with it, by its path; the first names it to who asks. */
  readonly facts: readonly string[];
  /** At least two. */
  readonly values: readonly ChoiceValue[];
  /** What the host may still be asked to settle it, in words; none where no probe that is known tells. */
  readonly probes: readonly string[];
}

/** One way that it can be. */
export interface ChoiceValue {
  /** What the first fact then is. */
  readonly label: string;
}

/** A fact was read that is not known of the host's kernel, and nobody goes each way: worlds.ts does. */
export class Unsettled extends Error {
  readonly choice: Choice;

  constructor(choice: Choice) {
    super(`not known of this kernel: ${choice.facts.join(', ')}`);
    this.choice = choice;
  }
}

/** Who goes each way of the choices that are met. */
export interface Explorer {
  /** What is assumed on this way: that of the host, and it grows with each choice that is met. */
  readonly assumed: ReadonlyMap<string, number>;
  /** Assumes a value of a choice of which none is, and keeps the others for later. */
  readonly meet: (choice: Choice) => void;
}

/** The innermost; null where nobody explores. Runs are synchronous: it is theirs alone until they end. */
let exploring: Explorer | null = null;

/** Runs with an explorer in place of the one that explores now; with null, nothing more is assumed. */
export function exploredBy<Outcome>(explorer: Explorer | null, run: () => Outcome): Outcome {
  const outer = exploring;
  exploring = explorer;
  try {
    return run();
  } finally {
    exploring = outer;
  }
}

/** A choice is met of which nothing is assumed: afterwards something is. Throws `Unsettled` where nobody explores. */
export function meet(assumed: ReadonlyMap<string, number>, choice: Choice): void {
  if (exploring?.assumed !== assumed) throw new Unsettled(choice);
  exploring.meet(choice);
}

/** What is read, or null where it rests on a fact of which nothing is assumed: for who has another way then. */
export function ifKnown<Value>(read: () => Value): Value | null {
  try {
    return exploredBy(null, read);
  } catch (error) {
    if (error instanceof Unsettled || error instanceof NotResolved) return null;
    throw error;
  }
}

/** Which value of a choice is assumed, now or from now on. Throws `Unsettled` where none is, and nobody explores. */
export function assumedOf({ assumed }: Pick<Host, 'assumed'>, choice: Choice): number {
  if (!assumed.has(choice.id)) meet(assumed, choice);
  return assumed.get(choice.id)!;
}
