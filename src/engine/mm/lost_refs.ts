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
 * a device-dax never asks. O(runs, entries of newer file systems, extents of anonymous memory).
 * Source: mm/memory.c zap_present_folio_ptes(), mm/huge_memory.c zap_huge_pmd(), v6.15 on; S10, S11, S46, S47.
 */
export function loseRefs(
  tx: Transaction,
  mappings: readonly Mapping[],
  index = 0,
  end = Number.POSITIVE_INFINITY,
): void {
  const ramOf = onceADevice((device) => ramInUse(tx.host, device));
  for (const [name, lostOf] of lostByDevice(tx.host, mappings, index, end)) {
    const device = deviceOf(tx.host, name);
    if (counts(tx.host, device)) loseFolios(tx, device, lostOf);
    else loseFree(tx, device, [...lostOf.values()], ramOf);
  }
}

interface Lost {
  readonly refs: PfnRange[];
  readonly ptes: PfnRange[];
}

/** By the generation whose pfns a mapping was given: by it goes what newer file systems have taken. */
type LostOf = Map<number, Lost>;

function lostByDevice(
  host: Host,
  mappings: readonly Mapping[],
  index: number,
  end: number,
): Map<string, LostOf> {
  const byDevice = new Map<string, LostOf>();
  for (const mapping of mappings) {
    const stale = staleWithin(host, mapping, index, end);
    if (stale.length === 0) continue;
    const lostOf = byDevice.get(mapping.dax_device) ?? new Map<number, Lost>();
    const generation = generationOf(host, mapping);
    const lost: Lost = lostOf.get(generation) ?? { refs: [], ptes: [] };
    for (const run of stale) lost[run.level === 'pte' ? 'ptes' : 'refs'].push(pagesWithin(run, index, end));
    byDevice.set(mapping.dax_device, lostOf.set(generation, lost));
  }
  return byDevice;
}

/** Runs of a mapping that reach into a range of indexes, whose pgmap is not that of the device any more. */
function staleWithin(host: Host, mapping: Mapping, index: number, end: number): Run[] {
  const { pgmap } = deviceOf(host, mapping.dax_device);
  const stale: Run[] = [];
  for (const run of runsFrom(entriesOf(host, mapping.id), index)) {
    if (run.index >= end) break;
    if (run.kind === 'dax' && run.pgmap !== pgmap) stale.push(run);
  }
  return stale;
}

function loseFolios(tx: Transaction, device: DaxDevice, lostOf: LostOf): void {
  const marks = [...lostOf].map(([generation, lost]): Lost => {
    const taken = pagesTakenSince(tx.host, device.name, generation);
    const ptes = normalize(lost.ptes);
    // A folio of a new file counts as a whole what its PTEs lose.
    return { refs: [...lost.refs, ...intersect(ptes, taken)], ptes: subtract(ptes, taken) };
  });
  mark(tx, device, { refs: marks.flatMap(({ refs }) => refs), ptes: marks.flatMap(({ ptes }) => ptes) });
}

/** Of System RAM what nobody uses; of the pages behind an entry by PMD the first loses the reference, here all (S46). */
function loseFree(
  tx: Transaction,
  device: DaxDevice,
  losses: readonly Lost[],
  ramOf: (device: DaxDevice) => PfnRange[],
): void {
  if (!factsOf(tx.host).repurpose.bad_page_map) return;
  const lost = normalize(losses.flatMap(({ refs, ptes }) => [...refs, ...ptes]));
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

/**
 * The same of pins that were taken before the present pgmap: no mapcount falls with them (S53). O(ranges, pins × their
 * devices).
 */
export function loseRefsOfPins(tx: Transaction, pins: readonly Pin[]): void {
  for (const name of new Set(pins.map(({ dax_device }) => dax_device))) {
    const device = deviceOf(tx.host, name);
    const stale = pins.filter(({ dax_device, pgmap }) => dax_device === name && pgmap !== device.pgmap);
    if (stale.length === 0 || !counts(tx.host, device)) continue;
    mark(tx, device, { refs: stale.flatMap(({ pfn_ranges }) => pfn_ranges), ptes: [] });
  }
}

/** Where its pages have struct pages of a pgmap, which a file system on it counts. */
function counts(host: Host, { mode, pgmap_state }: DaxDevice): boolean {
  return !isOnDaxBus(mode) && pgmap_state !== 'none' && factsOf(host).eviction.waits_for_refs;
}

function mark(tx: Transaction, device: DaxDevice, { refs, ptes }: Lost): void {
  const lost_refs = normalize([...device.lost_refs, ...refs]);
  const lost_ptes = normalize([...device.lost_ptes, ...ptes]);
  patch(tx, 'dax_devices', device.name, { lost_refs, lost_ptes });
  emit(tx, 'dax_device_changed', `dax-devices/${device.name}`, { lost_refs, lost_ptes });
}
