import type { Mapping } from '../model/host.ts';
import { unitIn, type Level } from '../model/mapping_table.ts';
import { levelOf, ownerOf, spaceRuns, STAYS, staysIn, type Mapped, type SpaceRuns } from './space_runs.ts';

/** What was sent to the process of a VMA for entries of one size: how often, and the first page index. */
export interface Sent {
  readonly mapping: Mapping;
  readonly level: Level;
  readonly index: number;
  count: number;
}

/** `count` calls alike: the first at `index`, the others at the first call in each next `unit` pages. */
export interface SweptRound {
  readonly index: number;
  readonly unit: number;
  readonly count: number;
  readonly victims: readonly { readonly mapping: Mapping; readonly stays: boolean }[];
}

/** What calls on a range of page indices have come to. */
export interface Swept {
  /** By VMA and size, in the order in which the first was sent. */
  readonly sent: readonly Sent[];
  /** How many were sent, those for neighbouring pages of one entry size together. */
  readonly rows: number;
  readonly rounds: readonly SweptRound[];
  /** What goes, ascending. */
  readonly regions: readonly (readonly [from: number, to: number])[];
}

/** The calls: one at `start`, `start + stride`, … below `end`. */
export interface Calls {
  readonly start: number;
  readonly end: number;
  readonly stride: number;
  /** How many calls come to as many indices from one on: a folio is called once for each page. */
  readonly callsAt: (index: number, indices: number) => number;
  /** Rounds are kept until they have named so many processes. */
  readonly named_max: number;
}

/**
 * Which processes calls on page indices signal, and what of the address space goes.
 *
 *   index ─▶ collected? ──no──▶ next index where an entry begins or ends
 *              │yes
 *              ├─ largest is PMD: the aligned 2 MiB go for everybody, one signal per collected
 *              └─ largest is PTE: page by page, one signal per page and collected
 *
 * O(runs), each looked at once for every run that begins or ends while it lasts.
 */
export function sweepCalls(mapped: readonly Mapped[], calls: Calls): Swept {
  const runs = spaceRuns(mapped, calls);
  const sentTo = new Int32Array(mapped.length << 3).fill(-1);
  const sweep: Sweep = {
    mapped,
    calls,
    runs,
    next: 0,
    active: [],
    present: [],
    here: 0,
    unmapped_to: calls.start,
    joins: false,
    sent: [],
    sentTo,
    rows: 0,
    rounds: [],
    named: 0,
    regions: [],
  };
  let index = calls.start;
  while (index < calls.end) {
    const stop = arriveAt(sweep, index);
    const indices = Math.ceil((Math.min(calls.end, stop) - index) / calls.stride);
    const unit = largestUnit(sweep);
    if (unit > 0) hit(sweep, index, indices, unit);
    else if (sweep.here > 0) sweep.joins = false;
    index += indices * calls.stride;
  }
  return sweep;
}

/** A sweep over page indices: runs that began, and up to where entries are unmapped already. */
interface Sweep {
  readonly mapped: readonly Mapped[];
  readonly calls: Calls;
  readonly runs: SpaceRuns;
  next: number;
  /** Runs that have not ended, and, of as many as `here` says, those that still have an entry at the index. */
  readonly active: number[];
  readonly present: number[];
  here: number;
  unmapped_to: number;
  /** Whether nobody who was left out has an entry since the last region. */
  joins: boolean;
  readonly sent: Sent[];
  /** Which of `sent` is of a VMA and size; -1: none yet. */
  readonly sentTo: Int32Array;
  rows: number;
  readonly rounds: SweptRound[];
  named: number;
  readonly regions: [from: number, to: number][];
}

/** Tells which runs have an entry at an index that is still there; returns the next index at which that changes. */
function arriveAt(sweep: Sweep, index: number): number {
  const { active, present, unmapped_to } = sweep;
  const { starts, ends, slots, count } = sweep.runs;
  let { next } = sweep;
  while (next < count && starts[next]! <= index) {
    active.push(next);
    next += 1;
  }
  sweep.next = next;
  let stop = next < count ? starts[next]! : Number.POSITIVE_INFINITY;
  let kept = 0;
  let here = 0;
  for (let at = 0; at < active.length; at += 1) {
    const run = active[at]!;
    const end = ends[run]!;
    if (end <= index) continue;
    active[kept] = run;
    kept += 1;
    if (index >= unmapped_to || staysIn(slots[run]!)) {
      present[here] = run;
      here += 1;
      if (end < stop) stop = end;
    } else if (end > unmapped_to && unmapped_to < stop) stop = unmapped_to;
  }
  active.length = kept;
  sweep.here = here;
  return stop;
}

/** The largest entry of a process that is collected, in pages; 0 where none is. */
function largestUnit({ mapped, runs, present, here }: Sweep): number {
  let level = -1;
  for (let at = 0; at < here; at += 1) {
    const slot = runs.slots[present[at]!]!;
    if ((slot & 3) > level && mapped[ownerOf(slot)]!.collected) level = slot & 3;
  }
  return level < 0 ? 0 : unitIn(level);
}

/** Calls that find somebody: all that is collected is signalled, and what the largest entry covers goes. */
function hit(sweep: Sweep, index: number, indices: number, unit: number): void {
  const { stride } = sweep.calls;
  const first = Math.floor(index / unit) * unit;
  const behind = Math.floor((index + (indices - 1) * stride) / unit) * unit + unit;
  const units = stride <= unit ? (behind - first) / unit : indices;
  if (stride <= unit) addRegion(sweep.regions, first, behind, sweep.joins && stride === 1);
  else
    for (let call = 0; call < indices; call += 1) {
      const from = Math.floor((index + call * stride) / unit) * unit;
      addRegion(sweep.regions, from, from + unit, false);
    }
  if (sweep.named < sweep.calls.named_max) name(sweep, { index, unit, count: units });
  signal(sweep, index, indices, units);
  sweep.unmapped_to = Math.max(sweep.unmapped_to, behind);
  sweep.joins = true;
}

function signal(sweep: Sweep, index: number, indices: number, units: number): void {
  const { mapped, runs, present, here, sent, sentTo } = sweep;
  for (let at = 0; at < here; at += 1) {
    const slot = runs.slots[present[at]!]!;
    const { collected, mapping } = mapped[ownerOf(slot)]!;
    if (!collected) continue;
    sweep.rows += 1;
    const count = staysIn(slot) ? sweep.calls.callsAt(index, indices) : units;
    const key = slot & ~STAYS;
    const known = sentTo[key]!;
    if (known >= 0) sent[known]!.count += count;
    else {
      sentTo[key] = sent.length;
      sent.push({ mapping, level: levelOf(slot), index, count });
    }
  }
}

function name(sweep: Sweep, round: Omit<SweptRound, 'victims'>): void {
  const { mapped, runs, present, here } = sweep;
  const slots = present.slice(0, here).map((run) => runs.slots[run]!);
  const victims = slots
    .filter((slot) => mapped[ownerOf(slot)]!.collected)
    .map((slot) => ({ mapping: mapped[ownerOf(slot)]!.mapping, stays: staysIn(slot) }));
  sweep.rounds.push({ ...round, victims });
  sweep.named += round.count * victims.length;
}

/** Joins what touches, and what follows where nobody who was left out has an entry in between. */
function addRegion(regions: [number, number][], from: number, to: number, joins: boolean): void {
  const last = regions.at(-1);
  if (last !== undefined && (joins || from <= last[1])) last[1] = Math.max(last[1], to);
  else regions.push([from, to]);
}
