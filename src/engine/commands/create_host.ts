import type { HostRecord } from '../model/host.ts';
import { factsOfRecord } from '../kernels/of_host.ts';
import { toldPolicy } from './told_policy.ts';
import { refusesProposed, NOTHING_PROPOSED } from '../kernels/proposed.ts';
import { toldKernel } from '../kernels/told.ts';
import { freshCounters } from '../mm/counters.ts';
import type { CreateHost } from '../model/host_command.ts';
import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';
import { put, emit, type Transaction } from '../model/transaction.ts';

/** memory_block_size_bytes() of a machine with less than 64 GiB of RAM (KM11). */
const MEMORY_BLOCK_BYTES = 134217728;

/** Creates a host. */
export function createHost(tx: Transaction, command: CreateHost): HostRecord | Refusal {
  if (tx.host.tables.hosts.size > 0)
    return refuse('host_exists', `there is a host ${command.name} already`, { pointer: '/name' });
  const told = toldKernel(command, null);
  if (isRefusal(told)) return told;
  const refused = refusesProposed(told.kernel, command.proposed ?? {});
  if (refused !== null) return refused;
  const auto_online_blocks = toldPolicy(command, null, told);
  if (isRefusal(auto_online_blocks)) return auto_online_blocks;
  const record = put(tx, 'hosts', command.name, {
    uid: tx.context.uid(),
    revision: 0,
    host: command.name,
    name: command.name,
    ...told,
    sysctl: command.sysctl ?? { memory_failure_early_kill: 0 },
    auto_online_blocks,
    memory_block_bytes: command.memory_block_bytes ?? MEMORY_BLOCK_BYTES,
    labels: command.labels ?? {},
    counters: freshCounters(factsOfRecord(told)),
    proposed: { ...NOTHING_PROPOSED, ...command.proposed },
    health: 'ok',
    stuck: [],
    underflow_warned: false,
    next_id: 1,
  });
  emit(tx, 'host_created', `hosts/${command.name}`, { kernel: record.kernel });
  return record;
}
