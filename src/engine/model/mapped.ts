import type { DaxDevice, Host } from './host.ts';
import { livingMappings, mappingsOfDevice, nrPages } from './lookup.ts';
import { runCount, type Entries } from './mapping_table.ts';
import { pfnList, reserve, setOf, within, type PfnSet } from './pfn_set.ts';
import { addReached, leadsInto } from './scan_entries.ts';

interface Asked extends Pick<DaxDevice, 'base_pfn' | 'size'> {
  readonly of: readonly object[];
  readonly set: PfnSet;
}

/** What was asked for last: several ask, of one state and of those behind it. */
let last: Asked = { of: [], base_pfn: 0, size: 0, set: new Float64Array(0) };

/** What entries lead to; those that were write-protected since lead to the same. */
const pagesOf = new WeakMap<Entries, object>();

/** Entries lead to the pages of those that they were made of. */
export function leadsAs(entries: Entries, before: Entries): void {
  pagesOf.set(entries, nameOfPages(before));
}

function nameOfPages(entries: Entries): object {
  const known = pagesOf.get(entries);
  if (known !== undefined) return known;
  const name = {};
  pagesOf.set(entries, name);
  return name;
}

/**
 * Pfns of the device that some task's entry maps now, each once. O(mapped extents); O(mappings) where the last who asked
 * was told of the same pages.
 */
export function mappedPfns(host: Host, device: DaxDevice): PfnSet {
  const { base_pfn, size } = device;
  const mapped = mappedEntries(host, device);
  const of = mapped.map(nameOfPages);
  const isLast = last.base_pfn === base_pfn && last.size === size && areSame(last.of, of);
  if (isLast) return last.set;
  const set = within(reachedPfns(mapped), base_pfn, nrPages(device));
  last = { of, base_pfn, size, set };
  return set;
}

/** Tables that lead to nothing else than the longest, as those of a file that many map, are only read. */
function reachedPfns(mapped: readonly Entries[]): PfnSet {
  const counts = mapped.map(runCount);
  const longest = counts.indexOf(counts.reduce((most, count) => Math.max(most, count), 0));
  if (longest < 0) return new Float64Array(0);
  const base = pfnsOf([mapped[longest]!], counts[longest]!);
  let more = 0;
  const leading = mapped.filter((entries, at) => {
    const leads = at === longest || !leadsInto(entries, base);
    if (leads) more += counts[at]!;
    return leads;
  });
  // One list of all: where they ascend it is the set.
  return leading.length === 1 ? base : pfnsOf(leading, more);
}

function pfnsOf(tables: readonly Entries[], runs: number): PfnSet {
  const list = pfnList();
  reserve(list, runs);
  for (const entries of tables) addReached(list, entries);
  return setOf(list);
}

/** Of mappings of tasks that still have their memory. */
function mappedEntries(host: Host, { name }: DaxDevice): Entries[] {
  const all: Entries[] = [];
  for (const { id } of livingMappings(host, mappingsOfDevice(host, name))) {
    const entries = host.entries.get(id);
    if (entries !== undefined) all.push(entries);
  }
  return all;
}

function areSame(a: readonly object[], b: readonly object[]): boolean {
  return a.length === b.length && a.every((each, at) => each === b[at]);
}
