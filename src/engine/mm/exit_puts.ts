import { added } from '../model/append.ts';
import type { OopsEffect } from '../kernels/effect.ts';
import type { File, Host, Mapping, Pin } from '../model/host.ts';
import { fileOf, isHeldBeside, openFilesOfPid, pinsOfPid } from '../model/lookup.ts';
import { numberOf } from '../model/id_list.ts';
import type { OpenFile } from '../model/open_file.ts';
import type { Oops } from '../model/outcome.ts';
import { isRefusal, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { dropEntries, patch, remove, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES, type PinHolder } from '../model/vocabulary.ts';
import { closeNode } from './cdev.ts';
import { HARMLESS, type Eviction } from './evict.ts';
import { cleanUpMounts, keepMounts, putInode, type LastPut } from './last_user.ts';
import { loseRefsOfPins } from './lost_refs.ts';
import { releaseOf } from './pin_release.ts';

/** A descriptor or a mapping. */
type Holder = OpenFile | Mapping;

/** What a task puts: one of these, or the descriptor behind a pin. */
type Held = Holder | Pin;

/** What a put did to the task. */
type End = LastPut | OopsEffect;

/** What the last puts of a task did to it, and what else the kernel came to and has logged meanwhile. */
export interface Put {
  readonly end: Exclude<Eviction, { readonly do: 'oops' }> | OopsEffect;
  readonly worker_oopses: readonly Oops[];
  readonly kernel_log: readonly string[];
}

/** Who holds pins by a descriptor of its own: a pipe, a ring, a socket. */
const BY_DESCRIPTOR: ReadonlySet<PinHolder> = new Set(['vmsplice', 'io_uring', 'xdp', 'rdma', 'vfio']);

/**
 * What a task that exits maps and has open goes, but for its pins, and the last to hold each open file description: that
 * is put behind its exit_mmap(), which comes to mappings by address, and exit_files(), which comes to descriptors in
 * their order. Each puts by a work of the task, and the work that was queued last runs first: in this order they are
 * returned. A direct I/O ends before all of them.
 * Source: kernel/exit.c do_exit(), kernel/fork.c __mmput(), fs/file_table.c fput(), kernel/task_work.c task_work_run();
 * EVICT2.
 */
export function letGo(tx: Transaction, pid: number, inOrder: readonly Mapping[]): Held[] {
  const held: Held[] = [...inOrder, ...descriptorsOf(tx.host, pid)];
  const descriptions = new Set<string>();
  let puts: Held[] = [];
  let others: Holder[] = [];
  for (const one of held.reverse()) {
    if (isPin(one) || isNew(descriptions, one.description)) puts = added(puts, one);
    else others = added(others, one);
  }
  for (const one of others.reverse()) drop(tx, one);
  return puts;
}

/** Whether there is one that was not met before; now it has been. */
function isNew(met: Set<string>, description: string | null): boolean {
  if (description === null || met.has(description)) return false;
  met.add(description);
  return true;
}

/** Descriptors by number, that behind a pin as if opened when that was made; behind them pins that have none. */
function descriptorsOf(host: Host, pid: number): readonly Held[] {
  const pins = pinsOfPid(host, pid);
  const open_files = openFilesOfPid(host, pid);
  if (open_files.length + pins.length < 2) return pins.length > 0 ? pins : open_files;
  const opened = [...open_files, ...pins.filter(({ holder }) => BY_DESCRIPTOR.has(holder))];
  return [
    ...opened.sort((a, b) => numberOf(a.id) - numberOf(b.id)),
    ...pins.filter(({ holder }) => !BY_DESCRIPTOR.has(holder)),
  ];
}

/**
 * Puts them one after another, and then cleans up the detached mounts whose last users they were. A task that dies or
 * waits at one never comes to those behind it. Adds what is not known, or refused, of an inode or the release of a pin,
 * which goes on as if it had ended.
 */
export function putAll(tx: Transaction, pid: number, puts: readonly Held[], unknown: Refusal[]): Put {
  const lastOf = lastPuts(puts);
  const kernel_log: string[] = [];
  const worker_oopses: Oops[] = [];
  let files: File[] = [];
  let released: Pin[] = [];
  for (let at = 0; at < puts.length; at += 1) {
    const one = puts[at]!;
    let end = isPin(one) ? release(tx, one, unknown, worker_oopses) : putNode(tx, one, kernel_log);
    if (isPin(one) && !isLost(end)) released = added(released, one);
    const file = isPin(one) || one.file === null ? null : fileOf(tx.host, one.file);
    // An inode that the task puts once more is not asked who else uses it.
    if (file !== null && lastOf.get(file.id) === at) {
      // Before anybody asks for the counts of folios: of many pins at once.
      loseRefsOfPins(tx, released);
      released = [];
      end = putInode(tx, file);
    }
    if (file !== null && !isLost(end) && files.at(-1) !== file) files = added(files, file);
    if (end.do === 'unknown') unknown.push(unknownOutcome(end.why));
    if (end.do === 'refused') unknown.push(end.refusal);
    if (!isLost(end)) continue;
    loseRefsOfPins(tx, released);
    keep(tx, pid, puts.slice(at + 1));
    keepMounts(tx, files);
    return { end: struck(end), worker_oopses, kernel_log };
  }
  loseRefsOfPins(tx, released);
  return { end: struck(cleanUpMounts(tx, files)), worker_oopses, kernel_log };
}

/** Which of these is the last of each file. */
function lastPuts(puts: readonly Held[]): ReadonlyMap<string, number> {
  const lastOf = new Map<string, number>();
  for (let at = 0; at < puts.length; at += 1) {
    const one = puts[at]!;
    if (!isPin(one) && one.file !== null) lastOf.set(one.file, at);
  }
  return lastOf;
}

/** A descriptor or a mapping goes, with the node of a device that it held. */
function putNode(tx: Transaction, holder: Holder, kernel_log: string[]): End {
  drop(tx, holder);
  const node = closeNode(tx, holder);
  for (const line of node.kernel_log) kernel_log.push(line);
  return node.end;
}

/** The last put of what holds a pin; where its release oopses, the pin stays. */
function release(tx: Transaction, pin: Pin, unknown: Refusal[], worker_oopses: Oops[]): End {
  const released = releaseOf(tx.host, pin, 'exit');
  if (isRefusal(released)) unknown.push(released);
  else if (released.effect.do === 'oops') return released.effect;
  else worker_oopses.push(...released.worker_oopses);
  remove(tx, 'pins', pin.id);
  return HARMLESS;
}

/** Whether the task comes to nothing behind it. */
function isLost(end: End): end is Extract<End, { readonly do: 'oops' | 'hang' }> {
  return end.do === 'oops' || end.do === 'hang';
}

function struck(end: Eviction | OopsEffect): Put['end'] {
  return end.do === 'oops' ? { task: 'stuck', ...end } : end;
}

/**
 * What a task never puts stays its own: a descriptor, a pin, or a mapping without an entry for the file of an area that
 * is gone (EVICT2). What another task holds besides was not its last.
 */
function keep(tx: Transaction, pid: number, puts: readonly Held[]): void {
  const holders = puts.filter((one): one is Holder => !isPin(one));
  for (const holder of holders) {
    if (isHeldBeside(tx.host, holder)) drop(tx, holder);
    else if ('length' in holder) dropEntries(tx, holder.id, 0, holder.length / PAGE_BYTES, true);
  }
  for (const { id } of pinsOfPid(tx.host, pid)) patch(tx, 'pins', id, { mapping: null });
}

function isPin(one: Held): one is Pin {
  return 'holder' in one;
}

function drop(tx: Transaction, holder: Holder): void {
  remove(tx, 'length' in holder ? 'mappings' : 'open_files', holder.id);
}
