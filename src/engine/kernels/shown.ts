import type { KernelProbes } from '../model/kernel_probes.ts';
import { shownChange, type ChangeShown } from './change.ts';
import { valueOf } from './column.ts';
import { assuming, evidenceOf, type Evidence } from './evidence.ts';
import type { Presence } from './presence.ts';
import { policyRead } from './probes.ts';
import { PROFILES } from './profiles.ts';
import { outcomesOf } from './probe_outcomes.ts';
import { ALL_ROWS, choiceOf } from './resolved.ts';
import type { Row } from './row.ts';
import { solve } from './solve.ts';
import type { KernelOfHost } from './told.ts';
import type { Choice } from './unsettled.ts';

/** One change that a fact hangs on, and whether this kernel has it. */
export interface ChangeFound extends Presence, Pick<ChangeShown, 'id' | 'title' | 'certainty'> {}

/** What is known of one fact of a host's kernel, and why. */
export interface FactFound {
  /** Its path, as in `rows` of a profile; `lists.*` are the lists of steps. */
  readonly fact: string;
  readonly status: 'recorded' | 'read' | 'unknown';
  /** Null where nobody can say: then `values` has what it can be. */
  readonly value: unknown;
  readonly values: readonly unknown[];
  /** The change between them; null where the value is known, or none of the changes that are known explains it. */
  readonly decided_by: string | null;
  readonly source: string;
  readonly changes: readonly ChangeFound[];
}

/** What is known of a host's kernel. */
export interface KernelFound {
  /** How its release was read. */
  readonly read_as: string;
  readonly facts: readonly FactFound[];
  /** The changes of which nobody can say whether it has them, and what would settle each. */
  readonly unknown: readonly Choice[];
  /**
   * Probes that the host was told, and what came of them: the changes that each settles, and `auto_online_blocks` where
   * it is the policy of the host; nothing, where no name of them is known.
   */
  readonly probes: readonly ProbeShown[];
}

/** What came of one probe. */
interface ProbeShown {
  readonly name: string;
  readonly settles: readonly string[];
  /** Why its answer proves nothing; null where it does. */
  readonly tells_nothing: string | null;
}

/** What is known of the kernel that a host's record names: of a profile its column, of a release what can be read. */
export function kernelFound(told: KernelOfHost): KernelFound {
  const { kernel, kernel_release, kernel_probes } = told;
  const shown = probesShown(kernel_probes);
  if (kernel !== 'resolved') {
    const { baseline, recorded } = PROFILES[kernel];
    const status = recorded ? 'recorded' : 'read';
    const facts = ALL_ROWS.map(([fact, row]) => ofColumn(fact, row, valueOf(row, kernel), status));
    return { read_as: `the profile ${kernel}: ${baseline}`, facts, unknown: [], probes: shown };
  }
  const evidence = evidenceOf(kernel_release!, kernel_probes);
  const facts = ALL_ROWS.map(([fact, row]) => ofEvidence(fact, row, evidence));
  return { read_as: evidence.release.why, facts, unknown: choicesOf(evidence, facts), probes: shown };
}

function probesShown(probes: KernelProbes): ProbeShown[] {
  return outcomesOf(probes).map(({ kind, name, answer, changes, nothing }): ProbeShown => {
    const isPolicy = kind === 'sysfs' && policyRead({ [name]: answer }) !== null;
    return isPolicy
      ? { name, settles: [...changes, 'auto_online_blocks'], tells_nothing: null }
      : { name, settles: changes, tells_nothing: nothing };
  });
}

function ofColumn(fact: string, row: Row<unknown>, value: unknown, status: FactFound['status']): FactFound {
  return { fact, status, value, values: [value], decided_by: null, source: sourceOf(row), changes: [] };
}

function ofEvidence(fact: string, row: Row<unknown>, evidence: Evidence): FactFound {
  const source = sourceOf(row);
  if (evidence.release.beyond || row.unrecorded !== undefined) {
    return { fact, status: 'unknown', value: null, values: [], decided_by: null, source, changes: [] };
  }
  const { values, choice } = solve(row, assuming(evidence, NOTHING_ASSUMED));
  const changes = row.changed_in.map((change) => {
    const { id, title, certainty } = shownChange(change);
    return { id, title, certainty, ...evidence.presenceOf(change) };
  });
  const [value] = values;
  return choice === null
    ? { fact, status: 'read', value: value ?? null, values, decided_by: null, source, changes }
    : { fact, status: 'unknown', value: null, values, decided_by: choice.id, source, changes };
}

function choicesOf(evidence: Evidence, facts: readonly FactFound[]): Choice[] {
  const has = assuming(evidence, NOTHING_ASSUMED);
  const choices = facts.flatMap(({ fact, decided_by }): Choice[] => {
    const [, row] = ALL_ROWS.find(([path]) => path === fact)!;
    const change = row.changed_in.find(({ id }) => id === decided_by);
    return change === undefined ? [] : [choiceOf(fact, row, change, has, evidence.probesFor(change))];
  });
  return choices.filter(({ id }, at) => choices.findIndex((other) => other.id === id) === at);
}

function sourceOf({ source, rules }: Row<unknown>): string {
  return `${source} (${rules})`;
}

const NOTHING_ASSUMED: ReadonlyMap<string, number> = new Map();
