import type { Outcome } from '../model/command.ts';
import { zapLog, zapOfGiven } from './zap.ts';
import type { Mapping, Pin, Process } from '../model/host.ts';
import { deviceOf, factsOf, mappingsOfPid, memmapGone, must, pinsOfPid, staleRuns } from '../model/lookup.ts';
import { okOutcome, oopsOutcome } from '../model/outcome.ts';
import type { ByLevel, Effect } from '../kernels/effect.ts';
import { levelOf } from './stale.ts';
import { unknownOutcome, type Refusal } from '../model/refusal.ts';
import { emit, hostRecord, patch, remove, type Transaction } from '../model/transaction.ts';

export type End = { readonly killed_by: string } | { readonly exit: number };
type Oops = Outcome['kernel_oopses'][number];

/**
 * Ends a process: exit_mmap() zaps what it maps, then its files are closed, which drops its pins. Where the
 * kernel oopses on the way the task is never reaped and keeps the rest.
 *
 *   exit_mmap ──oops──▶ oopsed (never reaped)
 *      │ok
 *   release pins ──oops──▶ oopsed | the worker dies, the task ends
 *      │ok
 *   dead
 *
 * Source: mm/mmap.c exit_mmap(), kernel/exit.c do_exit(); R140, R141, R123-R126.
 */
export function endProcess(tx: Transaction, pid: number, end: End): Outcome {
  const mappings = mappingsOfPid(tx.host, pid);
  const effect = zapEffect(tx, mappings, factsOf(tx.host).stale.exit);
  if (effect.do === 'oops') return oopsed(tx, pid, effect.at);
  const kernel_log = zapLog(tx, mappings, processOf(tx, pid).comm);
  for (const mapping of mappings) remove(tx, 'mappings', mapping.id);
  const oopses: Oops[] = [];
  for (const pin of pinsOfPid(tx.host, pid)) {
    const released = releaseEffect(tx, pin, 'exit');
    if (released.do === 'oops') return oopsed(tx, pid, released.at);
    oopses.push(...workerOops(tx, pin));
    remove(tx, 'pins', pin.id);
  }
  patch(tx, 'processes', String(pid), { state: 'dead', end });
  emit(tx, 'process_ended', `processes/${String(pid)}`, { ...end });
  for (const oops of oopses) recordOops(tx, oops.at);
  const ended = { process_alive: false, end, kernel_oopses: oopses, kernel_log };
  return oopses.length > 0 ? { ...okOutcome(ended), result: 'kernel_oops' } : okOutcome(ended);
}

/** What zapping the entries of mappings, in this order, does to the kernel: ok, or the first oops. */
export function zapEffect(tx: Transaction, mappings: readonly Mapping[], effects: ByLevel): Effect {
  const ofGiven = zapOfGiven(tx);
  for (const mapping of mappings) {
    const gone = memmapGone(deviceOf(tx.host, mapping.dax_device));
    const effect = gone ? zapOfGone(tx, mapping, effects) : ofGiven(mapping);
    if (effect.do === 'oops') return effect;
  }
  return { do: 'ok' };
}

/** Without struct pages the first stale entry decides. */
function zapOfGone(tx: Transaction, mapping: Mapping, effects: ByLevel): Effect {
  const [first] = staleRuns(tx.host, mapping);
  return first === undefined ? { do: 'ok' } : levelOf(effects, first);
}

/** What releasing a pin does: fine while its pgmap lives. `null` facts are refused before this is asked. */
export function releaseEffect(tx: Transaction, pin: Pin, how: 'drop' | 'exit'): Effect {
  if (!outlivesPgmap(tx, pin)) return { do: 'ok' };
  const facts = factsOf(tx.host).pin_release_after_removal;
  if (pin.holder !== 'vmsplice' && pin.holder !== 'io_uring' && pin.holder !== 'xdp') return { do: 'ok' };
  return facts[pin.holder]?.[how] ?? { do: 'ok' };
}

/** The kernel worker that runs into a deferred release. */
export function workerOops(tx: Transaction, pin: Pin): Oops[] {
  if (!outlivesPgmap(tx, pin) || (pin.holder !== 'io_uring' && pin.holder !== 'xdp')) return [];
  const at = factsOf(tx.host).worker_oops_at[pin.holder];
  return at === null ? [] : [{ at, task: 'worker' }];
}

