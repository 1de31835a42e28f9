import type { Mapping, Process } from '../model/host.ts';
import { isWithin } from '../model/change_entries.ts';
import { hasRuns, levelShift } from '../model/mapping_table.ts';
import { must, processOf, virtualAddress } from '../model/lookup.ts';
import { dropEntries, emptyEntries, entriesOf, hostRecord, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import type { AddressSpace } from './address_space.ts';
import type { Mapped } from './alike_vmas.ts';
import { sweepCalls, type Sent } from './kill_sweep.ts';
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
  /** The calls that are told name so many processes, the first; all are where absent. */
  readonly named_max?: number;
  /** The mapping through which madvise faults the page in again before each call. */
  readonly refaults?: string | null;
}

/** What calls have sent, and the first that found somebody. */
export interface Killed {
  /** One of each VMA and entry size, in the order in which the first was sent. */
  readonly signals: readonly SignalRow[];
  /** How many were sent, those for neighbouring pages together. */
  readonly rows: number;
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

/**
 * memory_failure() of the pages `start`, `start + stride`, … below `end` of an address space, one call each: the
 * processes with an entry there are collected, the largest collected size goes in all VMAs, the collected are signalled
 * (E1). Work grows with runs. Source: mm/memory-failure.c mf_dax_kill_procs(), mf_generic_kill_procs().
 */
export function killProcs(
  tx: Transaction,
  space: AddressSpace,
  start: number,
  end: number,
  plan: KillPlan,
): Killed {
  const {
    stride = 1,
    callsAt = (_index: number, indices: number) => indices,
    named_max = Number.POSITIVE_INFINITY,
  } = plan;
  const mapped = space.maps.map((mapping) => mappedBy(tx, mapping, plan));
  const { sent, rows, rounds, regions } = sweepCalls(mapped, { start, end, stride, callsAt, named_max });
  const told = rounds.map(({ victims, ...round }): Round => {
    return { ...round, victims: victims.map(({ mapping, stays }) => ({ ...named(tx, mapping), stays })) };
  });
  for (const [from, to] of regions) unmap(tx, space.maps, from, to);
  return { signals: sent.map((each) => signalFor(tx, each, plan)), rows, rounds: told };
}

function named(tx: Transaction, { pid: id }: Mapping): Pick<Process, 'pid' | 'comm'> {
  const { pid, comm } = processOf(tx.host, id);
  return { pid, comm };
}

function mappedBy(tx: Transaction, mapping: Mapping, plan: KillPlan): Mapped {
  const counts = plan.cowed_page_counts_as_entry && mapping.file !== null;
  return {
    mapping,
    entries: entriesOf(tx.host, mapping.id),
    behind: counts ? entriesOf(tx.host, mapping.file) : null,
    shift: mapping.offset / PAGE_BYTES,
    collected: isCollected(tx, mapping.pid, plan),
    refaults: mapping.id === plan.refaults,
  };
}

/** M1, M2: the current task always; an early policy by PR_MCE_KILL or, without one, by the sysctl. */
function isCollected(tx: Transaction, pid: number, plan: KillPlan): boolean {
  if (pid === plan.by_pid || plan.collect === 'every_leader_with_entry') return true;
  return plan.collect === 'early_kill_or_current' && hasEarlyPolicy(tx, processOf(tx.host, pid));
}

/** Source: mm/memory-failure.c find_early_kill_thread(). */
export function hasEarlyPolicy(tx: Transaction, process: Process): boolean {
  const sysctl = hostRecord(tx.host).sysctl.memory_failure_early_kill === 1;
  return process.mce_kill === 'early' || (process.mce_kill === 'default' && sysctl);
}

/** unmap_mapping_range() of pages `[from, to)` of an address space: own copies stay. */
export function unmap(tx: Transaction, maps: readonly Mapping[], from: number, to: number): void {
  const emptied: string[] = [];
  for (const { id, offset, present } of maps) {
    const shift = offset / PAGE_BYTES;
    const start = Math.max(0, from - shift);
    const end = to - shift;
    const entries = entriesOf(tx.host, id);
    if (!hasRuns(entries, start, end)) continue;
    if (present.anon === 0 && isWithin(entries, start, end)) emptied.push(id);
    else dropEntries(tx, id, start, end - start);
  }
  emptyEntries(tx, emptied);
}

function signalFor(tx: Transaction, { mapping, level, index, count }: Sent, plan: KillPlan): SignalRow {
  return signalRow(processOf(tx.host, mapping.pid), {
    ar: mapping.pid === plan.by_pid,
    address: virtualAddress(mapping, index * PAGE_BYTES - mapping.offset),
    lsb: levelShift(level),
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
    named_max: LOG_LINES,
  };
}
