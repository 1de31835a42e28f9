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
import { addDax, daxKinds, EVERY, type Which } from '../model/scan_entries.ts';
import { emit, entriesOf, patch, type Transaction } from '../model/transaction.ts';
import { isOnDaxBus } from '../model/vocabulary.ts';
import { pagesTakenSince } from './evict.ts';
import { mayBeStale, onceADevice, ramInUse } from './stale.ts';

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
  const whichOf = onceADevice(({ pgmap }) => ({ ...EVERY, but: pgmap, from: index, to: end }));
  for (const name of devicesWithStale(tx.host, mappings, whichOf)) {
    const device = deviceOf(tx.host, name);
    const lost = (): LostOf => lostOf(tx.host, device, mappings, whichOf(device));
    if (counts(tx.host, device)) loseFolios(tx, device, lost());
    else if (factsOf(tx.host).repurpose.bad_page_map) loseFree(tx, device, [...lost().values()], ramOf);
  }
}

interface Lost {
  readonly refs: PfnList;
  readonly ptes: PfnList;
}

/** By the generation whose pfns a mapping was given: by it goes what newer file systems have taken. */
type LostOf = Map<number, Lost>;

/** The devices of which mappings have such entries: of each it takes one to ask what may be lost. */
function devicesWithStale(
  host: Host,
  mappings: readonly Mapping[],
  whichOf: (device: DaxDevice) => Which,
): Set<string> {
  const names = new Set<string>();
  for (const { id, dax_device: name } of mappings) {
    const device = deviceOf(host, name);
    if (!mayBeStale(device) || names.has(name)) continue;
    if (daxKinds(entriesOf(host, id), whichOf(device)).length > 0) names.add(name);
  }
  return names;
}

function lostOf(host: Host, { name }: DaxDevice, mappings: readonly Mapping[], which: Which): LostOf {
  const byGeneration: LostOf = new Map();
  for (const mapping of mappings) {
    const entries = entriesOf(host, mapping.id);
    if (mapping.dax_device !== name || daxKinds(entries, which).length === 0) continue;
    const generation = generationOf(host, mapping);
    const lost: Lost = byGeneration.get(generation) ?? { refs: pfnList(), ptes: pfnList() };
    addDax(lost.ptes, entries, 'pte', which);
    addDax(lost.refs, entries, 'pmd', which);
    addDax(lost.refs, entries, 'pud', which);
    byGeneration.set(generation, lost);
  }
  return byGeneration;
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
  const stale = pins.filter(({ dax_device, pgmap }) => pgmap !== deviceOf(tx.host, dax_device).pgmap);
  if (stale.length === 0) return;
  for (const name of new Set(stale.map(({ dax_device }) => dax_device))) {
    const device = deviceOf(tx.host, name);
    if (!counts(tx.host, device)) continue;
    const lost = stale.filter(({ dax_device }) => dax_device === name);
    const refs = setOfRanges(lost.flatMap(({ pfn_ranges }) => pfn_ranges));
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
