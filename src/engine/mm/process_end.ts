import { blockedOutcome, okOutcome, oopsOutcome, type Oops, type Outcome } from '../model/outcome.ts';
import type { Eviction } from './evict.ts';
import { keep, letGo, putAll } from './exit_puts.ts';
import { putFile } from './last_user.ts';
import { loseRefs, loseRefsOfPin } from './lost_refs.ts';
import { zapEffect, zapLog } from './zap.ts';
import { mappingsOfPid, pinsOfPid, processOf } from '../model/lookup.ts';
import type { OopsEffect } from '../kernels/effect.ts';
import { closeNode, type NodeHolder } from './cdev.ts';
import { isRefusal, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { emit, hostRecord, patch, remove, type Transaction } from '../model/transaction.ts';
import type { NeverEnding } from '../model/never_ending.ts';
import { inExitOrder } from './exit_walk.ts';
import { leaveWithoutEnd } from './never_returns.ts';
import { mmLocked } from './mm_locked.ts';
import { releaseOf } from './pin_release.ts';

/** How a process ends. */
export type End = { readonly killed_by: string } | { readonly exit: number };

/**
 * Ends a process: exit_mmap() zaps what it maps, then its files are closed, which drops its pins. Where the
 * kernel oopses on the way the task is never reaped and keeps the rest.
 *
 *   exit_mmap ──oops──▶ oopsed (never reaped)
 *      │ok
 *   release pins ──oops──▶ oopsed | the worker dies, the task ends
 *      │ok
 *   last puts of files, then of mounts: evict ──oops──▶ oopsed │ ──hang──▶ blocked (EVICT2)
 *      │ok
 *   dead
 *
 * Refused with `outcome_unknown`: its memory is locked, or nothing describes the release of a pin or the eviction of an
 * inode that it comes to. It has ended all the same: a removal that kills, which cannot be refused, goes on.
 * Source: mm/mmap.c exit_mmap(), kernel/exit.c do_exit(); R140, R141, R123-R126.
 */
export function endProcess(tx: Transaction, pid: number, end: End): Outcome | Refusal {
  const locked = mmLocked(processOf(tx.host, pid));
  const unknown = locked === null ? [] : [locked];
  const outcome = exit(tx, pid, end, unknown);
  return unknown[0] ?? outcome;
}

/** The way of an exit; adds what is not known on it. */
function exit(tx: Transaction, pid: number, end: End, unknown: Refusal[]): Outcome {
  const mappings = mappingsOfPid(tx.host, pid);
  const effect = zapEffect(tx.host, inExitOrder(tx.host, pid), 'exit');
  if (effect.do === 'oops') return oopsed(tx, pid, effect);
  const zapped = zapLog(tx, mappings, processOf(tx.host, pid).comm);
  loseRefs(tx, mappings);
  const puts = letGo(tx, pid);
  const oopses: Oops[] = [];
  for (const pin of pinsOfPid(tx.host, pid)) {
    const release = releaseOf(tx.host, pin, 'exit');
    if (isRefusal(release)) unknown.push(release);
    else if (release.effect.do === 'oops') {
      keep(tx, pid, puts);
      for (const left of pinsOfPid(tx.host, pid)) patch(tx, 'pins', left.id, { mapping: null });
      return withLog(zapped, oopsed(tx, pid, release.effect));
    } else oopses.push(...release.worker_oopses);
    loseRefsOfPin(tx, pin);
    remove(tx, 'pins', pin.id);
  }
  const put = putAll(tx, pid, puts, unknown);
  const kernel_log = [...zapped, ...put.kernel_log];
  if (put.end.do === 'oops') return withLog(kernel_log, oopsed(tx, pid, put.end));
  if (put.end.do === 'hang') return withLog(kernel_log, hang(tx, pid, put.end.in));
  if (put.end.do === 'unknown') unknown.push(unknownOutcome(put.end.why));
  patch(tx, 'processes', String(pid), { state: 'dead', end });
  emit(tx, 'process_ended', `processes/${String(pid)}`, { ...end });
  for (const oops of oopses) recordOops(tx, oops.at);
  const ended = { process_alive: false, end, kernel_oopses: oopses, kernel_log };
  return oopses.length > 0 ? { ...okOutcome(ended), result: 'kernel_oops' } : okOutcome(ended);
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
    case 'hang':
      return hang(tx, pid, end.in);
    case 'oops':
      return withLog(kernel_log, strike(tx, pid, { ...end, task: 'dies' }));
  }
}

/** What the kernel has logged before an outcome. */
export function withLog<Told extends Outcome | Refusal>(kernel_log: readonly string[], outcome: Told): Told {
  return isRefusal(outcome) ? outcome : { ...outcome, kernel_log: [...kernel_log, ...outcome.kernel_log] };
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
