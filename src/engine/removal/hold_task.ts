import type { RemovalRecord } from '../model/removal.ts';
import { patch, type Transaction } from '../model/transaction.ts';

/** The task that writes to `unbind` does not return while the removal waits or spins. */
export function holdTask(tx: Transaction, removal: RemovalRecord, state: 'blocked' | 'running'): void {
  if (removal.by_pid === null) return;
  const process = tx.host.tables.processes.get(String(removal.by_pid));
  if (process === undefined || (process.state !== 'running' && process.state !== 'blocked')) return;
  if (process.state !== state) patch(tx, 'processes', String(removal.by_pid), { state });
}
