import type { MemoryFailure } from '../model/device_command.ts';
import type { DaxDevice } from '../model/host.ts';
import { isModelledProvider } from '../model/provider.ts';
import { isRefusal, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { emit, hostRecord, type Transaction } from '../model/transaction.ts';
import { SECTOR_BYTES } from '../model/vocabulary.ts';
import { addFound } from './found_badblocks.ts';
import type { MemoryFailureReport } from './report.ts';

/**
 * An address range scrub of the NFIT bus finds bytes of a device bad, by itself or because `ndctl inject-error` made
 * them so and had the kernel told: the sectors that they lie in become badblocks, and no page is looked at, so that
 * nobody is signalled and what is mapped stays (MF22). `offset` counts from the start of the device. Refused: another
 * bus, which has neither (EOPNOTSUPP), or of which that is not known (`outcome_unknown`). Source: drivers/acpi/nfit/core.c
 * ars_status_process_records(), drivers/nvdimm/pmem.c pmem_revalidate_poison(), ndctl/lib/inject.c.
 */
export function scrub(
  tx: Transaction,
  { source, offset, length }: Pick<MemoryFailure, 'source' | 'offset' | 'length'>,
  device: DaxDevice,
): MemoryFailureReport | Refusal {
  const refusal = refusesScrub(source, device);
  if (refusal !== null) return refusal;
  const first = Math.floor(offset / SECTOR_BYTES);
  const end = Math.ceil((offset + length) / SECTOR_BYTES);
  const badblocks = addFound(tx, device, [{ offset: first, length: end - first }]);
  if (isRefusal(badblocks)) return badblocks;
  emit(tx, 'memory_failed', `dax-devices/${device.name}`, { source, errno: null, pages: 0, signalled: [] });
  return {
    result: 'ok',
    errno: null,
    action_results: [],
    processes: [],
    unmapped_pages: 0,
    hwpoisoned_pages: 0,
    badblocks,
    counters: hostRecord(tx.host).counters,
    kernel_log: [],
  };
}

/** A bus that is not modelled may have a scrub or not; one that nobody has told is as NFIT, for it has found something. */
function refusesScrub(source: MemoryFailure['source'], { name, mode, provider }: DaxDevice): Refusal | null {
  if (provider !== null && !isModelledProvider(provider))
    return unknownOutcome(`whether the bus of ${name}, ${provider}, has a scrub is not known`);
  const [verb, what] = source === 'ars' ? ['start-scrub', 'scrub'] : ['inject-error', 'error injection'];
  const isOther = provider !== null && provider !== 'ACPI.NFIT';
  if (!isOther && (source === 'ars' || mode !== 'sector')) return null;
  return refuse('tool_refused', `ndctl ${verb}: ${what} not supported`, { errno: 'EOPNOTSUPP' });
}
