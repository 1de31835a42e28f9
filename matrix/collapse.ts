import { PROFILES } from '../src/engine/kernels/profiles.ts';
import { KERNEL_NAMES, type KernelName } from '../src/engine/model/vocabulary.ts';
import type { Answered } from './build.ts';
import { KILL_CASES, killCase, outcomeWords, type KillCase } from './words.ts';

const isReleased = (kernel: KernelName) => PROFILES[kernel].released;

/** The kernels as released, then the series of 2021. */
export const COLUMNS: readonly KernelName[] = [
  ...KERNEL_NAMES.filter(isReleased),
  ...KERNEL_NAMES.filter((kernel) => !isReleased(kernel)),
];

/** Answers of one kernel that a row puts together: the same words, whatever the dimensions that were left out. */
export interface Line {
  /** Null: whatever the kill policy. Else the cases that it holds for. */
  readonly kills: readonly KillCase[] | null;
  readonly words: string;
  readonly answers: readonly Answered[];
}

export interface Row {
  /** The values of the dimension that a table has rows for, and those that are like it. */
  readonly like: readonly string[];
  readonly cells: ReadonlyMap<KernelName, readonly Line[]>;
}

/**
 * One row for each value of a dimension; values with the same words on every kernel and for every kill policy
 * share it. Throws where two kill policies of a case differ: then the cases are the wrong ones.
 */
export function collapse(answers: readonly Answered[], valueOf: (answer: Answered) => string): Row[] {
  const byValue = new Map<string, Answered[]>();
  for (const answer of answers) {
    const value = valueOf(answer);
    byValue.set(value, [...(byValue.get(value) ?? []), answer]);
  }
  const rows = new Map<string, { like: string[]; answers: Answered[] }>();
  for (const [value, alike] of byValue) {
    const key = JSON.stringify([...cellsOf(alike)].map(([kernel, lines]) => [kernel, lines.map(lineKey)]));
    const row = rows.get(key) ?? { like: [], answers: [] };
    rows.set(key, { like: [...row.like, value], answers: [...row.answers, ...alike] });
  }
  return [...rows.values()].map((row) => ({ like: row.like, cells: cellsOf(row.answers) }));
}

function lineKey({ kills, words }: Line): string {
  return `${String(kills)} ${words}`;
}

function cellsOf(answers: readonly Answered[]): Map<KernelName, Line[]> {
  return new Map(
    COLUMNS.map((kernel) => [kernel, linesOf(answers.filter(({ cell }) => cell.kernel === kernel))]),
  );
}

function linesOf(answers: readonly Answered[]): Line[] {
  const cases = new Map<KillCase, Answered[]>();
  for (const answer of answers) {
    const of = killCase(answer.cell.kill);
    cases.set(of, [...(cases.get(of) ?? []), answer]);
  }
  const lines: { kills: KillCase[]; words: string; answers: Answered[] }[] = [];
  for (const of of KILL_CASES) {
    const ofCase = cases.get(of) ?? [];
    const words = [...new Set(ofCase.map(({ outcome }) => outcomeWords(outcome)))];
    if (words.length === 0) continue;
    const like = lines.find((line) => line.words === words.join(' or '));
    if (like === undefined) lines.push({ kills: [of], words: words.join(' or '), answers: ofCase });
    else {
      like.kills.push(of);
      like.answers.push(...ofCase);
    }
  }
  return lines.map((line) => (lines.length === 1 ? { ...line, kills: null } : line));
}