/** Whether a pin's struct pages are gone. */
function outlivesPgmap(tx: Transaction, pin: Pin): boolean {
  const device = deviceOf(tx.host, pin.dax_device);
  return memmapGone(device) && pin.pgmap === device.pgmap && pin.pfn_ranges.length > 0;
}

/** The task is struck by an oops and never reaped. */
function oopsed(tx: Transaction, pid: number, at: string): Outcome {
  patch(tx, 'processes', String(pid), { state: 'oopsed' });
  recordOops(tx, at);
  return oopsOutcome(at, 'process', { process_alive: true });
}

/** An oops somewhere in the kernel: the host's health shows it until a reboot. */
export function recordOops(tx: Transaction, at: string): void {
  const record = hostRecord(tx.host);
  if (record.health === 'ok') patch(tx, 'hosts', record.name, { health: 'oopsed' });
  emit(tx, 'kernel_oopsed', `hosts/${record.name}`, { at });
}

/** An oops kills the task; its exit may oops again. */
function dieByOops(tx: Transaction, pid: number, at: string): Outcome {
  recordOops(tx, at);
  const ended = endProcess(tx, pid, { killed_by: 'SIGKILL' });
  return {
    ...ended,
    result: 'kernel_oops',
    kernel_oopses: [{ at, task: 'process' }, ...ended.kernel_oopses],
  };
}

/** Applies an oops effect to the process itself. */
export function strike(tx: Transaction, pid: number, effect: Extract<Effect, { do: 'oops' }>): Outcome {
  return effect.task === 'stuck' ? oopsed(tx, pid, effect.at) : dieByOops(tx, pid, effect.at);
}

/** Spins in the kernel until SIGKILL: DELETE of the process ends it. `null` is somebody whom the host does not have. */
export function livelock(tx: Transaction, pid: number | null): Pick<Outcome, 'result' | 'blocked_in'> {
  if (pid !== null) patch(tx, 'processes', String(pid), { state: 'livelocked' });
  const record = hostRecord(tx.host);
  if (record.health === 'ok') patch(tx, 'hosts', record.name, { health: 'livelocked' });
  emit(tx, 'kernel_livelocked', pid === null ? `hosts/${record.name}` : `processes/${String(pid)}`);
  return { result: 'livelock', blocked_in: 'faultin_page' };
}

/** Forced or unhandled SIGBUS ends a process; a handler lets it live on. */
export function survivesSigbus(process: Process, forced: boolean): boolean {
  if (process.sigbus === 'handled') return true;
  return !forced && (process.sigbus === 'blocked' || process.sigbus === 'ignored');
}

export function processOf(tx: Transaction, pid: number): Process {
  return must(tx.host.tables.processes.get(String(pid)), `process ${String(pid)}`);
}

/**
 * A pin whose release after the removal nothing describes: RDMA, VFIO and other holders, or any holder once
 * the device was bound again. Refused rather than guessed.
 */
export function releaseUnknown(tx: Transaction, pid: number): Refusal | null {
  for (const pin of pinsOfPid(tx.host, pid)) {
    const refusal = pinReleaseUnknown(tx, pin);
    if (refusal !== null) return refusal;
  }
  return null;
}

export function pinReleaseUnknown(tx: Transaction, pin: Pin): Refusal | null {
  const device = deviceOf(tx.host, pin.dax_device);
  if (pin.pgmap !== device.pgmap && pin.pfn_ranges.length > 0) {
    return unknownOutcome(
      `releasing ${pin.id} after the device was bound again is neither recorded nor in the sources read: POST …/reboot ends it`,
    );
  }
  if (!outlivesPgmap(tx, pin)) return null;
  const facts = factsOf(tx.host).pin_release_after_removal;
  const known =
    (pin.holder === 'vmsplice' || pin.holder === 'io_uring' || pin.holder === 'xdp') &&
    facts[pin.holder] !== null;
  return known
    ? null
    : unknownOutcome(
        `where the release of ${pin.id} (${pin.holder}) oopses is not recorded: POST …/reboot ends it`,
      );
}
