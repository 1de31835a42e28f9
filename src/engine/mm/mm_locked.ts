import type { Host, Process } from '../model/host.ts';
import { findActor } from '../model/lookup.ts';
import { isRefusal, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { patch, type Transaction } from '../model/transaction.ts';

/**
 * A task that looked into the memory of a process has died: for ever it holds the process's mmap_lock for reading, and
 * the lock of a page table. Source: fs/proc/task_mmu.c smaps_pte_range(), mm/gup.c follow_page_pte(); LK5.
 */
export function lockMm(tx: Transaction, pid: number): void {
  patch(tx, 'processes', String(pid), { mm_locked: true });
}

/** What a process meets there, but at entries that are there already: `outcome_unknown`; null where nobody has died. */
export function mmLocked({ pid, mm_locked }: Process): Refusal | null {
  if (!mm_locked) return null;
  return unknownOutcome(
    `a task that looked into process ${String(pid)} has died with the locks of its memory: what it meets there is neither recorded nor in the sources read: POST …/reboot ends it`,
  );
}

/** A process that can change what it maps, or the refusal to give. */
export function findMapper(host: Host, pid: number, pointer?: string): Process | Refusal {
  const process = findActor(host, pid, pointer);
  return isRefusal(process) ? process : (mmLocked(process) ?? process);
}
