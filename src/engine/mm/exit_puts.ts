import type { OopsEffect } from '../kernels/effect.ts';
import type { File, Mapping } from '../model/host.ts';
import { fileOf, mappingsOfDevice, openFilesOfDevice, openFilesOfPid } from '../model/lookup.ts';
import type { OpenFile } from '../model/open_file.ts';
import { unknownOutcome, type Refusal } from '../model/refusal.ts';
import { dropEntries, remove, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import { closeNode } from './cdev.ts';
import type { Eviction } from './evict.ts';
import { inExitOrder } from './exit_walk.ts';
import { cleanUpMounts, keepMounts, putInode } from './last_user.ts';

/** A descriptor or a mapping. */
type Holder = OpenFile | Mapping;

/** What the last puts of a task did to it, and what the kernel has logged meanwhile. */
interface Put {
  readonly end: Exclude<Eviction, { readonly do: 'oops' }> | OopsEffect;
  readonly kernel_log: readonly string[];
}

/**
 * What a task that exits maps and has open goes, but for the last to hold each open file description: that is put behind
 * its exit_mmap(), which comes to mappings by address, and exit_files(), which comes to descriptors in their order. Each
 * puts by a work of the task, and the work that was queued last runs first: in this order they are returned.
 * Source: kernel/exit.c do_exit(), fs/file_table.c fput(), kernel/task_work.c task_work_run(); EVICT2.
 */
export function letGo(tx: Transaction, pid: number): Holder[] {
  const held: Holder[] = [...inExitOrder(tx.host, pid), ...openFilesOfPid(tx.host, pid)];
  const last = new Map(held.map((holder) => [holder.description, holder]));
  const isPut = (holder: Holder): boolean =>
    holder.description !== null && last.get(holder.description) === holder;
  for (const holder of held) if (!isPut(holder)) drop(tx, holder);
  return held.filter(isPut).reverse();
}

/**
 * Puts them one after another, and then cleans up the detached mounts whose last users they were. A task that dies or
 * waits at one never comes to those behind it. Adds what is not known of an inode, which goes on as if it had ended.
 */
export function putAll(tx: Transaction, pid: number, puts: readonly Holder[], unknown: Refusal[]): Put {
  const lastOf = new Map(puts.map(({ file }, at) => [file, at]));
  const files: File[] = [];
  const kernel_log: string[] = [];
  for (const [at, holder] of puts.entries()) {
    drop(tx, holder);
    const node = closeNode(tx, holder);
    kernel_log.push(...node.kernel_log);
    const file = holder.file === null ? null : fileOf(tx.host, holder.file);
    // An inode that the task puts once more is not asked who else uses it.
    const isUsed = file === null || lastOf.get(file.id) !== at;
    const end: Eviction | OopsEffect = isUsed ? node.end : putInode(tx, file);
    if (end.do === 'unknown') unknown.push(unknownOutcome(end.why));
    if (end.do === 'oops' || end.do === 'hang') {
      keep(tx, pid, puts.slice(at + 1));
      keepMounts(tx, files);
      return { end: struck(end), kernel_log };
    }
    if (file !== null) files.push(file);
  }
  return { end: struck(cleanUpMounts(tx, files)), kernel_log };
}

function struck(end: Eviction | OopsEffect): Put['end'] {
  return end.do === 'oops' ? { task: 'stuck', ...end } : end;
}

/**
 * What a task never puts stays its own: a descriptor, or a mapping without an entry for the file of an area that is gone
 * (EVICT2). What another task holds besides was not its last.
 */
export function keep(tx: Transaction, pid: number, puts: readonly Holder[]): void {
  const beside = heldBeside(tx, pid, puts);
  for (const holder of puts) {
    if (beside.has(holder.description)) drop(tx, holder);
    else if ('length' in holder) dropEntries(tx, holder.id, 0, holder.length / PAGE_BYTES, true);
  }
}

/** The descriptions that other tasks hold. O(users of the devices). */
function heldBeside({ host }: Transaction, pid: number, puts: readonly Holder[]): Set<string | null> {
  const devices = [...new Set(puts.map(({ dax_device }) => dax_device))];
  const users = [openFilesOfDevice, mappingsOfDevice].flatMap((of) =>
    devices.flatMap<Holder>((device) => of(host, device)),
  );
  return new Set(users.filter((user) => user.pid !== pid).map(({ description }) => description));
}

function drop(tx: Transaction, holder: Holder): void {
  remove(tx, 'length' in holder ? 'mappings' : 'open_files', holder.id);
}
