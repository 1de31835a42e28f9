import { blockedOutcome, okOutcome, oopsOutcome, type Oops, type Outcome } from '../model/outcome.ts';
import type { Eviction } from './evict.ts';
import { letGo, putAll, type Put } from './exit_puts.ts';
import { putFile } from './last_user.ts';
import { loseRefs } from './lost_refs.ts';
import { zapEffect, zapLog } from './zap.ts';
import { mappingsOfPid, processOf } from '../model/lookup.ts';
import type { OopsEffect } from '../kernels/effect.ts';
import { closeNode, type NodeHolder } from './cdev.ts';
import { isRefusal, unknownOutcome, type Refusal } from '../model/refusal.ts';
import type { Mapping, Process } from '../model/host.ts';
import { emit, hostRecord, patch, type Transaction } from '../model/transaction.ts';
import type { NeverEnding } from '../model/never_ending.ts';
import { inExitOrder } from './exit_walk.ts';
import { leaveWithoutEnd } from './never_returns.ts';
import { mmLocked } from './mm_locked.ts';

/** How a process ends. */
export type End = { readonly killed_by: string } | { readonly exit: number };

/**
 * Ends a process: exit_mmap() zaps what it maps, then its files are closed, among them what holds its pins. Where the
 * kernel oopses on the way the task is never reaped and keeps the rest.
 *
 *   exit_mmap ──oops──▶ oopsed (never reaped)
 *      │ok
 *   last puts of files and pins, then of mounts: evict, release ──oops──▶ oopsed │ ──hang──▶ blocked (EVICT2)
 *      │ok
 *   dead
 *
 * Refused with `outcome_unknown`: its memory is locked, or nothing describes the release of a pin or the eviction of an
 * inode that it comes to; with `dax_device_busy` where that waits for a thaw. It has ended all the same: a removal that
 * kills, which cannot be refused, goes on.
 * Source: mm/mmap.c exit_mmap(), kernel/exit.c do_exit(); R140, R141, R123-R126.
 */
export function endProcess(tx: Transaction, pid: number, end: End): Outcome | Refusal {
  const process = processOf(tx.host, pid);
  const locked = mmLocked(process);
  const unknown = locked === null ? [] : [locked];
  const outcome = exit(tx, process, end, unknown);
  return unknown[0] ?? outcome;
}

/** The way of an exit; adds what is not known on it. */
function exit(tx: Transaction, { pid, comm }: Process, end: End, unknown: Refusal[]): Outcome {
  const mappings = mappingsOfPid(tx.host, pid);
  const zapped = zap(tx, mappings.filter(hasPresent), comm);
  if ('do' in zapped) return oopsed(tx, pid, zapped);
  const put = putAll(tx, pid, letGo(tx, pid, inExitOrder(mappings)), unknown);
  for (const { at } of put.worker_oopses) recordOops(tx, at);
  const outcome = withLog(put.kernel_log, ended(tx, pid, end, put.end, unknown));
  return besides(put.worker_oopses, withLog(zapped, outcome));
}

/**
 * exit_mmap() of mappings that have entries: the oops that it runs into, or what it logs. Of a process that a removal
 * kills all have been unmapped; its exit asks the kernel's facts as any other.
 */
function zap(tx: Transaction, present: readonly Mapping[], comm: string): OopsEffect | readonly string[] {
  const effect = zapEffect(tx.host, inExitOrder(present), 'exit');
  if (effect.do === 'oops') return effect;
  const log = zapLog(tx, present, comm);
  loseRefs(tx, present);
  return log;
}

function hasPresent({ present: { pte, pmd, pud, anon } }: Mapping): boolean {
  return pte + pmd + pud + anon > 0;
}

/** What becomes of the task behind its last puts. */
function ended(tx: Transaction, pid: number, end: End, put: Put['end'], unknown: Refusal[]): Outcome {
  if (put.do === 'oops') return oopsed(tx, pid, put);
  if (put.do === 'hang') return hang(tx, pid, put.in);
  if (put.do === 'unknown') unknown.push(unknownOutcome(put.why));
  patch(tx, 'processes', String(pid), { state: 'dead', end });
  emit(tx, 'process_ended', `processes/${String(pid)}`, { ...end });
  return okOutcome({ process_alive: false, end });
}

/** The same where kernel workers died meanwhile: a task that waits is told as one that waits. */
function besides(oopses: readonly Oops[], outcome: Outcome): Outcome {
  if (oopses.length === 0) return outcome;
  const result = outcome.result === 'ok' ? 'kernel_oops' : outcome.result;
  return { ...outcome, result, kernel_oopses: [...oopses, ...outcome.kernel_oopses] };
}

