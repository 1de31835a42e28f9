import type { File, Mapping, Process } from '../host.ts';
import { holdsMemory, mappingsOfFile } from '../lookup.ts';
import { levelPages, levelShift, runAt, runCount, runs, seek, type Level } from '../mapping_table.ts';
import { processOf } from '../process_end.ts';
import { dropEntries, entriesOf, hostRecord, type Transaction } from '../transaction.ts';
import { PAGE_BYTES } from '../vocabulary.ts';
import type { StepParameters } from './profile.ts';
import type { SignalRow } from './record.ts';

/** Signals in the order sent, and the log lines that announce them (at most LOG_LINES, the rest is counted). */
export interface Killed {
  readonly signals: readonly SignalRow[];
  readonly log: readonly string[];
}

/** How many kernel log lines a report keeps. */
export const LOG_LINES = 100;

export interface KillPlan {
  readonly parameters: StepParameters;
  readonly by_pid: number | null;
}

/** One run of one mapping, in page indices of the file. */
interface FileRun {
  readonly start: number;
  readonly end: number;
  readonly level: Level;
  /** A copied page: counted on v7.3, never unmapped. */
  readonly anon: boolean;
  readonly mapping: Mapping;
  readonly collected: boolean;
}

/** A sweep over page indices: runs that began, and up to where device entries are unmapped already. */
interface Sweep {
  readonly all: readonly FileRun[];
  next: number;
  active: FileRun[];
  unmapped_to: number;
}

/**
 * memory_failure() over page indices `[start, end)` of a file, ascending: at each index collect who has an
 * entry there, unmap the largest collected size in all VMAs, signal the collected (SPEC.md E).
 *
 *   index ─▶ collected? ──no──▶ next index where an entry begins or ends
 *              │yes
 *              ├─ largest is PMD: the aligned 2 MiB go for everybody, one signal per collected
 *              └─ largest is PTE: page by page, one signal per page and collected
 *
 * Work grows with runs. Source: mm/memory-failure.c mf_dax_kill_procs(), memory_failure_dev_pagemap().
 */
export function killProcs(tx: Transaction, file: File, start: number, end: number, plan: KillPlan): Killed {
  const signals: SignalRow[] = [];
  const log: string[] = [];
  const maps = mappersOf(tx, file);
  const sweep: Sweep = { all: fileRuns(tx, maps, start, end, plan), next: 0, active: [], unmapped_to: start };
  const regions: [number, number][] = [];
  let joins = false;
  let index = start;
  while (index < end) {
    const here = runsAt(sweep, index);
    const stop = Math.min(end, boundary(sweep, here, index));
    const victims = here.filter((run) => run.collected);
    if (victims.length === 0) {
      if (here.length > 0) joins = false;
      index = stop;
      continue;
    }
    const unit = Math.max(...victims.map((run) => levelPages(run.level)));
    const first = Math.floor(index / unit) * unit;
    const units = Math.max(1, Math.floor((stop - first) / unit));
    const past = first + units * unit;
    addRegion(regions, first, past, joins);
    joins = true;
    for (const victim of victims) signals.push(signalFor(tx, victim, index, units, plan));
    announce(log, tx, file, victims, { index, unit, units });
    sweep.unmapped_to = Math.max(sweep.unmapped_to, past);
    index = unit > 1 && units === 1 ? index + 1 : past;
  }
  for (const [from, to] of regions) unmap(tx, maps, from, to);
  return { signals, log };
}

/** Mappings of the file whose task still has its memory. */
export function mappersOf(tx: Transaction, file: File): Mapping[] {
  return mappingsOfFile(tx.host, file.id).filter((mapping) => holdsMemory(processOf(tx, mapping.pid)));
}

function fileRuns(
  tx: Transaction,
  maps: readonly Mapping[],
  start: number,
  end: number,
  plan: KillPlan,
): FileRun[] {
  const list: FileRun[] = [];
  const countsCopies = plan.parameters.cowed_page_counts_as_entry === true;
  for (const mapping of maps) {
    const collected = isCollected(tx, processOf(tx, mapping.pid), plan);
    const shift = mapping.offset / PAGE_BYTES;
    for (const run of runs(entriesOf(tx.host, mapping.id))) {
      const from = run.index + shift;
      const anon = run.kind === 'anon';
      if (from >= end || from + run.nr_pages <= start || (anon && !countsCopies)) continue;
      list.push({ start: from, end: from + run.nr_pages, level: run.level, anon, mapping, collected });
    }
  }
  return list.sort((a, b) => a.start - b.start);
}

