import type { CreateProcess } from '../model/use_command.ts';
import type { Mapping, Process } from '../model/host.ts';
import { isPrivate } from '../mm/fault_walk.ts';
import { copiedByFork, forkUntold } from '../mm/fork.ts';
import { findMapper } from '../mm/mm_locked.ts';
import { mappingsOfPid, openFilesOfPid } from '../model/lookup.ts';
import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';
import {
  add,
  copyEntries,
  emit,
  FIRST_REVISION,
  hostRecord,
  identity,
  nextIds,
  protectEntries,
  put,
  type Transaction,
} from '../model/transaction.ts';

/** Creates a process; with `parent_pid` a fork that inherits the parent's descriptors, mappings and kill policy. */
export function createProcess(tx: Transaction, command: CreateProcess): Process | Refusal {
  const parent =
    command.parent_pid === undefined ? null : findMapper(tx.host, command.parent_pid, '/parent_pid');
  if (isRefusal(parent)) return parent;
  const pid = command.pid ?? nextPid(tx);
  if (tx.host.tables.processes.has(String(pid))) {
    return refuse('process_exists', `there is a process ${String(pid)} already`, { pointer: '/pid' });
  }
  const untold = parent === null ? null : forkUntold(tx.host, parent.pid);
  if (untold !== null) return untold;
  const { uid, revision, host } = identity(tx);
  const record = put(tx, 'processes', String(pid), {
    uid,
    revision,
    host,
    pid,
    comm: command.comm,
    tenant: command.tenant ?? parent?.tenant ?? null,
    mce_kill: command.mce_kill ?? parent?.mce_kill ?? 'default',
    sigbus: command.sigbus ?? parent?.sigbus ?? 'default',
    parent_pid: command.parent_pid ?? null,
    state: 'running',
    mm_locked: false,
    waits_for_thaw: null,
    end: null,
  });
  if (parent !== null) inherit(tx, parent.pid, pid);
  emit(tx, 'process_created', `processes/${String(pid)}`, { comm: command.comm });
  return record;
}

/** Pids count with the ids of the host, from 1000 on: a free one is found at once. */
function nextPid(tx: Transaction): number {
  let pid = 1000 + hostRecord(tx.host).next_id;
  while (tx.host.tables.processes.has(String(pid))) pid += 1;
  return pid;
}

/** The parent's descriptors and VMAs. */
function inherit(tx: Transaction, parent: number, pid: number): void {
  const opened = openFilesOfPid(tx.host, parent);
  const mappings = mappingsOfPid(tx.host, parent);
  const idOf = nextIds(tx, opened.length + mappings.length);
  for (const open_file of opened) {
    const id = idOf('o');
    add(tx, 'open_files', id, { ...open_file, uid: tx.context.uid(), revision: FIRST_REVISION, id, pid });
  }
  for (const mapping of mappings) inheritMapping(tx, mapping, idOf('v'), pid);
}

/** The child's VMA, with the entries that a fork copies; private pages are shared until either side stores (A8). */
function inheritMapping(tx: Transaction, mapping: Mapping, id: string, pid: number): void {
  const none = { pte: 0, pmd: 0, pud: 0, anon: 0 };
  const uid = tx.context.uid();
  const child = {
    ...mapping,
    uid,
    revision: FIRST_REVISION,
    id,
    pid,
    activity: 'idle',
    present: none,
  } as const;
  add(tx, 'mappings', id, child);
  if (mapping.anonymous && isPrivate(mapping)) protectEntries(tx, [mapping.id]);
  const copied = copiedByFork(tx.host, mapping);
  if (copied !== 'none') copyEntries(tx, mapping.id, id, copied === 'pte');
}
