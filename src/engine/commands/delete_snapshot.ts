import { refuse, type Refusal } from '../model/refusal.ts';
import type { DeleteSnapshot } from '../model/snapshot.ts';
import { emit, remove, type Transaction } from '../model/transaction.ts';

/** Forgets a state that was kept. */
export function deleteSnapshot(tx: Transaction, { snapshot }: DeleteSnapshot): null | Refusal {
  if (!tx.host.tables.snapshots.has(snapshot))
    return refuse('snapshot_not_found', `there is no snapshot ${snapshot}`);
  remove(tx, 'snapshots', snapshot);
  emit(tx, 'snapshot_deleted', `snapshots/${snapshot}`);
  return null;
}
