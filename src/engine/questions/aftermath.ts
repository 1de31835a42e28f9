import type { HazardKind } from '../model/hazard_kind.ts';
import type { Hazard, RemovalRecord, SignalRow, StepRecord } from '../model/removal.ts';

/** The part of a removal that tells what became of its users: by process, and by pin. */
export interface Aftermath {
  readonly signals: ByPid<SignalRow>;
  readonly dangers: ByPid<Hazard>;
  readonly waiting_on: ReadonlySet<string>;
  readonly steps: readonly StepRecord[];
}

type ByPid<Row> = ReadonlyMap<number | null, readonly Row[]>;

/** What looking at a process does to the kernel afterwards. */
const DANGERS: ReadonlySet<HazardKind> = new Set(['kernel_oops', 'gup_livelock']);

/** Each list is looked through once, however many users there are. */
export function aftermathOf(
  { hazards, waiting_on, steps }: Pick<RemovalRecord, 'hazards' | 'waiting_on' | 'steps'>,
  signals: readonly SignalRow[],
): Aftermath {
  return {
    signals: byPid(signals),
    dangers: byPid(hazards.filter(({ kind }) => DANGERS.has(kind))),
    waiting_on: new Set(waiting_on.map(({ pin }) => pin)),
    steps,
  };
}

function byPid<Row extends { readonly pid: number | null }>(rows: readonly Row[]): ByPid<Row> {
  const all = new Map<number | null, Row[]>();
  for (const row of rows) {
    const own = all.get(row.pid);
    if (own === undefined) all.set(row.pid, [row]);
    else own.push(row);
  }
  return all;
}
