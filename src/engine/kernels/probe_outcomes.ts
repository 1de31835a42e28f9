import type { KernelProbes } from '../model/kernel_probes.ts';
import { PROBES, SILENT_PROBES, type Answer } from './probes.ts';
import { proofsOf, provingBeside, type Proof, type Proved } from './proofs.ts';

/** What came of one answer that was told. */
interface Outcome {
  readonly kind: keyof KernelProbes;
  readonly name: string;
  readonly answer: Answer;
  /** The changes that it proves, there or absent. */
  readonly changes: readonly string[];
  /** Why that is nothing: no answer to its name tells, or another would; else null. */
  readonly nothing: string | null;
}

const KINDS = ['symbols', 'btf', 'sysfs'] as const satisfies (keyof KernelProbes)[];

/** What came of each answer that was told. */
export function outcomesOf(told: KernelProbes): readonly Outcome[] {
  const provedBy = provingBeside(told);
  const proofs = new Map(
    proofsOf(told)
      .reverse()
      .map((proof) => [`${proof.probe.kind} ${proof.name}`, proof]),
  );
  return KINDS.flatMap((kind) =>
    Object.entries(told[kind]).map(([name, answer]): Outcome => {
      const proof = proofs.get(`${kind} ${name}`);
      if (proof === undefined) return { kind, name, answer, changes: [], nothing: whyUnknown(kind, name) };
      const changes = [...proof.has, ...proof.lacks].map(({ id }) => id);
      return {
        kind,
        name,
        answer,
        changes,
        nothing: changes.length > 0 ? null : whyNothing(proof, provedBy),
      };
    }),
  );
}

function whyUnknown(kind: keyof KernelProbes, name: string): string {
  const silent = SILENT_PROBES.find((probe) => probe.kind === kind && probe.is(name));
  if (silent !== undefined) return silent.why;
  const known = PROBES.filter((probe) => probe.kind === kind).map((probe) => probe.name);
  return `not known: of ${kind} those that tell are ${known.join(', ')}`;
}

function whyNothing({ probe, answer }: Proof, provedBy: ReturnType<typeof provingBeside>): string {
  const telling = [...probe.answers, false].filter((other) => isSomething(provedBy(probe, other)));
  const alone = isSomething(provedBy(probe, answer, answer)) ? ' while its other name is not told' : '';
  return `${String(answer)} proves nothing here${alone}; what may: ${telling.join(', ')}`;
}

function isSomething({ has, lacks }: Proved): boolean {
  return has.length + lacks.length > 0;
}
