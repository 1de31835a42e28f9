import type { Kind } from '../model/host.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import { hostRecord, remove, emit, type Transaction } from '../model/transaction.ts';

/** Deletes a host and everything recorded of it; refused while a removal is unfinished. */
export function deleteHost(tx: Transaction): null | Refusal {
  for (const removal of tx.host.tables.removals.values()) {
    if (removal.state === 'running' || removal.state === 'waiting') {
      return refuse('host_in_use', `removal ${removal.id} is ${removal.state}: POST …/reboot ends it`);
    }
  }
  const { name } = hostRecord(tx.host);
  for (const kind of Object.keys(tx.host.tables) as Kind[]) {
    if (kind === 'hosts') continue;
    for (const id of [...tx.host.tables[kind].keys()]) remove(tx, kind, id);
  }
  remove(tx, 'hosts', name);
  emit(tx, 'host_deleted', `hosts/${name}`);
  return null;
}
