import type { HostRecord } from '../model/host.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import type { RestoreHost } from '../model/kept_state.ts';
import { hostRecord, type Transaction } from '../model/transaction.ts';
import { become } from '../kept/become.ts';

/** The host is as it was, but for its snapshots and the numbers that it has given away. Nothing follows: nothing did then. */
export function restoreHost(tx: Transaction, { snapshot, state }: RestoreHost): HostRecord | Refusal {
  if (isRefusal(state)) return state;
  const { name } = hostRecord(tx.host);
  return become(tx, { state, name, type: 'host_restored', data: { snapshot } }) ?? hostRecord(tx.host);
}
