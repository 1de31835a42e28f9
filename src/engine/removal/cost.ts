import { tellsHolder } from '../fs/dax_holder.ts';
import { goesByCxl } from '../model/via.ts';
import { extentsOf } from '../model/extents.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import { filesOf, mountsOn, nrPages } from '../model/lookup.ts';
import { factsOf } from '../kernels/of_host.ts';
import { daxPages } from '../model/scan_entries.ts';
import { entriesOf, hostRecord } from '../model/transaction.ts';
import { COST_TERMS, type CostWorkload } from '../model/cost_words.ts';
import { PAGE_BYTES, type RemovalState, type RemoveVia } from '../model/vocabulary.ts';
import type { CostFit } from '../kernels/cost.ts';
import type { CostTerms, SignalRow, SimulatedKernelCost } from '../model/removal.ts';

const BASIS =
  'recorded on emulated CPUs, about 70 processes on the host: ratios only, never an absolute prediction';
const PAGES_PER_MIB = 2 ** 20 / PAGE_BYTES;

/**
 * What the cost of a removal that begins now grows with; kills are counted as they are sent (costAtEnd()).
 * Source: fs/dax.c dax_writeback_mapping_range(), mm/memory-failure.c mf_dax_kill_procs().
 */
export function costAtStart(host: Host, device: DaxDevice, via: RemoveVia | undefined): SimulatedKernelCost {
  const workload = workloadOf(host, device, via);
  return unknown(workload, termsOf(host, device, workload), 'the removal has not ended');
}

/** The estimate once the removal has run, waits, or is stuck: the wait itself is not in it. */
export function costAtEnd(
  host: Host,
  begun: SimulatedKernelCost,
  signals: readonly SignalRow[],
  state: RemovalState,
): SimulatedKernelCost {
  const { workload } = begun;
  const sent = signals.filter((row) => row.delivery === 'asynchronous');
  const terms = { ...begun.terms, kills: sent.reduce((sum, row) => sum + row.count, 0) };
  if (state === 'stuck') return unknown(workload, terms, 'the removal never ends');
  if (workload === null)
    return unknown(workload, terms, 'no removal of a device used like this was recorded');
  const size = terms.mapped_mib_by_pte > terms.mapped_mib_by_pmd ? 'pte' : 'pmd';
  const fit = factsOf(host).cost[workload][size];
  if (typeof fit === 'string') return unknown(workload, terms, fit);
  if (terms.kills > 0 && !coversKills(fit, terms))
    return unknown(workload, terms, 'no such removal with signals was recorded on this kernel');
  return estimate(workload, terms, fit);
}

function unknown(workload: CostWorkload | null, terms: CostTerms, reason: string): SimulatedKernelCost {
  return { seconds: null, range: null, reason, formula: null, workload, terms, basis: BASIS, source: null };
}

/** The fit of force-unmap-v5.12 is of early_kill 1, where every process is a candidate at every page. */
function coversKills({ coefficients }: CostFit, terms: CostTerms): boolean {
  if (coefficients.kills === undefined) return false;
  return coefficients.armed_pages === undefined || terms.armed_pages > 0;
}

function estimate(workload: CostWorkload, terms: CostTerms, fit: CostFit): SimulatedKernelCost {
  const { coefficients, within, source } = fit;
  const values = { constant: 1, ...terms };
  const used = COST_TERMS.filter((term) => (coefficients[term] ?? 0) !== 0);
  const seconds = used.reduce((sum, term) => sum + coefficients[term]! * values[term], 0);
  const formula = used.map((term) => (term === 'constant' ? '' : `${term} * `) + String(coefficients[term]));
  return {
    seconds: rounded(seconds),
    range: [rounded(seconds / within), rounded(seconds * within)],
    reason: null,
    formula: formula.join(' + '),
    workload,
    terms,
    basis: BASIS,
    source,
  };
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

function workloadOf(host: Host, device: DaxDevice, via: RemoveVia | undefined): CostWorkload | null {
  if (device.mode === 'system-ram') return 'system_ram';
  const [mount, second] = mountsOn(host, device);
  if (mount === undefined) return goesByCxl(via) ? 'cxl' : null;
  if (second !== undefined || mount.dax === 'never') return null;
  return mount.rmapbt ? 'xfs_rmapbt' : mount.fs_type;
}

function termsOf(host: Host, device: DaxDevice, workload: CostWorkload | null): CostTerms {
  const files = mountsOn(host, device).flatMap((mount) => filesOf(host, mount.file_system));
  const entered = files.map((file) => daxPages(entriesOf(host, file.id)));
  const by_pte = entered.reduce((sum, { pte }) => sum + pte, 0);
  const by_pmd = entered.reduce((sum, { pmd }) => sum + pmd, 0);
  const in_core = files.filter((file) => entriesOf(host, file.id).length > 0);
  const pages = in_core
    .flatMap((file) => extentsOf(host, file))
    .reduce((sum, extent) => sum + extent.nr_pages, 0);
  return {
    mapped_mib_by_pte: by_pte / PAGES_PER_MIB,
    mapped_mib_by_pmd: by_pmd / PAGES_PER_MIB,
    device_pfns: nrPages(device),
    pages: workload === 'xfs_rmapbt' && tellsHolder(host) ? pages : 0,
    armed_pages: hostRecord(host).sysctl.memory_failure_early_kill * (by_pte + by_pmd),
    kills: 0,
  };
}
