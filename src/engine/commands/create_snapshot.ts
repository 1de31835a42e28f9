import type { Kind } from '../model/host.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import type { CreateSnapshot, Snapshot } from '../model/snapshot.ts';
import { add, emit, FIRST_REVISION, identity, type Transaction } from '../model/transaction.ts';

/** Of one host: each may be megabytes in the file, and goes by its DELETE alone, or with the host. */
const SNAPSHOTS_MAX = 100;

/** Notes that the state of the host is kept; the store keeps it, as it was before this. Refused with `limit_reached`. */
export function createSnapshot(tx: Transaction, { name }: CreateSnapshot): Snapshot | Refusal {
  const { tables } = tx.host;
  if (tables.snapshots.size >= SNAPSHOTS_MAX)
    return refuse('limit_reached', `the host has ${String(SNAPSHOTS_MAX)} snapshots already`);
  const { uid, host } = identity(tx);
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
