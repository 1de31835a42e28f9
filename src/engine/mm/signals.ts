import type { Process } from '../model/host.ts';
import { processOf } from '../model/lookup.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';
import { endProcess } from './process_end.ts';
import type { SignalRow } from '../model/removal.ts';

/** Only AO may be blocked or ignored. Source: mm/memory-failure.c kill_proc(), kernel/signal.c force_sig(). */
export function isForced({ si_code }: Pick<SignalRow, 'si_code'>): boolean {
  return si_code !== 'BUS_MCEERR_AO';
}

/** Signals that were delivered, and why the end of somebody who died of one is not known, where it is not. */
interface Delivered {
  readonly signals: SignalRow[];
  readonly unknown: Refusal | null;
}

/**
 * Delivers what a mass memory_failure() sent: one row for each process and entry size, with the first address and how
 * many were sent. A process without a handler dies; AR is forced.
 * Source: mm/memory-failure.c kill_proc(), send_sig_mceerr().
 */
export function deliver(tx: Transaction, sent: readonly SignalRow[]): Delivered {
  const delivered: SignalRow[] = [];
  const killed = new Set<number>();
  for (const row of eachOnce(sent)) {
    const process = processOf(tx.host, row.pid);
    const dies = process.state === 'running' && !survivesSigbus(process, isForced(row));
    if (dies) killed.add(row.pid);
    delivered.push(dies ? { ...row, killed: true } : row);
  }
  const ends = [...killed].map((pid) => endProcess(tx, pid, { killed_by: 'SIGBUS' }));
  return { signals: delivered, unknown: ends.find(isRefusal) ?? null };
}

/** One row for each process, size and code, in the order of the first of each. */
function eachOnce(sent: readonly SignalRow[]): readonly SignalRow[] {
  const rows: SignalRow[] = [];
  // Where the rows of a process stand: few, however many VMAs it has.
  const placesOf = new Map<number, number[]>();
  for (const row of sent) {
    const places = placesOf.get(row.pid);
    const at = places?.find((place) => isAlike(rows[place]!, row));
    if (at !== undefined) {
      rows[at] = { ...rows[at]!, count: rows[at]!.count + row.count };
      continue;
    }
    if (places === undefined) placesOf.set(row.pid, [rows.length]);
    else places.push(rows.length);
    rows.push(row);
  }
  return rows;
}

function isAlike(a: SignalRow, b: SignalRow): boolean {
  return a.si_addr_lsb === b.si_addr_lsb && a.si_code === b.si_code;
}

/** Forced or unhandled SIGBUS ends a process; a handler lets it live on. */
export function survivesSigbus(process: Process, forced: boolean): boolean {
  if (process.sigbus === 'handled') return true;
  return !forced && (process.sigbus === 'blocked' || process.sigbus === 'ignored');
}

/**
 * Whether a process lives on after a signal that a fault of its own forces on it. `sigbus: default` stands for a process
 * without handlers; every other one is taken to handle SIGSEGV, whatever it does with SIGBUS (S40).
 */
export function survivesForced(process: Process, signal: 'SIGBUS' | 'SIGSEGV'): boolean {
  return signal === 'SIGSEGV' ? process.sigbus !== 'default' : survivesSigbus(process, true);
}
