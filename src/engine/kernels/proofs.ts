import type { KernelProbes } from '../model/kernel_probes.ts';
import type { Change } from './change.ts';
import { CHANGES } from './changes.ts';
import { bare, PROBES, type Answer, type Probe } from './probes.ts';

/** All answers that some probe tells something by. */
const ANSWERS: readonly Answer[] = [true, false, 'pointer', 'struct', 'online', 'offline', 'pmem', 'ram'];

/** One answer that was told, its probe, and the changes that it proves to be there and to be absent, with what follows. */
interface Proof {
  readonly name: string;
  readonly answer: Answer;
  readonly probe: Probe;
  readonly has: readonly Change[];
  readonly lacks: readonly Change[];
}

function proofsOf(probes: KernelProbes): Proof[] {
  return PROBES.flatMap((probe) => {
    const told = Object.entries(probes[probe.kind]);
    const all = (name: string): Answer | undefined => told.find(([each]) => bare(each) === name)?.[1];
    const ofIt = told.filter(([name]) => probe.is(name));
    return ofIt.map(([name, answer]): Proof => {
      const { has = [], lacks = [] } = probe.tells(answer, all);
      return { name, answer, probe, has: withNeeds(has), lacks: withThoseThatNeed(lacks) };
    });
  });
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
  const shown = ({ name, answer }: Proof): string => `${name}: ${String(answer)}`;
  for (const proves of proofs) {
    for (const disproves of proofs) {
      const change = proves.has.find((each) => disproves.lacks.includes(each));
      if (change === undefined) continue;
      return `${shown(proves)} proves ${change.id} (${change.title}), and ${shown(disproves)} disproves it`;
    }
  }
  return null;
}

/**
 * What one answer that was told proves, by the ids of changes, there or absent; where that is nothing, why: its name is
 * none that is known, or another answer would.
 */
export function provedIn(
  probes: KernelProbes,
  kind: keyof KernelProbes,
  name: string,
): { readonly changes: readonly string[]; readonly nothing: string | null } {
  const [proof] = proofsOf(probes).filter((each) => each.probe.kind === kind && each.name === name);
  if (proof === undefined) {
    const known = PROBES.filter((probe) => probe.kind === kind).map((probe) => probe.name);
    return { changes: [], nothing: `not known: of ${kind} those that tell are ${known.join(', ')}` };
  }
  const changes = [...proof.has, ...proof.lacks].map(({ id }) => id);
  if (changes.length > 0) return { changes, nothing: null };
  const telling = ANSWERS.filter((answer) => provedBy(proof.probe, answer).length > 0);
  return { changes, nothing: `${String(proof.answer)} proves nothing here; what may: ${telling.join(', ')}` };
}

/** What a probe proves by an answer, where the other names of it have the same. */
function provedBy(probe: Probe, answer: Answer): readonly Change[] {
  const { has = [], lacks = [] } = probe.tells(answer, () => answer);
  return [...withNeeds(has), ...withThoseThatNeed(lacks)];
}

const probesByChange = new WeakMap<Change, readonly string[]>();

/** The probes that may settle a change, in words. */
export function probesOf(change: Change): readonly string[] {
  const known = probesByChange.get(change) ?? findProbes(change);
  probesByChange.set(change, known);
  return known;
}

function findProbes(change: Change): string[] {
  const tellsOf = (probe: Probe): boolean =>
    ANSWERS.some((answer) => provedBy(probe, answer).includes(change));
  return PROBES.filter(tellsOf).map(({ where }) => where);
}

/** With all that they stand on. */
function withNeeds(changes: readonly Change[]): Change[] {
  return [...new Set(changes.flatMap((change): Change[] => [change, ...withNeeds(change.needs)]))];
}

/** With all that stands on them. */
function withThoseThatNeed(changes: readonly Change[]): Change[] {
  const all: readonly Change[] = Object.values(CHANGES);
  return all.filter((each) => withNeeds([each]).some((needed) => changes.includes(needed)));
}