/** Runs with an entry at this index that is still there. */
function runsAt(sweep: Sweep, index: number): FileRun[] {
  while (sweep.next < sweep.all.length && sweep.all[sweep.next]!.start <= index) {
    sweep.active.push(sweep.all[sweep.next]!);
    sweep.next += 1;
  }
  sweep.active = sweep.active.filter((run) => run.end > index);
  return sweep.active.filter((run) => run.anon || index >= sweep.unmapped_to);
}

/** The next index at which a run begins or ends, or device entries are there again. */
function boundary(sweep: Sweep, here: readonly FileRun[], index: number): number {
  let next = sweep.all[sweep.next]?.start ?? Number.POSITIVE_INFINITY;
  for (const run of here) next = Math.min(next, run.end);
  const waiting =
    index < sweep.unmapped_to && sweep.active.some((run) => !run.anon && run.end > sweep.unmapped_to);
  return waiting ? Math.min(next, sweep.unmapped_to) : next;
}

/** A.3: the current task always; an early policy by PR_MCE_KILL or, without one, by the sysctl. */
function isCollected(tx: Transaction, process: Process, plan: KillPlan): boolean {
  if (process.pid === plan.by_pid || plan.parameters.collect === 'every_leader_with_entry') return true;
  if (plan.parameters.collect !== 'early_kill_or_current') return false;
  const sysctl = hostRecord(tx.host).sysctl.memory_failure_early_kill === 1;
  return process.mce_kill === 'early' || (process.mce_kill === 'default' && sysctl);
}

/** Joins what follows where nobody who was left out has an entry in between. */
function addRegion(regions: [number, number][], from: number, to: number, joins: boolean): void {
  const last = regions.at(-1);
  if (last !== undefined && joins) last[1] = Math.max(last[1], to);
  else regions.push([from, to]);
}

function unmap(tx: Transaction, maps: readonly Mapping[], from: number, to: number): void {
  for (const mapping of maps) {
    const shift = mapping.offset / PAGE_BYTES;
    const entries = entriesOf(tx.host, mapping.id);
    const at = seek(entries, Math.max(0, from - shift));
    if (at === runCount(entries) || runAt(entries, at).index >= to - shift) continue;
    dropEntries(tx, mapping.id, Math.max(0, from - shift), to - shift - Math.max(0, from - shift));
  }
}

function signalFor(tx: Transaction, run: FileRun, index: number, count: number, plan: KillPlan): SignalRow {
  const { mapping } = run;
  const { pid, comm } = processOf(tx, mapping.pid);
  const address = BigInt(mapping.address) + BigInt(index * PAGE_BYTES - mapping.offset);
  return {
    pid,
    comm,
    signal: 'SIGBUS',
    si_code: pid === plan.by_pid ? 'BUS_MCEERR_AR' : 'BUS_MCEERR_AO',
    si_addr: `0x${address.toString(16)}`,
    si_addr_lsb: levelShift(run.level),
    count,
    delivery: 'asynchronous',
    killed: false,
  };
}

/** One line for each page (or entry) and victim. The pfn is that of the entry in i_pages. */
function announce(
  log: string[],
  tx: Transaction,
  file: File,
  victims: readonly FileRun[],
  at: { readonly index: number; readonly unit: number; readonly units: number },
): void {
  for (let done = 0; done < at.units && log.length < LOG_LINES; done += 1) {
    const page = Math.floor(at.index / at.unit) * at.unit + done * at.unit;
    const extent = file.extents.find(({ offset, nr_pages }) => offset <= page && page < offset + nr_pages)!;
    const pfn = extent.pfn + (page - extent.offset);
    for (const { mapping } of victims) {
      const { comm, pid } = processOf(tx, mapping.pid);
      log.push(
        `Memory failure: 0x${pfn.toString(16)}: Sending SIGBUS to ${comm}:${String(pid)} due to hardware memory corruption`,
      );
    }
  }
}
