import type { Recorded } from '../test/conformance/recording.ts';
import { buildAndThen, type AndThen } from './and_then.ts';
import { ask, type Asked, type Outcome } from './ask.ts';
import { decidedBy } from './decided_by.ts';
import { cells, type Cell } from './dimensions.ts';
import { disagreement, keyOf, shownBy, type Shown } from './recorded.ts';
import { buildSystemRam, type RamAnswer } from './system_ram.ts';

/** One answer of the engine, what decides it and which recordings show it. */
export interface Answered {
  readonly cell: Cell;
  readonly outcome: Outcome;
  readonly rules: readonly string[];
  /** Names of recordings; none: read from source. */
  readonly recordings: readonly string[];
}

export interface Matrix {
  readonly answers: readonly Answered[];
  readonly system_ram: readonly RamAnswer[];
  /** What cleaning up behind a removal gives, call by call. */
  readonly and_then: readonly AndThen[];
  /** Recordings that show something else than the engine answers. */
  readonly contradictions: readonly string[];
  /** What recordings show of cells that the matrix does not have. */
  readonly unplaced: readonly string[];
}

/** Asks every question, and holds every answer against what recordings show of it. */
export function buildMatrix(recordings: readonly Recorded[]): Matrix {
  const shown = new Map<string, Shown[]>();
  for (const one of shownBy(recordings)) shown.set(one.key, [...(shown.get(one.key) ?? []), one]);
  const contradictions: string[] = [];
  const refused = new Map<string, Asked>();
  const answers = cells().map((cell) => {
    // What cannot be set up cannot be for any kill policy: one no is enough.
    const setUp = keyOf(cell.kernel, cell.place.id, cell.mapping, '', cell.pin);
    const asked = refused.get(setUp) ?? ask(cell);
    if (asked.outcome.refused !== null) refused.set(setUp, asked);
    const key = keyOf(cell.kernel, cell.place.id, cell.mapping, cell.kill.id, cell.pin);
    const cited = new Set<string>();
    for (const one of shown.get(key) ?? []) {
      const differ = disagreement(asked.outcome, one);
      if (differ.length === 0) cited.add(one.by.replace(/ \(.*/, ''));
      else if (!one.crowded) contradictions.push(`${key}: ${one.by}: ${differ.join('; ')}`);
    }
    shown.delete(key);
    return { cell, outcome: asked.outcome, rules: decidedBy(asked), recordings: [...cited].sort() };
  });
  const ram = buildSystemRam(recordings);
  return {
    answers,
    system_ram: ram.answers,
    and_then: buildAndThen(),
    contradictions: [...contradictions, ...ram.contradictions],
    unplaced: [...shown.keys()],
  };
}
