import type { KernelProbes } from '../model/kernel_probes.ts';
import type { Change } from './change.ts';
import { bare, PROBES, type Answer, type Probe } from './probes.ts';
import { withNeeds, withThoseThatNeed } from './needs.ts';

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
  const all = { symbols: namesIn(probes.symbols), btf: namesIn(probes.btf), sysfs: namesIn(probes.sysfs) };
  return PROBES.flatMap((probe) => {
    const ofIt = Object.entries(probes[probe.kind]).filter(([name]) => probe.is(name));
    return ofIt.map(([name, answer]): Proof => {
      const { has, lacks } = provedBy(probe, answer, (other) => all[probe.kind].get(other));
      return { name, answer, probe, has, lacks };
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

/** What a probe proves by an answer, with what follows. */
function provedBy(
  probe: Probe,
  answer: Answer,
  all: (name: string) => Answer | undefined,
): Pick<Proof, 'has' | 'lacks'> {
  const { has = [], lacks = [] } = probe.tells(answer, all);
  return {
    has: [...new Set(has.flatMap(withNeeds))],
    lacks: [...new Set(lacks.flatMap(withThoseThatNeed))],
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

/** What came of one answer that was told. */
interface Outcome {
  readonly kind: keyof KernelProbes;
  readonly name: string;
  readonly answer: Answer;
  /** The changes that it proves, there or absent. */
  readonly changes: readonly string[];
  /** Why that is nothing: its name is none that is known, or another answer would; else null. */
  readonly nothing: string | null;
}

const KINDS = ['symbols', 'btf', 'sysfs'] as const satisfies (keyof KernelProbes)[];

/** What came of each answer that was told. */
export function outcomesOf(probes: KernelProbes): readonly Outcome[] {
  const proofs = new Map(
    proofsOf(probes)
      .reverse()
      .map((proof) => [`${proof.probe.kind} ${proof.name}`, proof]),
  );
  return KINDS.flatMap((kind) => {
    const known = PROBES.filter((probe) => probe.kind === kind).map((probe) => probe.name);
    const unknown = `not known: of ${kind} those that tell are ${known.join(', ')}`;
    return Object.entries(probes[kind]).map(([name, answer]): Outcome => {
      const proof = proofs.get(`${kind} ${name}`);
      if (proof === undefined) return { kind, name, answer, changes: [], nothing: unknown };
      const changes = [...proof.has, ...proof.lacks].map(({ id }) => id);
      return { kind, name, answer, changes, nothing: changes.length > 0 ? null : whyNothing(proof) };
    });
  });
}

function whyNothing({ probe, answer }: Proof): string {
  const telling = ANSWERS.filter((other) => mayProve(probe, other).length > 0);
  return `${String(answer)} proves nothing here; what may: ${telling.join(', ')}`;
}

/** What a probe may prove by an answer, there or absent: where the other names of it have the same. */
function mayProve(probe: Probe, answer: Answer): readonly Change[] {
  const { has, lacks } = provedBy(probe, answer, () => answer);
  return [...has, ...lacks];
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
    ANSWERS.some((answer) => mayProve(probe, answer).includes(change));
  return PROBES.filter(tellsOf).map(({ where }) => where);
}
