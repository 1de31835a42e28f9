import type { HostRecord } from '../model/host.ts';
import type { MemoryFailureCounters } from '../model/node_counters.ts';
import { factsOf } from '../kernels/of_host.ts';
import type { Facts } from '../kernels/tables.ts';
import { ifKnown } from '../kernels/unsettled.ts';
import { hostRecord, patch, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES, type MemoryFailureResult } from '../model/vocabulary.ts';

/**
 * HardwareCorrupted grows by every page; from v6.3 on so does the counter of its node for what became of it (M47, M48).
 */
export function countFailed(tx: Transaction, result: MemoryFailureResult, pages: number, node: number): void {
  const { name, counters } = hostRecord(tx.host);
  const kB = counters.HardwareCorrupted_kB + (pages * PAGE_BYTES) / 1024;
  const key = `node${String(node)}`;
  const word = result.toLowerCase() as Lowercase<MemoryFailureResult>;
  const before = counters.memory_failure[key] ?? NO_FAILURES;
  const memory_failure = countsByNode(factsOf(tx.host))
    ? {
        ...counters.memory_failure,
        [key]: { ...before, [word]: before[word] + pages, total: before.total + pages },
      }
    : counters.memory_failure;
  patch(tx, 'hosts', name, { counters: { HardwareCorrupted_kB: kB, memory_failure } });
}

/** Counters are only shown: where it is not known whether the kernel has them, they are not. */
function countsByNode(facts: Facts): boolean {
  return ifKnown(() => facts.per_node_mf_counters) ?? false;
}

/** A node that has seen none. */
const NO_FAILURES: MemoryFailureCounters = { total: 0, ignored: 0, failed: 0, delayed: 0, recovered: 0 };

/** A machine that has just booted: `node0/memory_failure/*` is there where that kernel has it. */
export function freshCounters(facts: Facts): HostRecord['counters'] {
  return { HardwareCorrupted_kB: 0, memory_failure: countsByNode(facts) ? { node0: NO_FAILURES } : {} };
}

/** A node gets its first memory: its directory of counters appears. Source: drivers/base/node.c register_one_node(). */
export function nodeAppears(tx: Transaction, node: number | null): void {
  const { name, counters } = hostRecord(tx.host);
  const key = `node${String(node)}`;
  if (node === null || counters.memory_failure[key] !== undefined || !countsByNode(factsOf(tx.host))) return;
  const memory_failure = { ...counters.memory_failure, [key]: NO_FAILURES };
  patch(tx, 'hosts', name, { counters: { ...counters, memory_failure } });
}

/** A node loses its last memory, and its counters with it; node 0 is the machine's own. */
export function nodeGoes(tx: Transaction, node: number | null): void {
  const { name, counters } = hostRecord(tx.host);
  const { [`node${String(node)}`]: gone, ...memory_failure } = counters.memory_failure;
  if (node === 0 || gone === undefined) return;
  patch(tx, 'hosts', name, { counters: { ...counters, memory_failure } });
}
