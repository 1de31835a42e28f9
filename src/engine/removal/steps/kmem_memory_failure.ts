import type { Mapping } from '../../model/host.ts';
import { onlinePfns } from '../../model/memory_block.ts';
import { memoryRangesOf } from '../../model/memory_range.ts';
import { mappingsOfDevice, processOf } from '../../model/lookup.ts';
import { runs } from '../../model/mapping_table.ts';
import { setHwpoison } from '../../mm/hwpoison.ts';
import { countPages } from '../../model/pfn_range.ts';
import { emit, entriesOf, hostRecord, patch, type Transaction } from '../../model/transaction.ts';
import { PAGE_BYTES } from '../../model/vocabulary.ts';
import { hasEarlyPolicy } from '../../mm/kill_procs.ts';
import type { SignalRow } from '../../model/removal.ts';
import { deliver } from '../../mm/signals.ts';
import type { StepInput, StepOutput } from '../step.ts';

/**
 * Proposed (FU11), off by default: memory_failure() of every online page first, so that remove_memory() succeeds.
 * Processes with pages there fare as with poisoned anonymous pages: early policy AO, a later touch AR, lsb 12 (M53).
 * Source: the cover letter of the series of 2021.
 */
export function kmemMemoryFailure({ tx, device }: StepInput): StepOutput {
  if (!hostRecord(tx.host).proposed.kmem_memory_failure) return { end: 'done', result: { proposed: false } };
  const online = memoryRangesOf(tx.host, device.name).flatMap(onlinePfns);
  const pages = countPages(online);
  const sent = mappingsOfDevice(tx.host, device.name).flatMap((mapping) => signalsFor(tx, mapping));
  setHwpoison(tx, device.name, online);
  const { name, counters } = hostRecord(tx.host);
  const HardwareCorrupted_kB = counters.HardwareCorrupted_kB + (pages * PAGE_BYTES) / 1024;
  patch(tx, 'hosts', name, { counters: { ...counters, HardwareCorrupted_kB } });
  const signals = deliver(tx, sent);
  emit(tx, 'memory_failed', `dax-devices/${device.name}`, { pages, signals: sent.length });
  return { end: 'done', signals, hwpoisoned: pages, result: { proposed: true, pages } };
}

/** One signal a page that an early-policy process maps; what was poisoned before is not signalled again. */
function signalsFor(tx: Transaction, mapping: Mapping): SignalRow[] {
  const process = processOf(tx.host, mapping.pid);
  if (!hasEarlyPolicy(tx, process)) return [];
  const { pid, comm } = process;
  const mapped = [...runs(entriesOf(tx.host, mapping.id))].filter(
    (run) => run.kind === 'ram' && run.pfn >= 0,
  );
  return mapped.map((run) => ({
    pid,
    comm,
    signal: 'SIGBUS',
    si_code: 'BUS_MCEERR_AO',
    si_addr: `0x${(BigInt(mapping.address) + BigInt(run.index * PAGE_BYTES)).toString(16)}`,
    si_addr_lsb: 12,
    count: run.nr_pages,
    delivery: 'asynchronous',
    killed: false,
  }));
}
