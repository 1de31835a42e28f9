import type { HostRecord } from '../model/host.ts';
import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';
import type { ForkHost } from '../model/kept_state.ts';
import { hostRecord, type Transaction } from '../model/transaction.ts';
import { become } from '../kept/become.ts';

/** A host like another one, of records of its own. Refused with `host_exists`. */
export function forkHost(tx: Transaction, { name, from, snapshot, state }: ForkHost): HostRecord | Refusal {
  if (tx.host.tables.hosts.size > 0)
    return refuse('host_exists', `there is a host ${name} already`, { pointer: '/name' });
  if (isRefusal(state)) return state;
  const data = { from, ...(snapshot === undefined ? {} : { snapshot }) };
  return become(tx, { state, name, type: 'host_forked', data }) ?? hostRecord(tx.host);
}
