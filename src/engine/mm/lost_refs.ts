import { factsOf } from '../kernels/of_host.ts';
import type { DaxDevice, Host, Mapping, Pin } from '../model/host.ts';
import { deviceOf, generationOf } from '../model/lookup.ts';
import { memoryRangesOf, pfns } from '../model/memory_range.ts';
import type { PfnRange } from '../model/pfn_range.ts';
import {
  common,
  pfnList,
  rangesOf,
  setOf,
  setOfRanges,
  union,
  within,
  without,
  type PfnList,
  type PfnSet,
} from '../model/pfn_set.ts';
import { addDax, daxKinds, EVERY } from '../model/scan_entries.ts';
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
  readonly refs: PfnList;
  readonly ptes: PfnList;
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
    const { pgmap } = deviceOf(host, mapping.dax_device);
    const which = { ...EVERY, but: pgmap, from: index, to: end };
    const entries = entriesOf(host, mapping.id);
    if (daxKinds(entries, which).length === 0) continue;
    const lostOf = byDevice.get(mapping.dax_device) ?? new Map<number, Lost>();
    const generation = generationOf(host, mapping);
    const lost: Lost = lostOf.get(generation) ?? { refs: pfnList(), ptes: pfnList() };
    addDax(lost.ptes, entries, 'pte', which);
    addDax(lost.refs, entries, 'pmd', which);
    addDax(lost.refs, entries, 'pud', which);
    byDevice.set(mapping.dax_device, lostOf.set(generation, lost));
  }
  return byDevice;
}

function loseFolios(tx: Transaction, device: DaxDevice, lostOf: LostOf): void {
  let refs: PfnSet = new Float64Array(0);
  let lost_ptes: PfnSet = refs;
  for (const [generation, lost] of lostOf) {
    const taken = pagesTakenSince(tx.host, device.name, generation);
    const ptes = setOf(lost.ptes);
    // A folio of a new file counts as a whole what its PTEs lose.
    refs = union(union(refs, setOf(lost.refs)), common(ptes, taken));
    lost_ptes = union(lost_ptes, without(ptes, taken));
  }
  mark(tx, device, refs, lost_ptes);
}

/** Of System RAM what nobody uses; of the pages behind an entry by PMD the first loses the reference, here all (S46). */
function loseFree(
  tx: Transaction,
  device: DaxDevice,
  losses: readonly Lost[],
  ramOf: (device: DaxDevice) => PfnRange[],
): void {
  if (!factsOf(tx.host).repurpose.bad_page_map) return;
  let lost: PfnSet = new Float64Array(0);
  for (const { refs, ptes } of losses) lost = union(lost, union(setOf(refs), setOf(ptes)));
  for (const range of memoryRangesOf(tx.host, device.name)) {
    const free = without(within(lost, ...pfns(range)), setOfRanges(ramOf(device)));
    if (free.length === 0) continue;
    const miscounted = rangesOf(union(setOfRanges(range.miscounted ?? []), free));
    patch(tx, 'memory_ranges', range.id, { miscounted });
  }
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
    const refs = setOfRanges(stale.flatMap(({ pfn_ranges }) => pfn_ranges));
    mark(tx, device, refs, new Float64Array(0));
  }
}

/** Where its pages have struct pages of a pgmap, which a file system on it counts. */
function counts(host: Host, { mode, pgmap_state }: DaxDevice): boolean {
  return !isOnDaxBus(mode) && pgmap_state !== 'none' && factsOf(host).eviction.waits_for_refs;
}

function mark(tx: Transaction, device: DaxDevice, refs: PfnSet, ptes: PfnSet): void {
  const lost_refs = rangesOf(union(setOfRanges(device.lost_refs), refs));
  const lost_ptes = rangesOf(union(setOfRanges(device.lost_ptes), ptes));
  patch(tx, 'dax_devices', device.name, { lost_refs, lost_ptes });
  emit(tx, 'dax_device_changed', `dax-devices/${device.name}`, { lost_refs, lost_ptes });
}