/** What a task that the host does not record gets of an eviction. Refused: `outcome_unknown`. */
export function evictionOutcome(tx: Transaction, eviction: Eviction): Outcome | Refusal {
  switch (eviction.do) {
    case 'ok':
      return okOutcome();
    case 'unknown':
      return unknownOutcome(eviction.why);
    case 'hang':
      return blockedOutcome(eviction.in);
    case 'oops':
      recordOops(tx, eviction.at);
      return oopsOutcome(eviction.at, 'caller');
  }
}

/** A last put outside of an exit: an oops kills the task, which has let go already what made it oops (S4, S20). */
export function putBy(tx: Transaction, pid: number, holder: NodeHolder): Outcome | Refusal {
  const { end: closed, kernel_log } = closeNode(tx, holder);
  if (tx.pending.length > 0)
    emit(tx, 'dax_device_changed', `dax-devices/${holder.dax_device}`, { closed: holder.description });
  const end = closed.do === 'ok' ? putFile(tx, holder) : closed;
  switch (end.do) {
    case 'ok':
      return okOutcome({ kernel_log });
    case 'unknown':
      return unknownOutcome(end.why);
    case 'refused':
      return end.refusal;
    case 'hang':
      return hang(tx, pid, end.in);
    case 'oops':
      return withLog(kernel_log, strike(tx, pid, { ...end, task: 'dies' }));
  }
}

/** What the kernel has logged before an outcome. */
export function withLog<Told extends Outcome | Refusal>(kernel_log: readonly string[], outcome: Told): Told {
  return kernel_log.length === 0 || isRefusal(outcome)
    ? outcome
    : { ...outcome, kernel_log: [...kernel_log, ...outcome.kernel_log] };
}

/** The task waits, or spins, in the kernel for what never comes, and takes no signal. */
export function hang(tx: Transaction, pid: number, blocked_in: string): Outcome {
  patch(tx, 'processes', String(pid), { state: 'blocked' });
  emit(tx, 'process_changed', `processes/${String(pid)}`, { blocked_in });
  return blockedOutcome(blocked_in);
}

/** The task is struck by an oops and never reaped. */
export function oopsed(tx: Transaction, pid: number, { at, never_ends, log }: OopsEffect): Outcome {
  patch(tx, 'processes', String(pid), { state: 'oopsed' });
  recordOops(tx, at, never_ends);
  return oopsOutcome(at, 'process', { process_alive: true, kernel_log: logOf(log) });
}

function logOf(log: string | undefined): readonly string[] {
  return log === undefined ? [] : [log];
}

/** An oops somewhere in the kernel: the host's health shows it until a reboot, and what it left without an end. */
export function recordOops(tx: Transaction, at: string | null, never_ends?: NeverEnding): void {
  const record = hostRecord(tx.host);
  if (record.health === 'ok') patch(tx, 'hosts', record.name, { health: 'oopsed' });
  if (never_ends !== undefined) leaveWithoutEnd(tx, never_ends);
  emit(tx, 'kernel_oopsed', `hosts/${record.name}`, { at });
}

/** An oops kills the task; its exit may oops again. */
function dieByOops(tx: Transaction, pid: number, { at, never_ends, log }: OopsEffect): Outcome | Refusal {
  recordOops(tx, at, never_ends);
  const ended = endProcess(tx, pid, { killed_by: 'SIGKILL' });
  if (isRefusal(ended)) return ended;
  const kernel_oopses: Oops[] = [{ at, task: 'process' }, ...ended.kernel_oopses];
  return withLog<Outcome>(logOf(log), { ...ended, result: 'kernel_oops', kernel_oopses });
}

/** Applies an oops effect to the process itself. Refused as endProcess(), where it dies of it. */
export function strike(tx: Transaction, pid: number, effect: OopsEffect): Outcome | Refusal {
  return effect.task === 'stuck' ? oopsed(tx, pid, effect) : dieByOops(tx, pid, effect);
}

/**
 * Spins in the kernel until SIGKILL: DELETE of the process ends it. `null` is a process that the host does not record.
 */
export function livelock(tx: Transaction, pid: number | null): Pick<Outcome, 'result' | 'blocked_in'> {
  if (pid !== null) patch(tx, 'processes', String(pid), { state: 'livelocked' });
  const record = hostRecord(tx.host);
  if (record.health === 'ok') patch(tx, 'hosts', record.name, { health: 'livelocked' });
  emit(tx, 'kernel_livelocked', pid === null ? `hosts/${record.name}` : `processes/${String(pid)}`);
  return { result: 'livelock', blocked_in: 'faultin_page' };
}
