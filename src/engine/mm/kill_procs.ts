import type { Mapping, Process } from '../model/host.ts';
import {
  clipRun,
  levelPages,
  levelShift,
  nextRun,
  runs,
  runsFrom,
  type Level,
} from '../model/mapping_table.ts';
import { must, processOf } from '../model/lookup.ts';
import type { PfnRange } from '../model/pfn_range.ts';
import { dropEntries, entriesOf, hostRecord, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import type { AddressSpace } from './address_space.ts';
import type { SignalRow, StepParameters } from '../model/removal.ts';

/** How many kernel log lines a report keeps. */
export const LOG_LINES = 100;

/** Whose processes are collected, and what the calls are made on. */
export interface KillPlan {
  readonly collect: NonNullable<StepParameters['collect']>;
  readonly cowed_page_counts_as_entry: boolean;
  /** `current`: always collected, signalled by force. */
  readonly by_pid: number | null;
  /** Indices between one call and the next; 1 where absent. */
  readonly stride?: number;
  /** How many calls come to as many indices from one on; as many where absent. A folio is called once for each page. */
  readonly callsAt?: (index: number, indices: number) => number;
  /** The mapping through which madvise faults the page in again before each call. */
  readonly refaults?: string | null;
}

/** Signals in the order sent, and the calls that found somebody. */
export interface Killed {
  readonly signals: readonly SignalRow[];
  readonly rounds: readonly Round[];
}

/** `count` calls alike: the first at `index`, the others at the first call in each next `unit` pages. */
export interface Round {
  readonly index: number;
  readonly unit: number;
  readonly count: number;
  readonly victims: readonly Victim[];
}

/** `stays`: its entry is there at every call, so that each signals it. */
interface Victim {
  readonly pid: number;
  readonly comm: string;
  readonly stays: boolean;
}

/** One run of one mapping, in page indices of the address space. */
interface SpaceRun {
  readonly start: number;
  readonly end: number;
  readonly level: Level;
  /** A copied page, never unmapped, or an entry that is faulted in again before each call. */
  readonly stays: boolean;
  readonly mapping: Mapping;
  readonly collected: boolean;
}

/** A sweep over page indices: runs that began, and up to where entries are unmapped already. */
interface Sweep {
  readonly all: readonly SpaceRun[];
  next: number;
  active: SpaceRun[];
  unmapped_to: number;
}

/**
 * memory_failure() of the pages `start`, `start + stride`, … below `end` of an address space, one call each: the
 * processes with an entry there are collected, the largest collected size goes in all VMAs, the collected are signalled
 * (E1).
 *
 *   index ─▶ collected? ──no──▶ next index where an entry begins or ends
 *              │yes
 *              ├─ largest is PMD: the aligned 2 MiB go for everybody, one signal per collected
 *              └─ largest is PTE: page by page, one signal per page and collected
 *
 * Work grows with runs. Source: mm/memory-failure.c mf_dax_kill_procs(), mf_generic_kill_procs().
 */
export function killProcs(
  tx: Transaction,
  space: AddressSpace,
  start: number,
  end: number,
  plan: KillPlan,
): Killed {
  const stride = plan.stride ?? 1;
  const signals: SignalRow[] = [];
  const rounds: Round[] = [];
  const sweep: Sweep = {
    all: spaceRuns(tx, space, start, end, plan),
    next: 0,
    active: [],
    unmapped_to: start,
  };
  const regions: [number, number][] = [];
  let joins = false;
  let index = start;
  while (index < end) {
    const here = runsAt(sweep, index);
    const calls = Math.ceil((Math.min(end, boundary(sweep, here, index)) - index) / stride);
    const victims = here.filter((run) => run.collected);
    if (victims.length > 0) {
      const unit = Math.max(...victims.map((run) => levelPages(run.level)));
      const hit = regionsOf(index, calls, stride, unit);
      for (const [from, to] of hit) addRegion(regions, from, to, joins && stride === 1);
      for (const victim of victims)
        signals.push(
          signalFor(
            tx,
            victim,
            index,
            victim.stays ? (plan.callsAt?.(index, calls) ?? calls) : units(hit, unit),
            plan,
          ),
        );
      rounds.push({ index, unit, count: units(hit, unit), victims: victims.map((run) => victimOf(tx, run)) });
      sweep.unmapped_to = Math.max(sweep.unmapped_to, hit.at(-1)![1]);
      joins = true;
    } else if (here.length > 0) joins = false;
    index += calls * stride;
  }
  for (const [from, to] of regions) unmap(tx, space.maps, from, to);
  return { signals, rounds };
}

/** What calls at `index`, `index + stride`, … unmap: whole units, neighbours joined. */
function regionsOf(index: number, calls: number, stride: number, unit: number): [number, number][] {
  const unitOf = (at: number): number => Math.floor(at / unit) * unit;
  if (stride <= unit) return [[unitOf(index), unitOf(index + (calls - 1) * stride) + unit]];
  return Array.from({ length: calls }, (_, call) => {
    const from = unitOf(index + call * stride);
    return [from, from + unit];
  });
}

function units(regions: readonly (readonly [number, number])[], unit: number): number {
  return regions.reduce((sum, [from, to]) => sum + (to - from) / unit, 0);
}

function victimOf(tx: Transaction, { mapping, stays }: SpaceRun): Victim {
  const { pid, comm } = processOf(tx.host, mapping.pid);
  return { pid, comm, stays };
}

function spaceRuns(
  tx: Transaction,
  { maps }: AddressSpace,
  start: number,
  end: number,
  plan: KillPlan,
): SpaceRun[] {
  const list: SpaceRun[] = [];
  for (const mapping of maps) {
    const collected = isCollected(tx, processOf(tx.host, mapping.pid), plan);
    const shift = mapping.offset / PAGE_BYTES;
    for (const run of runs(entriesOf(tx.host, mapping.id))) {
      const from = run.index + shift;
      const anon = run.kind === 'anon';
      if (from >= end || from + run.nr_pages <= start || (anon && !plan.cowed_page_counts_as_entry)) continue;
      const stays = anon || mapping.id === plan.refaults;
      const { level, nr_pages } = run;
      const parts = anon ? behindEntries(tx, mapping, from, nr_pages) : [[from, nr_pages] as const];
      for (const [first, count] of parts)
        list.push({ start: first, end: first + count, level, stays, mapping, collected });
    }
  }
  return list.sort((a, b) => a.start - b.start);
}

/**
 * The copied pages whose index has a real entry in i_pages: of no other is a call made, or it looks for nobody.
 * Source: fs/dax.c dax_lock_mapping_entry().
 */
function behindEntries(
  { host }: Transaction,
  { file }: Mapping,
  index: number,
  nr_pages: number,
): PfnRange[] {
  const parts: PfnRange[] = [];
  for (const entry of runsFrom(entriesOf(host, file!), index)) {
    const part = clipRun(entry, index, index + nr_pages);
    if (part === null) break;
    if (part.kind === 'dax') parts.push([part.index, part.nr_pages]);
  }
  return parts;
}

/** Runs with an entry at this index that is still there. */
function runsAt(sweep: Sweep, index: number): SpaceRun[] {
  while (sweep.next < sweep.all.length && sweep.all[sweep.next]!.start <= index) {
    sweep.active.push(sweep.all[sweep.next]!);
    sweep.next += 1;
  }
  sweep.active = sweep.active.filter((run) => run.end > index);
  return sweep.active.filter((run) => run.stays || index >= sweep.unmapped_to);
}

/** The next index at which a run begins or ends, or entries are there again. */
function boundary(sweep: Sweep, here: readonly SpaceRun[], index: number): number {
  let next = sweep.all[sweep.next]?.start ?? Number.POSITIVE_INFINITY;
  for (const run of here) next = Math.min(next, run.end);
  const waiting =
    index < sweep.unmapped_to && sweep.active.some((run) => !run.stays && run.end > sweep.unmapped_to);
  return waiting ? Math.min(next, sweep.unmapped_to) : next;
}

/** M1, M2: the current task always; an early policy by PR_MCE_KILL or, without one, by the sysctl. */
function isCollected(tx: Transaction, process: Process, plan: KillPlan): boolean {
  if (process.pid === plan.by_pid || plan.collect === 'every_leader_with_entry') return true;
  return plan.collect === 'early_kill_or_current' && hasEarlyPolicy(tx, process);
}

/** Source: mm/memory-failure.c find_early_kill_thread(). */
export function hasEarlyPolicy(tx: Transaction, process: Process): boolean {
  const sysctl = hostRecord(tx.host).sysctl.memory_failure_early_kill === 1;
  return process.mce_kill === 'early' || (process.mce_kill === 'default' && sysctl);
}

/** Joins what touches, and what follows where nobody who was left out has an entry in between. */
function addRegion(regions: [number, number][], from: number, to: number, joins: boolean): void {
  const last = regions.at(-1);
  if (last !== undefined && (joins || from <= last[1])) last[1] = Math.max(last[1], to);
  else regions.push([from, to]);
}

/** unmap_mapping_range() of pages `[from, to)` of an address space: own copies stay. */
export function unmap(tx: Transaction, maps: readonly Mapping[], from: number, to: number): void {
  for (const mapping of maps) {
    const shift = mapping.offset / PAGE_BYTES;
    const start = Math.max(0, from - shift);
    const run = nextRun(entriesOf(tx.host, mapping.id), start);
    if (run === null || run.index >= to - shift) continue;
    dropEntries(tx, mapping.id, start, to - shift - start);
  }
}

function signalFor(tx: Transaction, run: SpaceRun, index: number, count: number, plan: KillPlan): SignalRow {
  return signalRow(processOf(tx.host, run.mapping.pid), {
    ar: run.mapping.pid === plan.by_pid,
    address: BigInt(run.mapping.address) + BigInt(index * PAGE_BYTES - run.mapping.offset),
    lsb: levelShift(run.level),
    count,
  });
}

/** What kill_proc() sends: AR to `current`, AO to the rest. */
export function signalRow(
  { pid, comm }: Process,
  {
    ar,
    address,
    lsb,
    count,
  }: { readonly ar: boolean; readonly address: bigint; readonly lsb: number; readonly count: number },
): SignalRow {
  return {
    pid,
    comm,
    signal: 'SIGBUS',
    si_code: ar ? 'BUS_MCEERR_AR' : 'BUS_MCEERR_AO',
    si_addr: `0x${address.toString(16)}`,
    si_addr_lsb: lsb,
    count,
    delivery: 'asynchronous',
    killed: false,
  };
}

/** The line of kill_proc(). */
export function sendingSigbus(
  pfn: number,
  { pid, comm }: { readonly pid: number; readonly comm: string },
): string {
  return `Memory failure: 0x${pfn.toString(16)}: Sending SIGBUS to ${comm}:${String(pid)} due to hardware memory corruption`;
}

/** One line for each page (or entry) and victim of a mass failure. The pfn is that of the entry in i_pages. */
export function announce(space: AddressSpace, { rounds }: Killed): string[] {
  const log: string[] = [];
  for (const { index, unit, count, victims } of rounds) {
    for (let done = 0; done < count && log.length < LOG_LINES; done += 1) {
      const pfn = space.pfnAt((Math.floor(index / unit) + done) * unit);
      log.push(...victims.map((victim) => sendingSigbus(pfn, victim)));
    }
  }
  return log;
}

/** The plan of a removal's step. */
export function massPlan(parameters: StepParameters, by_pid: number | null): KillPlan {
  return {
    collect: must(parameters.collect, 'collect of a mass memory_failure()'),
    cowed_page_counts_as_entry: parameters.cowed_page_counts_as_entry === true,
    by_pid,
  };
}
