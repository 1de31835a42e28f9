import type { Mapping } from '../../model/host.ts';
import { onlinePfns } from '../../model/memory_block.ts';
import { memoryRangesOf, ramRuns } from '../../model/memory_range.ts';
import { mappingsOfDevice, processOf, virtualAddress } from '../../model/lookup.ts';
import { setHwpoison } from '../../mm/hwpoison.ts';
import { countPages } from '../../model/pfn_range.ts';
import { setOfRanges } from '../../model/pfn_set.ts';
import { emit, hostRecord, patch, type Transaction } from '../../model/transaction.ts';
import { PAGE_BYTES } from '../../model/vocabulary.ts';
import { hasEarlyPolicy, signalRow } from '../../mm/kill_procs.ts';
import type { SignalRow } from '../../model/removal.ts';
import { deliver } from '../../mm/signals.ts';
import type { StepInput, StepOutput } from '../step.ts';

/**
 * Proposed (FU11), off by default: memory_failure() of every online page first, so that remove_memory() succeeds.
 * Processes with pages there fare as with poisoned anonymous pages: early policy AO, a later touch AR, lsb 12 (M53).
 * Source: the cover letter of the series of 2021.
 */
export function kmemMemoryFailure({ tx, device, parameters }: StepInput): StepOutput {
  if (parameters.proposed !== true) return { end: 'done', result: { proposed: false } };
  const online = memoryRangesOf(tx.host, device.name).flatMap(onlinePfns);
  const pages = countPages(online);
  const sent = mappingsOfDevice(tx.host, device.name).flatMap((mapping) => signalsFor(tx, mapping));
  setHwpoison(tx, device.name, setOfRanges(online));
  const { name, counters } = hostRecord(tx.host);
  const HardwareCorrupted_kB = counters.HardwareCorrupted_kB + (pages * PAGE_BYTES) / 1024;
  patch(tx, 'hosts', name, { counters: { ...counters, HardwareCorrupted_kB } });
  const { signals } = deliver(tx, sent);
  emit(tx, 'memory_failed', `dax-devices/${device.name}`, { pages, signals: sent.length });
  return { end: 'done', signals, hwpoisoned: pages, result: { proposed: true, pages } };
}

/** One signal a page that an early-policy process maps; what was poisoned before is not signalled again. */
function signalsFor(tx: Transaction, mapping: Mapping): SignalRow[] {
  const process = processOf(tx.host, mapping.pid);
  if (!hasEarlyPolicy(tx, process)) return [];
  return ramRuns(tx.host, mapping).map(({ index, nr_pages }) => {
    const address = virtualAddress(mapping, index * PAGE_BYTES);
    return signalRow(process, { ar: false, address, lsb: 12, count: nr_pages });
  });
}
