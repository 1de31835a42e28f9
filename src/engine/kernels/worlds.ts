import type { Host } from '../model/host.ts';
import { exploredBy, type Choice } from './unsettled.ts';

/** More ways than this are not tried: each costs a run. */
export const WORLDS_MAX = 64;

/** One way that the facts which are not known can be, and what comes of it. */
export interface World<Outcome> {
  /** Of the choices that were met on this way, which value. */
  readonly assumed: ReadonlyMap<string, number>;
  readonly outcome: Outcome;
}

/** Every way that there is, or the first of them. */
export interface Worlds<Outcome> {
  /** Those that were met on any way, in this order. */
  readonly choices: readonly Choice[];
  readonly tried: readonly World<Outcome>[];
  /** Whether these are all: there are no more than WORLDS_MAX. */
  readonly complete: boolean;
}

/**
 * Runs what may read facts that are not known of the host's kernel: once where it reads none, and then nothing of this
 * costs anything; else once for every value that those which it reads can have. `run` leaves the host as it was, also
 * where it throws. Inside another run its assumptions stand, and only what it reads beside them is tried.
 *
 *   run ──reads an unknown fact──▶ goes on with its first value ──reads another one──▶ goes on with its first value …
 *           └── later: run with its second value                   └── later: run with the same, and its second value
 */
export function inEveryWorld<Outcome, Reconciled = Outcome>(
  host: Host,
  run: () => Outcome,
  reconcile: (worlds: Worlds<Outcome>) => Reconciled,
): Outcome | Reconciled {
  const worlds = explore(host, run);
  return worlds.choices.length === 0 ? worlds.tried[0]!.outcome : reconcile(worlds);
}

function explore<Outcome>(host: Host, run: () => Outcome): Worlds<Outcome> {
  const before = host.assumed;
  const choices = new Map<string, Choice>();
  const tried: World<Outcome>[] = [];
  const open: Host['assumed'][] = [before];
  const tryOne = (from: Host['assumed']): World<Outcome> => {
    const assumed = new Map(from);
    /** The last value is kept first: the stack gives them back the other way round. */
    const meet = (choice: Choice): void => {
      if (assumed.has(choice.id)) throw new Error(`${choice.id} is assumed, and read as if it were not`);
      if (!choices.has(choice.id)) choices.set(choice.id, choice);
      for (let at = choice.values.length - 1; at > 0; at -= 1) open.push(new Map(assumed).set(choice.id, at));
      assumed.set(choice.id, 0);
    };
    host.assumed = assumed;
    return { outcome: exploredBy({ assumed, meet }, run), assumed };
  };
  try {
    while (open.length > 0 && tried.length < WORLDS_MAX) tried.push(tryOne(open.pop()!));
  } finally {
    host.assumed = before;
  }
  return { choices: [...choices.values()], tried, complete: open.length === 0 };
}
