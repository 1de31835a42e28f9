import type { FrozenCall } from '../model/frozen_call.ts';
import type { Process } from '../model/host.ts';
import { deviceOf, must, processOf } from '../model/lookup.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { emit, patch, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import { loadOrStore } from './load_store.ts';

/**
 * A file system thaws: who waits for it goes on with what it was about to do, stores as they are met now, pwrite(2) as
 * `pwrite` does it. Refused where what becomes of one of them is not known.
 * Source: fs/super.c thaw_super() sb_freeze_unlock(), kernel/locking/percpu-rwsem.c.
 */
export function goOn(
  tx: Transaction,
  file_system: string,
  pwrite: (pid: number, call: FrozenCall) => Refusal | null,
): Refusal | null {
  for (const { pid, waits_for_thaw: call } of tx.host.tables.processes.values()) {
    if (call?.file_system !== file_system) continue;
    patch(tx, 'processes', String(pid), { state: 'running', waits_for_thaw: null });
    emit(tx, 'process_changed', `processes/${String(pid)}`, { thawed: file_system });
    const refusal =
      call.mapping === null ? pwrite(pid, call) : store(tx, processOf(tx.host, pid), call, call.mapping);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** The store faults anew. */
function store(tx: Transaction, process: Process, call: FrozenCall, id: string): Refusal | null {
  const mapping = must(tx.host.tables.mappings.get(id), `mapping ${id}`);
  const device = deviceOf(tx.host, mapping.dax_device);
  const { offset, length } = call;
  const index = Math.floor(offset / PAGE_BYTES);
  const nr = Math.ceil((offset + length) / PAGE_BYTES) - index;
  const outcome = loadOrStore({ tx, mapping, device, process, caller: 'self', offset, index, nr }, true);
  return isRefusal(outcome) ? outcome : null;
}
