import { faultIn } from '../mm/fault.ts';
import { staleInTheWay } from '../mm/stale_outcome.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Mapping } from '../model/host.ts';
import { deviceOf, processOf, virtualAddress } from '../model/lookup.ts';
import { clipRun, runs, type Run } from '../model/mapping_table.ts';
import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';
import { entriesOf, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES, type Errno } from '../model/vocabulary.ts';
import { conclude, mappedPages } from './conclude.ts';
import { failDaxPages } from './dax.ts';
import { newLedger, type Ledger } from './ledger.ts';
import type { MemoryFailureReport } from './report.ts';
import { failRamPages } from './system_ram.ts';

/** Pages of a mapping, by index. */
export interface Advised {
  readonly mapping: Mapping;
  readonly index: number;
  readonly nr_pages: number;
}

/**
 * madvise(MADV_HWPOISON) of pages of a mapping by its own process: each is faulted in (a read), then
 * memory_failure() runs for it; the first error ends it.
 * Source: mm/madvise.c madvise_inject_error().
 */
export function madviseHwpoison(tx: Transaction, advised: Advised): MemoryFailureReport | Refusal {
  const { mapping } = advised;
  const device = deviceOf(tx.host, mapping.dax_device);
  const found = mappedNow(tx, advised);
  if (isRefusal(found)) return found;
  const ledger = newLedger(tx, deviceOf(tx.host, device.name), 'madvise');
  const mapped = mappedPages(tx.host, device);
  for (const run of found.there) {
    const refusal = failRun(ledger, mapping, run);
    if (refusal !== null) return refusal;
    if (ledger.errno !== null) return conclude(ledger, mapped, null);
  }
  ledger.errno = found.errno;
  return conclude(ledger, mapped, null);
}

/**
 * What madvise() gets of a stale entry at its first page: gup finds no page, and the call is EFAULT, or does not come
 * back (R135); null where there are struct pages again, those of the next owner (R164). Refused: `outcome_unknown`.
 * Source: mm/madvise.c madvise_inject_error() get_user_pages_fast().
 */
export function staleAdvised(
  tx: Transaction,
  source: 'madvise' | 'soft_offline',
  { mapping, index, nr_pages: nr }: Advised,
): MemoryFailureReport | Outcome | Refusal | null {
  const device = deviceOf(tx.host, mapping.dax_device);
  const at = { process: processOf(tx.host, mapping.pid), offset: index * PAGE_BYTES, index, nr };
  const met = staleInTheWay({ tx, mapping, device, caller: 'self', ...at }, 'madvise_hwpoison');
  if (met === null || isRefusal(met) || met.result !== 'errno') return met;
  const ledger = newLedger(tx, device, source);
  ledger.errno = met.errno;
  return conclude(ledger, mappedPages(tx.host, device), null);
}

/** What is mapped now, and EFAULT where a page could not be faulted in. */
function mappedNow(
  tx: Transaction,
  { mapping, index, nr_pages }: Advised,
): { readonly there: readonly Run[]; readonly errno: Errno | null } | Refusal {
  const { failure } = faultIn(tx, mapping, { index, nr: nr_pages }, false);
  if (failure?.why === 'refused') return failure.refusal;
  const end = failure === null ? index + nr_pages : failure.index;
  const there = [...runs(entriesOf(tx.host, mapping.id))].flatMap((run) => clipRun(run, index, end) ?? []);
  if (there.some(({ kind }) => kind === 'anon' || kind === 'cache' || kind === 'zero')) {
    return refuse(
      'not_modelled',
      'a page that was copied on write, that is in the page cache, or the zero page of a hole belongs to no device',
    );
  }
  return { there: joined(there), errno: failure === null ? null : 'EFAULT' };
}

/** Runs that follow on one another, whatever their sizes: a step may lead from one into the next. */
function joined(list: readonly Run[]): Run[] {
  const whole: Run[] = [];
  for (const run of list) {
    const last = whole.at(-1);
    if (last?.kind === run.kind && last.pfn + last.nr_pages === run.pfn)
      whole[whole.length - 1] = { ...last, nr_pages: last.nr_pages + run.nr_pages };
    else whole.push(run);
  }
  return whole;
}

function failRun(ledger: Ledger, mapping: Mapping, run: Run): Refusal | null {
  const address = virtualAddress(mapping, run.index * PAGE_BYTES);
  const current = { pid: mapping.pid, madvise: { mapping: mapping.id, address } };
  if (run.kind === 'dax') return failDaxPages(ledger, [run.pfn, run.nr_pages], current);
  failRamPages(ledger, [run.pfn, run.nr_pages], current);
  return null;
}

/**
 * Soft offline of a DAX page, by madvise(MADV_SOFT_OFFLINE) of a process or a write to sysfs: EIO before any step,
 * for pfn_to_online_page() knows no device memory; ENXIO without struct pages (M26).
 * Source: mm/memory-failure.c soft_offline_page().
 */
export function softOffline(
  tx: Transaction,
  dax_device: string,
  pfn: number,
  advised: Advised | null,
): MemoryFailureReport | Refusal {
  const found = advised === null ? null : mappedNow(tx, { ...advised, nr_pages: 1 });
  if (isRefusal(found)) return found;
  const device = deviceOf(tx.host, dax_device);
  const ledger = newLedger(tx, device, 'soft_offline');
  const valid = device.map !== null && device.pgmap_state === 'live';
  const errno = found?.errno ?? (valid ? 'EIO' : 'ENXIO');
  if (advised !== null && found?.errno === null) {
    const address = virtualAddress(advised.mapping, advised.index * PAGE_BYTES);
    ledger.log.push(
      `Soft offlining pfn 0x${pfn.toString(16)} at process virtual address 0x${address.toString(16)}`,
    );
  }
  ledger.errno = errno;
  return conclude(ledger, mappedPages(tx.host, device), null);
}
