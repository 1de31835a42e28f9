import { sectorsOf } from '../mm/badblocks.ts';
import type { Badblocks, DaxDevice, Host } from '../model/host.ts';
import { mappingsOfDevice, processOf } from '../model/lookup.ts';
import { factsOf } from '../kernels/of_host.ts';
import { countPages, normalize, type PfnRange } from '../model/pfn_range.ts';
import { setOfRanges } from '../model/pfn_set.ts';
import { deliver, isForced } from '../mm/signals.ts';
import { isRefusal, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { LOG_LINES } from '../mm/kill_procs.ts';
import { emit, hostRecord, type Transaction } from '../model/transaction.ts';
import { isModelledProvider } from '../model/provider.ts';
import { PMD_PAGES, PUD_PAGES, SECTOR_BYTES } from '../model/vocabulary.ts';
import { HWPOISON_RANGES_MAX, setHwpoison } from '../mm/hwpoison.ts';
import { addFound, BADBLOCKS_MAX, tooManyBadblocks } from './found_badblocks.ts';
import type { Ledger } from './ledger.ts';
import type { FailedProcess, MemoryFailureReport } from './report.ts';

/** To which a machine check's address is rounded up to v5.10. Source: arch/x86/include/asm/cache.h L1_CACHE_SHIFT. */
const L1_CACHE_BYTES = 64;

/** What machine checks found unreadable: an address in the first page, by its offset into the device, and each page. */
interface Unreadable {
  readonly offset: number;
  readonly pages: PfnRange;
}

/** Entries of all mappings of a device, in base pages. */
export function mappedPages(host: Host, device: DaxDevice): number {
  return mappingsOfDevice(host, device.name).reduce((sum, { present: { pte, pmd, pud } }) => {
    return sum + pte + pmd * PMD_PAGES + pud * PUD_PAGES;
  }, 0);
}

/**
 * What a series of calls leaves: signals are delivered, flags set, and the answer put together. `mapped`: entries
 * before the calls. `poison`: what a machine check found unreadable.
 */
export function conclude(
  ledger: Ledger,
  mapped: number,
  poison: Unreadable | null,
): MemoryFailureReport | Refusal {
  const { tx, device } = ledger;
  const unmapped = mapped - mappedPages(tx.host, device) + ledger.unmapped_ram;
  const flagged = normalize(ledger.flagged);
  if (normalize([...device.hwpoisoned, ...flagged]).length > HWPOISON_RANGES_MAX) return tooMany();
  const badblocks = poison === null ? [] : machineCheck(tx, device, poison);
  if (isRefusal(badblocks)) return badblocks;
  setHwpoison(tx, device.name, setOfRanges(flagged));
  const processes = told(ledger);
  if (isRefusal(processes)) return processes;
  emit(tx, 'memory_failed', `dax-devices/${device.name}`, {
    source: ledger.source,
    errno: ledger.errno,
    pages: ledger.results.reduce((sum, { pages }) => sum + pages, 0),
    signalled: processes.map(({ pid }) => pid),
  });
  return {
    result: ledger.errno === null ? 'ok' : 'errno',
    errno: ledger.errno,
    action_results: ledger.results,
    processes,
    unmapped_pages: unmapped,
    hwpoisoned_pages: countPages(flagged),
    badblocks,
    counters: hostRecord(tx.host).counters,
    kernel_log: ledger.log.slice(0, LOG_LINES),
  };
}

function tooMany(): Refusal {
  const detail = `more than ${String(HWPOISON_RANGES_MAX)} separate ranges of poisoned pages`;
  return refuse('not_modelled', detail, { pointer: '/length' });
}

/**
 * AO may be blocked (it stays pending) or ignored (lost); AR and plain SIGBUS are forced: deliver() ends a process that
 * does not handle it.
 */
function told({ tx, signals }: Ledger): FailedProcess[] | Refusal {
  const sigbus = new Map(signals.map(({ pid }) => [pid, processOf(tx.host, pid).sigbus]));
  const delivered = deliver(tx, signals);
  if (delivered.unknown !== null) return delivered.unknown;
  return delivered.signals.map((row): FailedProcess => {
    const disposition = sigbus.get(row.pid);
    const lost = !isForced(row) && (disposition === 'blocked' || disposition === 'ignored');
    return { ...row, fate: !lost ? 'delivered' : disposition === 'blocked' ? 'pending' : 'ignored' };
  });
}

/**
 * The badblocks a machine check adds: on NFIT regions alone (M43), of each page (v6.1 and later) or one sector of it,
 * where the cache line behind the address begins. Source: drivers/acpi/nfit/mce.c nfit_handle_mce(); M41, M146.
 */
function machineCheck(
  tx: Transaction,
  device: DaxDevice,
  { offset, pages }: Unreadable,
): readonly Badblocks[] | Refusal {
  // Of a bus that nobody has told: as on NFIT (IMP32).
  const { provider } = device;
  if (provider !== null && !isModelledProvider(provider)) return busNotKnown(device.name, provider);
  if (provider !== null && provider !== 'ACPI.NFIT') return [];
  const sectors = factsOf(tx.host).memory_failure.mce_badblock_sectors;
  if (sectors === 1 && pages[1] > BADBLOCKS_MAX) return tooManyBadblocks();
  return addFound(tx, device, sectors === 8 ? [sectorsOf(device, pages)] : oneOfEach(device, pages, offset));
}

/** papr_scm has a notifier of its own, other buses may: what they keep of a machine check is not modelled. */
function busNotKnown(name: string, provider: string): Refusal {
  return unknownOutcome(
    `whether a machine check leaves a badblock on ${name} is not known: its bus is ${provider}`,
  );
}

/** The sector of the address, and the first one of each further page. */
function oneOfEach(device: DaxDevice, [pfn, nr_pages]: PfnRange, offset: number): Badblocks[] {
  const line = Math.ceil(offset / L1_CACHE_BYTES) * L1_CACHE_BYTES;
  const further = Array.from({ length: nr_pages - 1 }, (_, page) => {
    return { ...sectorsOf(device, [pfn + page + 1, 1]), length: 1 };
  });
  return [{ offset: Math.floor(line / SECTOR_BYTES), length: 1 }, ...further];
}
