import type { DaxDevice, Mapping } from '../model/host.ts';
import { anonymousMappingsOf, deviceOf } from '../model/lookup.ts';
import { factsOf } from '../kernels/of_host.ts';
import { findRun, nextRun, type Run } from '../model/mapping_table.ts';
import { intersect, normalize, type PfnRange } from '../model/pfn_range.ts';
import { unknownOutcome, type Refusal } from '../model/refusal.ts';
import { entriesOf, insertEntries, type Transaction } from '../model/transaction.ts';
import {
  freePages,
  hasMiscounted,
  hasOnlineMemory,
  mappedRam,
  memoryRangesOf,
} from '../model/memory_range.ts';

/** The next page to look at, `poisoned` where this one is, `full` where no page is free, or a refusal. */
type Step = number | 'poisoned' | 'full' | Refusal;

/** What the faults of one access have looked up: nothing but they themselves changes it meanwhile. */
export interface KnownMemory {
  /** Free pages of the device's memory, less what was taken. */
  free?: PfnRange[];
  /** Pages that other mappings map. */
  others?: readonly PfnRange[];
  /** Mappings that fork made of this one, or this one of: they share its address. */
  relatives?: readonly Mapping[];
}

/** A touch of pages `[index, end)`: all in one run, or all in a gap. */
export interface AnonymousFault {
  readonly tx: Transaction;
  readonly mapping: Mapping;
  readonly index: number;
  readonly end: number;
  readonly write: boolean;
  readonly known: KnownMemory;
}

/** What a touch of anonymous memory does: `run` is what maps the first page, null where nothing does. */
export function touchAnonymous(fault: AnonymousFault, run: Run | null): Step {
  if (run?.kind === 'ram') return presentRam(fault, run);
  // The zero page gives way to a page at the first store.
  return run === null || (run.kind === 'cache' && fault.write) ? missingRam(fault) : fault.end;
}

/**
 * A page of anonymous memory that is mapped. A hwpoison entry is one whose page is poisoned, or (pfn -1) left
 * with its memory. A store to a page that a fork shares takes a page of its own.
 * Source: mm/memory.c do_swap_page(), do_wp_page().
 */
function presentRam(fault: AnonymousFault, run: Run): Step {
  const { tx, mapping, index, end, write, known } = fault;
  if (run.pfn < 0) return 'poisoned';
  const device = deviceOf(tx.host, mapping.dax_device);
  const pfn = run.pfn + index - run.index;
  const [poison] = intersect([[pfn, end - index]], device.hwpoisoned);
  const sound = poison === undefined ? end : index + poison[0] - pfn;
  if (sound === index) return 'poisoned';
  if (!write || run.writable) return sound;
  const mapped = { ...run, index, nr_pages: sound - index, pfn };
  known.others ??= pagesOfOthers(tx, mapping);
  const [shared] = intersect([[mapped.pfn, mapped.nr_pages]], known.others);
  const alone = (shared?.[0] ?? pfn + mapped.nr_pages) - pfn;
  if (alone === 0) return allocate(fault, index + shared![1]);
  insertEntries(tx, mapping.id, [{ ...mapped, nr_pages: alone, writable: true }]);
  return index + alone;
}

function pagesOfOthers(tx: Transaction, mapping: Mapping): PfnRange[] {
  const others = anonymousMappingsOf(tx.host, mapping.dax_device).filter(({ id }) => id !== mapping.id);
  return normalize(others.flatMap((other) => mappedRam(tx.host, other)));
}

/**
 * A page of anonymous memory that is not mapped: a private read finds the zero page, shared memory the page that
 * a relative by fork has, all else a free page, lowest pfn first.
 * Source: mm/memory.c do_anonymous_page(), mm/shmem.c shmem_fault().
 */
function missingRam(fault: AnonymousFault): Step {
  const { tx, mapping, index, end, write, known } = fault;
  if (mapping.flags.includes('private')) {
    if (write) return allocate(fault, end);
    insertEntries(tx, mapping.id, [
      { index, nr_pages: end - index, pfn: -1, level: 'pte', kind: 'cache', writable: false, pgmap: 0 },
    ]);
    return end;
  }
  known.relatives ??= relativesOf(tx, mapping);
  const theirs = ofRelative(tx, known.relatives, index);
  if (theirs === null) return allocate(fault, Math.min(end, nextOfRelatives(tx, known.relatives, index)));
  const to = Math.min(end, theirs.index + theirs.nr_pages);
  const pfn = theirs.pfn < 0 ? -1 : theirs.pfn + index - theirs.index;
  insertEntries(tx, mapping.id, [{ ...theirs, index, nr_pages: to - index, pfn }]);
  return to;
}

function relativesOf(tx: Transaction, mapping: Mapping): Mapping[] {
  return anonymousMappingsOf(tx.host, mapping.dax_device).filter(
    ({ id, address }) => id !== mapping.id && address === mapping.address,
  );
}

function ofRelative(tx: Transaction, relatives: readonly Mapping[], index: number): Run | null {
  for (const { id } of relatives) {
    const run = findRun(entriesOf(tx.host, id), index);
    if (run !== null) return run;
  }
  return null;
}

/** Where the first entry of a relative behind `index` begins; at `index` itself none has one. */
function nextOfRelatives(tx: Transaction, relatives: readonly Mapping[], index: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const { id } of relatives) {
    const run = nextRun(entriesOf(tx.host, id), index);
    if (run !== null) next = Math.min(next, run.index);
  }
  return next;
}

/** Takes free pages up to `end`, as far as the first free extent goes. */
function allocate({ tx, mapping, index, known }: AnonymousFault, end: number): Step {
  const device = deviceOf(tx.host, mapping.dax_device);
  known.free ??= freePages(tx.host, device.name);
  const free = known.free.shift();
  const entry = { index, level: 'pte', writable: mapping.prot === 'rw', pgmap: 0 } as const;
  if (free !== undefined) {
    const nr_pages = Math.min(end - index, free[1]);
    if (rangesMiscounted(tx, device.name, [free[0], nr_pages])) return unknownOutcome(WRONG_COUNT);
    if (nr_pages < free[1]) known.free.unshift([free[0] + nr_pages, free[1] - nr_pages]);
    insertEntries(tx, mapping.id, [{ ...entry, nr_pages, pfn: free[0], kind: 'ram' }]);
    return index + nr_pages;
  }
  if (hasOnlineMemory(tx.host, device.name)) return 'full';
  const refusal = refusesElsewhere(tx, device);
  if (refusal !== null) return refusal;
  insertEntries(tx, mapping.id, [{ ...entry, nr_pages: end - index, pfn: -1, kind: 'anon' }]);
  return end;
}

const WRONG_COUNT = 'memory is given out again whose pages have wrong reference counts (S46, R161)';

function rangesMiscounted(tx: Transaction, dax_device: string, taken: PfnRange): boolean {
  return memoryRangesOf(tx.host, dax_device).some((range) => hasMiscounted(range, [taken]));
}

/** M75: a policy whose node lost all its memory reads another node on v6.1 and later. */
function refusesElsewhere(tx: Transaction, device: DaxDevice): Refusal | null {
  if (factsOf(tx.host).kmem.policy_follows_memory) return null;
  return unknownOutcome(
    `${device.name} has no online memory and the policy still names its node: where the page comes from is not recorded`,
  );
}
