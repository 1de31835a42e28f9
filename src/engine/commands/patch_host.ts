import type { HostRecord } from '../model/host.ts';
import type { PatchHost } from '../model/host_command.ts';
import { refusesProposed } from '../kernels/proposed.ts';
import { definedOnly } from '../model/defined_only.ts';
import type { Refusal } from '../model/refusal.ts';
import { hostRecord, patch, emit, type Transaction } from '../model/transaction.ts';

/** Changes what the operator sets: sysctl, policy, labels, proposed parameters. */
export function patchHost(tx: Transaction, command: PatchHost): HostRecord | Refusal {
  const { type: _type, ...fields } = command;
  const before = hostRecord(tx.host);
  const proposed = { ...before.proposed, ...fields.proposed };
  const refusal = refusesProposed(before.kernel, proposed);
  if (refusal !== null) return refusal;
  const record = patch(tx, 'hosts', before.name, { ...definedOnly(fields), proposed });
  emit(tx, 'host_changed', `hosts/${before.name}`, { ...fields });
  return record;
}
