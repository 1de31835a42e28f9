import type { HostRecord } from '../model/host.ts';
import type { PatchHost } from '../model/host_command.ts';
import { toldPolicy } from './told_policy.ts';
import { keptProposed, refusesProposed } from '../kernels/proposed.ts';
import { definedOnly } from '../model/defined_only.ts';
import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';
import { tellKernel } from './tell_kernel.ts';
import { hostRecord, patch, emit, type Transaction } from '../model/transaction.ts';

/**
 * Changes what the operator sets, and what is told of the kernel: that was told wrongly before, and no other boots.
 * Refused with `removal_in_progress`: another kernel under a removal.
 */
export function patchHost(tx: Transaction, command: PatchHost): HostRecord | Refusal {
  const { type: _type, ...fields } = command;
  const before = hostRecord(tx.host);
  const told = tellKernel(tx, command);
  if (isRefusal(told)) return told;
  const proposed = { ...keptProposed(told.kernel, before.proposed), ...fields.proposed };
  const refusal = refusesProposed(told.kernel, proposed);
  if (refusal !== null) return refusal;
  const contradicted = refusesBlockSize(tx, fields.memory_block_bytes);
  if (contradicted !== null) return contradicted;
  const auto_online_blocks = toldPolicy(command, before.auto_online_blocks, told);
  if (isRefusal(auto_online_blocks)) return auto_online_blocks;
  const { kernel, kernel_release, kernel_probes } = told;
  const kept = {
    ...definedOnly(fields),
    kernel,
    kernel_release,
    kernel_probes,
    auto_online_blocks,
    proposed,
  };
  const record = patch(tx, 'hosts', before.name, kept);
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
