import { dependsOn } from './kernels/depends_on.ts';
import type { Worlds } from './kernels/worlds.ts';
import { agree } from './model/agree.ts';
import type { DependsOn } from './model/depends_on.ts';
import { refuse, type Refusal } from './model/refusal.ts';

/** What the worlds agree in, and what of it depends on an unknown fact; `one` is null where they do not. */
export interface Settled<Outcome> {
  readonly one: Outcome | null;
  /** Empty where they agree in every member. */
  readonly depends_on: readonly DependsOn[];
  /** JSON pointers to what was left out of `one`. */
  readonly left_out: readonly string[];
}

/** Compares what comes of each world (UNK3). Not all of them were tried: nobody knows whether they agree (UNK2). */
export function settle<Outcome>(worlds: Worlds<Outcome>): Settled<Outcome> {
  const { value, left_out, conflicts } = agree(worlds.tried.map(({ outcome }) => outcome));
  const one = worlds.complete && conflicts.length === 0 ? value : null;
  const isWhole = one !== null && left_out.length === 0;
  return { one, depends_on: isWhole ? [] : dependsOn(worlds), left_out };
}

/** The refusal of what depends on unknown facts: which, what each value leads to, and what may still settle them. */
export function undetermined(depends_on: readonly DependsOn[]): Refusal {
  const facts = new Set(depends_on.map(named));
  const detail = `it depends on what is not known of this kernel: ${[...facts].join(', ')}; ${howSettled(depends_on)}`;
  return refuse('undetermined', detail, { depends_on });
}

function howSettled(depends_on: readonly DependsOn[]): string {
  const probes = new Set(depends_on.flatMap((each) => each.probes));
  const settledByNone = depends_on.filter((each) => each.probes.length === 0).map(({ fact }) => fact);
  const none = 'no probe that is known settles';
  if (probes.size === 0) return `${none} it`;
  const asked = `PATCH the host with kernel_probes: ${[...probes].join('; ')}`;
  return settledByNone.length === 0 ? asked : `${asked}; ${none} ${settledByNone.join(', ')}`;
}

/** A fact, and what it can be where that is short. */
function named({ fact, values }: DependsOn): string {
  const words = values.map(({ value }) => value).join(' or ');
  return words.length > WORDS_MAX ? fact : `${fact} (${words})`;
}

const WORDS_MAX = 120;
