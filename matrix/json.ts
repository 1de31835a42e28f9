import { KERNEL_NAMES } from '../src/engine/model/vocabulary.ts';
import { USES, type AndThen } from './and_then.ts';
import type { Answered, Matrix } from './build.ts';
import { KILLS, MAPPINGS, PINS, PLACES } from './dimensions.ts';
import { MEMORY } from './system_ram.ts';

const ABOUT =
  'What the removal of a DAX device leaves, asked of the engine question by question: `npm run matrix`. ' +
  'A cell holds for each of its kernels and each of its kills (null: whatever the kill policy). `rules` are rows ' +
  'of SPEC.md. `recordings`: kernel, kill, who shows it (test/conformance/recordings); all else is read from source.';

/** Questions with the same answer and the same rules. */
interface Group {
  readonly first: Answered;
  readonly kernels: Set<string>;
  readonly kills: readonly string[] | null;
  readonly recordings: Record<string, Record<string, readonly string[]>>;
}

/** The whole matrix, one cell a line; kernels and kill policies with the same answer and rules share one. */
export function renderJson({ answers, system_ram, and_then }: Matrix): string {
  const outcomes: string[] = [];
  const numbered = (text: string): number => {
    if (!outcomes.includes(text)) outcomes.push(text);
    return outcomes.indexOf(text);
  };
  const rows = groups(answers).map(({ first, kernels, kills, recordings }) => ({
    place: first.cell.place.id,
    mapping: first.cell.mapping,
    pin: first.cell.pin,
    kernels: [...kernels],
    kills,
    outcome: numbered(JSON.stringify(first.outcome)),
    rules: first.rules,
    recordings,
  }));
  const parts = [
    `"about": ${JSON.stringify(ABOUT)}`,
    `"kernels": ${JSON.stringify(KERNEL_NAMES)}`,
    `"places": ${lines(PLACES.map(({ id, mode, about }) => ({ id, mode, about })))}`,
    `"mappings": ${JSON.stringify(MAPPINGS)}`,
    `"kills": ${lines(KILLS)}`,
    `"pins": ${JSON.stringify(PINS)}`,
    `"outcomes": [\n${outcomes.join(',\n')}\n]`,
    `"cells": ${lines(rows)}`,
    `"memory": ${JSON.stringify(MEMORY)}`,
    `"system_ram": ${lines(system_ram)}`,
    `"uses": ${JSON.stringify(USES)}`,
    `"and_then": ${lines(thenRows(and_then))}`,
  ];
  return `{\n${parts.join(',\n')}\n}\n`;
}

/** What follows, kernels with the same answer and rules together. */
function thenRows(all: readonly AndThen[]): object[] {
  const same = new Map<string, { kernels: string[]; row: object }>();
  for (const { kernel, place, ...own } of all) {
    const row = { place: place.id, ...own };
    const key = JSON.stringify(row);
    const into = same.get(key) ?? { kernels: [], row };
    same.set(key, into);
    into.kernels.push(kernel);
  }
  return [...same.values()].map(({ kernels, row }) => ({ kernels, ...row }));
}

function groups(answers: readonly Answered[]): Group[] {
  const merged = new Map<string, Group>();
  for (const same of ofOneQuestion(answers)) {
    for (const group of bySameAnswer(same)) {
      const { cell, outcome, rules } = group[0]!;
      const kills = group.length === same.length ? null : group.map((own) => own.cell.kill.id);
      const key = JSON.stringify([cell.place.id, cell.mapping, cell.pin, kills, outcome, rules]);
      const into = merged.get(key) ?? { first: group[0]!, kernels: new Set(), kills, recordings: {} };
      into.kernels.add(cell.kernel);
      for (const own of group.filter(({ recordings }) => recordings.length > 0)) {
        (into.recordings[cell.kernel] ??= {})[own.cell.kill.id] = own.recordings;
      }
      merged.set(key, into);
    }
  }
  return [...merged.values()];
}

/** Answers that differ in nothing but the kill policy. */
function ofOneQuestion(answers: readonly Answered[]): Answered[][] {
  return collect(answers, ({ cell }) => [cell.place.id, cell.mapping, cell.pin, cell.kernel]);
}

function bySameAnswer(answers: readonly Answered[]): Answered[][] {
  return collect(answers, ({ outcome, rules }) => [outcome, rules]);
}

function collect(answers: readonly Answered[], by: (answer: Answered) => unknown): Answered[][] {
  const found = new Map<string, Answered[]>();
  for (const answer of answers) {
    const key = JSON.stringify(by(answer));
    found.set(key, [...(found.get(key) ?? []), answer]);
  }
  return [...found.values()];
}

function lines(list: readonly unknown[]): string {
  return `[\n${list.map((item) => JSON.stringify(item)).join(',\n')}\n]`;
}
