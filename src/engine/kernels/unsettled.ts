import type { Host } from '../model/host.ts';

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
  /** What the host may be asked to settle it, in words; none where nothing tells. */
  readonly probes: readonly string[];
}

/** One way that it can be. */
export interface ChoiceValue {
  /** What the first fact then is. */
  readonly label: string;
}

/** A fact was read that is not known of the host's kernel, and nothing is assumed of it: worlds.ts goes each way. */
export class Unsettled extends Error {
  readonly choice: Choice;

  constructor(choice: Choice) {
    super(`not known of this kernel: ${choice.facts.join(', ')}`);
    this.choice = choice;
  }
}

/** What is read, or null where it rests on a fact that is not known: for who has another way then. */
export function ifKnown<Value>(read: () => Value): Value | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unsettled) return null;
    throw error;
  }
}

/** Which value of a choice is assumed now. Throws `Unsettled` where none is. */
export function assumedOf({ assumed }: Pick<Host, 'assumed'>, choice: Choice): number {
  const at = assumed.get(choice.id);
  if (at === undefined) throw new Unsettled(choice);
  return at;
}
