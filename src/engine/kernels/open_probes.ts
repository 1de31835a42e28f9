import type { KernelProbes } from '../model/kernel_probes.ts';
import { PROBES, type Answer, type Probe } from './probes.ts';
import { provingBeside, type Proved } from './proofs.ts';
import type { Has } from './solve.ts';

/**
 * The probes that may still settle each change, by its id and in words: those that were not told, where an answer that
 * a kernel can give of which this is known would settle it.
 */
export function openProbes(told: KernelProbes, has: Has): ReadonlyMap<string, readonly string[]> {
  const provedBy = provingBeside(told);
  const isPossible = (by: Proved): boolean =>
    by.has.every((change) => has(change) !== false) && by.lacks.every((change) => has(change) !== true);
  const open = new Map<string, string[]>();
  for (const probe of PROBES) {
    const where = stillAsked(probe, told);
    if (where === null) continue;
    const possible = [...probe.answers, false].map((answer) => provedBy(probe, answer)).filter(isPossible);
    const changes = possible.flatMap((by) => [...by.has, ...by.lacks]);
    for (const { id } of new Set(changes)) open.set(id, [...(open.get(id) ?? []), where]);
  }
  return open;
}

/** What to look at for a probe, in words; null where the host was told it. */
export function stillAsked({ kind, is, answers, where, another }: Probe, told: KernelProbes): string | null {
  const isAnswer = (answer: Answer): boolean => answer === false || answers.includes(answer);
  const isTold = Object.entries(told[kind]).some(([name, answer]) => is(name) && isAnswer(answer));
  return isTold ? another : where;
}
