import type { Mapping } from '../model/host.ts';
import { unitIn, type Level } from '../model/mapping_table.ts';
import { alikeVmas, type Alike, type Mapped } from './alike_vmas.ts';
import { levelOf, ownerOf, spaceRuns, STAYS, staysIn, type SpaceRuns } from './space_runs.ts';

/** What was sent to the process of a VMA for entries of one size: how often, and the first page index. */
export interface Sent {
  readonly mapping: Mapping;
  readonly level: Level;
  readonly index: number;
  readonly count: number;
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
  /** Rounds name so many processes, the first. */
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
 * O(runs), each looked at once for every run that begins or ends while it lasts; VMAs that are alike count as one.
 */
export function sweepCalls(mapped: readonly Mapped[], calls: Calls): Swept {
  const all = alikeVmas(mapped);
  const runs = spaceRuns(all, calls);
  const sweep: Sweep = {
    mapped,
    all,
    calls,
    runs,
    next: 0,
    active: new Int32Array(FEW),
    lasting: 0,
    present: new Int32Array(FEW),
    here: 0,
    unmapped_to: calls.start,
    joins: false,
    sent: [],
    sentTo: new Int32Array(all.length << 3).fill(-1),
    hits: 0,
    rows: 0,
    rounds: [],
    named: 0,
    regions: [],
  };
  let index = calls.start;
  while (index < calls.end) {
    const passed = passAlone(sweep, index);
    if (passed > index) {
      index = passed;
      continue;
    }
    const stop = arriveAt(sweep, index);
    const indices = Math.ceil((Math.min(calls.end, stop) - index) / calls.stride);
    const unit = largestUnit(sweep);
    if (unit > 0) hit(sweep, index, indices, unit);
    else if (sweep.here > 0) sweep.joins = false;
    index += indices * calls.stride;
  }
  const { rows, rounds, regions } = sweep;
  return { sent: sentOf(sweep), rows, rounds, regions };
}

/** Room for runs that last at an index, to begin with. */
const FEW = 16;

/** A sweep over page indices: runs that began, and up to where entries are unmapped already. */
interface Sweep {
  readonly mapped: readonly Mapped[];
  readonly all: readonly Alike[];
  readonly calls: Calls;
  readonly runs: SpaceRuns;
  next: number;
  /** The first are runs that have not ended. */
  active: Int32Array;
  lasting: number;
  /** Of those, the first are the ones that still have an entry at the index. */
  present: Int32Array;
  here: number;
  unmapped_to: number;
  /** Whether nobody who was left out has an entry since the last region. */
  joins: boolean;
  readonly sent: SentAlike[];
  /** Which of `sent` is of a slot; -1: none yet. */
  readonly sentTo: Int32Array;
  /** How many calls have found somebody, neighbouring pages together. */
  hits: number;
  rows: number;
  readonly rounds: SweptRound[];
  named: number;
  readonly regions: [from: number, to: number][];
}

/** What was sent to the processes of VMAs that are alike for entries of one size. */
interface SentAlike {
  readonly slot: number;
  readonly index: number;
  /** In which of the hits first, and where the run began that was hit. */
  readonly hit: number;
  readonly start: number;
  count: number;
}

/**
 * Runs by PTE behind each other, all of VMAs that are alike, with nothing else in between: their pages are called for one
 * by one. Returns the index behind them; the one it was given where there are none.
 */
function passAlone(sweep: Sweep, index: number): number {
  const { calls, runs, all, next } = sweep;
  if (sweep.lasting > 0 || calls.stride > 1 || next === runs.count) return index;
  const slot = runs.slots[next]!;
  const begin = runs.starts[next]!;
  const { collected, members } = all[ownerOf(slot)]!;
  const isNamed = collected && sweep.named < calls.named_max;
  const isOdd = unitIn(slot & 3) > 1 || staysIn(slot) || begin < Math.max(index, sweep.unmapped_to);
  if (isNamed || isOdd) return index;
  const { behind, pages } = aloneFrom(runs, next, calls.end);
  if (behind === next) return index;
  const to = runs.ends[behind - 1]!;
  sweep.next = behind;
  if (collected) {
    send(sweep, slot, begin, begin, pages);
    addRegion(sweep.regions, begin, to, sweep.joins);
    sweep.hits += 1;
    sweep.rows += (behind - next) * members.length;
    sweep.unmapped_to = to;
  }
  sweep.joins = collected;
  return to;
}

/** Up to which run they are of the slot of the first and end before the next begins. */
function aloneFrom({ starts, ends, slots, count }: SpaceRuns, next: number, limit: number) {
  const slot = slots[next];
  let behind = next;
  let pages = 0;
  while (behind < count && slots[behind] === slot) {
    const end = ends[behind]!;
    if (end > limit || (behind + 1 < count && starts[behind + 1]! < end)) break;
    pages += end - starts[behind]!;
    behind += 1;
  }
  return { behind, pages };
}

/** Tells which runs have an entry at an index that is still there; returns the next index at which that changes. */
function arriveAt(sweep: Sweep, index: number): number {
  beginAt(sweep, index);
  const { active, present, lasting, next, unmapped_to } = sweep;
  const { starts, ends, slots, count } = sweep.runs;
  let stop = next < count ? starts[next]! : Number.POSITIVE_INFINITY;
  let kept = 0;
  let here = 0;
  for (let at = 0; at < lasting; at += 1) {
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
  sweep.lasting = kept;
  sweep.here = here;
  return stop;
}

/** Runs that begin at an index, or have begun since the last. */
function beginAt(sweep: Sweep, index: number): void {
  const { starts, count } = sweep.runs;
  let { next, lasting } = sweep;
  for (; next < count && starts[next]! <= index; next += 1) {
    if (lasting === sweep.active.length) widen(sweep);
    sweep.active[lasting] = next;
    lasting += 1;
  }
  sweep.next = next;
  sweep.lasting = lasting;
}

function widen(sweep: Sweep): void {
  const { active } = sweep;
  sweep.active = new Int32Array(2 * active.length);
  sweep.active.set(active);
  sweep.present = new Int32Array(2 * active.length);
}

/** The largest entry of a process that is collected, in pages; 0 where none is. */
function largestUnit({ all, runs, present, here }: Sweep): number {
  let level = -1;
  for (let at = 0; at < here; at += 1) {
    const slot = runs.slots[present[at]!]!;
    if ((slot & 3) > level && all[ownerOf(slot)]!.collected) level = slot & 3;
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
  sweep.hits += 1;
  sweep.unmapped_to = Math.max(sweep.unmapped_to, behind);
  sweep.joins = true;
}

function signal(sweep: Sweep, index: number, indices: number, units: number): void {
  const { all, runs, present, here } = sweep;
  for (let at = 0; at < here; at += 1) {
    const run = present[at]!;
    const slot = runs.slots[run]!;
    const { collected, members } = all[ownerOf(slot)]!;
    if (!collected) continue;
    sweep.rows += members.length;
    const count = staysIn(slot) ? sweep.calls.callsAt(index, indices) : units;
    send(sweep, slot, index, runs.starts[run]!, count);
  }
}

/** Sends to the processes of VMAs that are alike, for their entries of one size. */
function send(
  { sent, sentTo, hits }: Sweep,
  slot: number,
  index: number,
  start: number,
  count: number,
): void {
  const key = slot & ~STAYS;
  const known = sentTo[key]!;
  if (known >= 0) sent[known]!.count += count;
  else {
    sentTo[key] = sent.length;
    sent.push({ slot, index, hit: hits, start, count });
  }
}

function name(sweep: Sweep, round: Omit<SweptRound, 'victims'>): void {
  const { mapped, all, runs, present, here, hits: hit, calls } = sweep;
  const { index, count } = round;
  const found: SentAlike[] = [];
  for (let at = 0; at < here; at += 1) {
    const run = present[at]!;
    const slot = runs.slots[run]!;
    if (all[ownerOf(slot)]!.collected) found.push({ slot, index, hit, start: runs.starts[run]!, count });
  }
  const victims = eachMember(all, found, calls.named_max - sweep.named).map(({ of: { slot }, member }) => {
    return { mapping: mapped[member]!.mapping, stays: staysIn(slot) };
  });
  sweep.rounds.push({ ...round, victims });
  sweep.named += count * victims.length;
}

function sentOf({ mapped, all, sent }: Sweep): Sent[] {
  return eachMember(all, sent, Number.POSITIVE_INFINITY).map(({ of: { slot, index, count }, member }) => {
    return { mapping: mapped[member]!.mapping, level: levelOf(slot), index, count };
  });
}

interface OfMember {
  readonly of: SentAlike;
  readonly member: number;
}

/**
 * What was sent to VMAs that are alike, by each of them, up to so many: hit by hit, as runs begin, in the order of the
 * VMAs.
 */
function eachMember(all: readonly Alike[], sent: readonly SentAlike[], limit: number): OfMember[] {
  const each = sent.flatMap((of) =>
    all[ownerOf(of.slot)]!.members.slice(0, limit).map((member): OfMember => ({ of, member })),
  );
  const inOrder = each.sort((a, b) => a.of.hit - b.of.hit || a.of.start - b.of.start || a.member - b.member);
  return inOrder.slice(0, limit);
}

/** Joins what touches, and what follows where nobody who was left out has an entry in between. */
function addRegion(regions: [number, number][], from: number, to: number, joins: boolean): void {
  const last = regions.at(-1);
  if (last !== undefined && (joins || from <= last[1])) last[1] = Math.max(last[1], to);
  else regions.push([from, to]);
}
