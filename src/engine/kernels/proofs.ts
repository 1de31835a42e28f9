import type { KernelProbes } from '../model/kernel_probes.ts';
import type { Change } from './change.ts';
import { bare, PROBES, type Answer, type Probe } from './probes.ts';
import { withNeeds, withThoseThatNeed } from './needs.ts';

/** One answer that was told, its probe, and what it proves. */
export interface Proof extends Proved {
  readonly name: string;
  readonly answer: Answer;
  readonly probe: Probe;
}

/** Changes that are proved to be there, and to be absent, with what follows. */
export interface Proved {
  readonly has: readonly Change[];
  readonly lacks: readonly Change[];
}

/** What each answer proves that was told of a probe that is known. */
export function proofsOf(probes: KernelProbes): Proof[] {
  const provedBy = provingBeside(probes);
  return PROBES.flatMap((probe) => {
    const ofIt = Object.entries(probes[probe.kind]).filter(([name]) => probe.is(name));
    return ofIt.map(([name, answer]): Proof => {
      return { name, answer, probe, ...provedBy(probe, answer) };
    });
  });
}

/** The answers by the names without where they were looked for; of several the first. */
function namesIn(told: Readonly<Record<string, Answer>>): ReadonlyMap<string, Answer> {
  return new Map(
    Object.entries(told)
      .reverse()
      .map(([name, answer]) => [bare(name), answer]),
  );
}

/**
 * What a probe proves by an answer, with what follows, beside what was told of the other names of it; `untold` is
 * answered to those that were not.
 */
export function provingBeside(told: KernelProbes): (probe: Probe, answer: Answer, untold?: Answer) => Proved {
  const all = { symbols: namesIn(told.symbols), btf: namesIn(told.btf), sysfs: namesIn(told.sysfs) };
  return (probe, answer, untold) => {
    const { has = [], lacks = [] } = probe.tells(answer, (other) => all[probe.kind].get(other) ?? untold);
    return {
      has: [...new Set(has.flatMap(withNeeds))],
      lacks: [...new Set(lacks.flatMap(withThoseThatNeed))],
    };
  };
}

/** What the probes of a host settle: whether each change is there, and the probe that says so. */
export function settledBy(
  probes: KernelProbes,
): ReadonlyMap<string, { readonly has: boolean; readonly probe: Probe }> {
  const settled = new Map<string, { readonly has: boolean; readonly probe: Probe }>();
  for (const { probe, has, lacks } of proofsOf(probes)) {
    for (const change of has) settled.set(change.id, { has: true, probe });
    for (const change of lacks) settled.set(change.id, { has: false, probe });
  }
  return settled;
}

/** Two answers that no one kernel gives, in words, or null: what one proves the other disproves (KREL5). */
export function contradictionIn(probes: KernelProbes): string | null {
  const proofs = proofsOf(probes);
  const disproved = new Map(
    proofs.toReversed().flatMap((proof) => proof.lacks.map((change) => [change, proof] as const)),
  );
  const shown = ({ name, answer }: Proof): string => `${name}: ${String(answer)}`;
  for (const proves of proofs) {
    const change = proves.has.find((each) => disproved.has(each));
    if (change === undefined) continue;
    return `${shown(proves)} proves ${change.id} (${change.title}), and ${shown(disproved.get(change)!)} disproves it`;
  }
  return null;
}
