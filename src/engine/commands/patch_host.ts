import type { HostRecord } from '../model/host.ts';
import type { PatchHost } from '../model/host_command.ts';
import { refusesProposed } from '../kernels/proposed.ts';
import { definedOnly } from '../model/defined_only.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import { hostRecord, patch, emit, type Transaction } from '../model/transaction.ts';

/** Changes what the operator sets: sysctl, policy, labels, proposed parameters. */
export function patchHost(tx: Transaction, command: PatchHost): HostRecord | Refusal {
  const { type: _type, ...fields } = command;
  const before = hostRecord(tx.host);
  const proposed = { ...before.proposed, ...fields.proposed };
  const refusal = refusesProposed(before.kernel, proposed);
  if (refusal !== null) return refusal;
  const contradicted = refusesBlockSize(tx, fields.memory_block_bytes);
  if (contradicted !== null) return contradicted;
  const record = patch(tx, 'hosts', before.name, { ...definedOnly(fields), proposed });
  emit(tx, 'host_changed', `hosts/${before.name}`, { ...fields });
  return record;
}

/** The block size is one for the machine: not another than that of the blocks that are there. */
function refusesBlockSize(tx: Transaction, bytes: number | undefined): Refusal | null {
  const [range] = tx.host.tables.memory_ranges.where(({ block_bytes }) => block_bytes !== bytes);
  if (bytes === undefined || range === undefined) return null;
  const detail = `${range.dax_device} has memory blocks of ${String(range.block_bytes)} bytes`;
  return refuse('dax_device_in_use', detail, { pointer: '/memory_block_bytes' });
}
