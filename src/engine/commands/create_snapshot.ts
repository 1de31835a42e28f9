import type { Kind } from '../model/host.ts';
import type { CreateSnapshot, Snapshot } from '../model/snapshot.ts';
import { add, emit, FIRST_REVISION, identity, type Transaction } from '../model/transaction.ts';

/** Notes that the state of the host is kept; the store keeps it, as it was before this. */
export function createSnapshot(tx: Transaction, { name }: CreateSnapshot): Snapshot {
  const { uid, host } = identity(tx);
  const { tables } = tx.host;
  const sizes = (Object.keys(tables) as Kind[])
    .filter((kind) => kind !== 'snapshots')
    .map((kind) => [kind, tables[kind].size] as const);
  const record = add(tx, 'snapshots', uid, {
    uid,
    revision: FIRST_REVISION,
    host,
    id: uid,
    name: name ?? null,
    taken_at: tx.context.now,
    records: Object.fromEntries(sizes.filter(([, size]) => size > 0)),
  });
  emit(tx, 'host_snapshotted', `snapshots/${uid}`, { name: record.name });
  return record;
}
