import { factsOf } from '../kernels/of_host.ts';
import type { DaxDevice, Host, Mapping, Pin } from '../model/host.ts';
import { deviceOf, generationOf } from '../model/lookup.ts';
import { levelPages, runsFrom, type Run } from '../model/mapping_table.ts';
import { memoryRangesOf, pfns } from '../model/memory_range.ts';
import { intersect, normalize, subtract, type PfnRange } from '../model/pfn_range.ts';
import { emit, entriesOf, patch, type Transaction } from '../model/transaction.ts';
import { isOnDaxBus } from '../model/vocabulary.ts';
import { pagesTakenSince } from './evict.ts';
import { onceADevice, ramInUse } from './stale.ts';

/**
 * Stale entries go whose pfns have other struct pages by now: these lose references that were never taken, with a PTE a
 * mapcount, too. Those of a pgmap are folios that a file system counts: whoever evicts an inode over them waits for ever;
 * a device-dax never asks. O(runs, extents of anonymous memory).
 * Source: mm/memory.c zap_present_folio_ptes(), mm/huge_memory.c zap_huge_pmd(), v6.15 on; S10, S11, S46, S47.
 */
export function loseRefs(
  tx: Transaction,
  mappings: readonly Mapping[],
  index = 0,
  end = Number.POSITIVE_INFINITY,
): void {
  const ramOf = onceADevice((device) => ramInUse(tx.host, device));
  for (const mapping of mappings) {
    const lost: Lost = { refs: [], ptes: [] };
    const device = deviceOf(tx.host, mapping.dax_device);
    for (const run of runsFrom(entriesOf(tx.host, mapping.id), index)) {
      if (run.index >= end) break;
      if (run.kind === 'dax' && run.pgmap !== device.pgmap)
        lost[run.level === 'pte' ? 'ptes' : 'refs'].push(pagesWithin(run, index, end));
    }
    if (lost.refs.length + lost.ptes.length === 0) continue;
    if (counts(tx.host, device)) loseFolios(tx, device, mapping, lost);
    else loseFree(tx, device, lost, ramOf);
  }
}

interface Lost {
  readonly refs: PfnRange[];
  readonly ptes: PfnRange[];
}

function loseFolios(tx: Transaction, device: DaxDevice, mapping: Mapping, lost: Lost): void {
  const taken = pagesTakenSince(tx.host, device.name, generationOf(tx.host, mapping));
  const [refs, ptes] = [normalize(lost.refs), normalize(lost.ptes)];
  // A folio of a new file counts as a whole what its PTEs lose.
  mark(tx, device, { refs: [...refs, ...intersect(ptes, taken)], ptes: subtract(ptes, taken) });
}

/** Of System RAM what nobody uses; of the pages behind an entry by PMD the first loses the reference, here all (S46). */
function loseFree(
  tx: Transaction,
  device: DaxDevice,
  { refs, ptes }: Lost,
  ramOf: (device: DaxDevice) => PfnRange[],
): void {
  if (!factsOf(tx.host).repurpose.bad_page_map) return;
  const lost = normalize([...refs, ...ptes]);
  for (const range of memoryRangesOf(tx.host, device.name)) {
    const free = subtract(intersect(lost, [pfns(range)]), ramOf(device));
    if (free.length === 0) continue;
    patch(tx, 'memory_ranges', range.id, { miscounted: normalize([...(range.miscounted ?? []), ...free]) });
  }
}

/** The pages of whole entries of a run that lie in a range of indexes, or reach into it. */
function pagesWithin(run: Run, index: number, end: number): PfnRange {
  const unit = levelPages(run.level);
  const first = Math.max(0, Math.floor((index - run.index) / unit) * unit);
  const stop = Math.min(run.nr_pages, Math.ceil((end - run.index) / unit) * unit);
  return [run.pfn + first, stop - first];
}

/** The same of a pin that was taken before the present pgmap: no mapcount falls with it (S53). */
export function loseRefsOfPin(tx: Transaction, pin: Pin): void {
  const device = deviceOf(tx.host, pin.dax_device);
  if (pin.pgmap !== device.pgmap && counts(tx.host, device))
    mark(tx, device, { refs: pin.pfn_ranges, ptes: [] });
}

/** Where its pages have struct pages of a pgmap, which a file system on it counts. */
function counts(host: Host, { mode, pgmap_state }: DaxDevice): boolean {
  return !isOnDaxBus(mode) && pgmap_state !== 'none' && factsOf(host).eviction.waits_for_refs;
}

function mark(
  tx: Transaction,
  device: DaxDevice,
  { refs, ptes }: { readonly refs: readonly PfnRange[]; readonly ptes: readonly PfnRange[] },
): void {
  const lost_refs = normalize([...device.lost_refs, ...refs]);
  const lost_ptes = normalize([...device.lost_ptes, ...ptes]);
  patch(tx, 'dax_devices', device.name, { lost_refs, lost_ptes });
  emit(tx, 'dax_device_changed', `dax-devices/${device.name}`, { lost_refs, lost_ptes });
}
