import { ROWS_MAX } from '../model/cut.ts';
import type { Host, HostRecord } from '../model/host.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import type { RestoreHost } from '../model/kept_state.ts';
import { hostRecord, type Transaction } from '../model/transaction.ts';
import { become } from '../kept/become.ts';

/** The host is as it was, but for its snapshots and the numbers that it has given away. Nothing follows: nothing did then. */
export function restoreHost(tx: Transaction, { snapshot, state }: RestoreHost): HostRecord | Refusal {
  if (isRefusal(state)) return state;
  const { name } = hostRecord(tx.host);
  const data = { snapshot, removals_gone: removalsGone(tx.host, state) };
  return become(tx, { state, name, type: 'host_restored', data }) ?? hostRecord(tx.host);
}

/** Removals that were begun since: events have named them, and nobody finds them any more (SNAP6). */
function removalsGone(
  { tables }: Host,
  state: Host,
): { readonly count: number; readonly ids: readonly string[] } {
  const ids = [...tables.removals.keys()].filter((id) => !state.tables.removals.has(id));
  return { count: ids.length, ids: ids.slice(0, ROWS_MAX) };
}
