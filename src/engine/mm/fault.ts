import type { Mapping } from '../model/host.ts';
import { deviceOf } from '../model/lookup.ts';
import { clipRun, findRun, type Run } from '../model/mapping_table.ts';
import { isRefusal } from '../model/refusal.ts';
import { emit, entriesOf, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES, isOnDaxBus } from '../model/vocabulary.ts';
import { touchAnonymous } from './anonymous.ts';
import { missingBlockDevice, missingCached, storeCached } from './fault_cached.ts';
import { missingChardev } from './fault_chardev.ts';
import { missingDax } from './fault_dax.ts';
import { storeOverHole } from './fault_hole.ts';
import { storePrivate, storeProtected } from './fault_store.ts';
import {
  fileBehind,
  isPrivate,
  mountOf,
  nextPresent,
  type Failure,
  type Step,
  type Walk,
} from './fault_walk.ts';
import { settled } from './gather.ts';
import { notKnown } from './oom_kill.ts';
import { staleEffect, storePasses } from './stale.ts';

/** What a touch came to: the entries it made by size, and what ended it early. */
export interface Touched {
  readonly failure: Failure | null;
  readonly faults: { readonly pte: number; readonly pmd: number; readonly pud: number };
}

/** Touches pages and tells so, whatever came of it. */
export function faultIn(
  tx: Transaction,
  mapping: Mapping,
  { index, nr }: { readonly index: number; readonly nr: number },
  write: boolean,
): Touched {
  const touched = touch(tx, mapping, index, nr, write);
  emit(tx, 'page_faulted', `mappings/${mapping.id}`, { index, nr_pages: nr, write });
  return touched;
}

/**
 * The processor touches `[start, start + nr)` pages of a mapping, in order, faulting in what is not mapped;
 * ends at the first page that fails. Work grows with runs, not pages.
 * Source: mm/memory.c handle_mm_fault(), fs/dax.c dax_iomap_fault(), drivers/dax/device.c dev_dax_huge_fault().
 */
export function touch(tx: Transaction, mapping: Mapping, start: number, nr: number, write: boolean): Touched {
  const device = deviceOf(tx.host, mapping.dax_device);
  const faults = { pte: 0, pmd: 0, pud: 0 };
  const end = start + nr;
  const walk: Walk = { tx, mapping, device, write, end, faults, known: {}, gathered: new Map() };
  const failure = touchFrom(walk, start);
  settled(walk);
  return { failure, faults };
}

function touchFrom(walk: Walk, start: number): Failure | null {
  const { tx, mapping } = walk;
  let index = start;
  while (index < walk.end) {
    const run = findRun(entriesOf(tx.host, mapping.id), index);
    const step = mapping.anonymous
      ? anonymous(walk, run, index)
      : run === null
        ? missing(walk, index)
        : present(walk, run, index);
    if (typeof step !== 'number') return step;
    index = step;
  }
  return null;
}

const FULL = 'what the OOM killer does to a call that takes pages is not in the sources read';

/** Memory of system-ram: a poisoned page is a hwpoison entry, AR with lsb 12 at the touch (M53). */
function anonymous(walk: Walk, run: Run | null, index: number): Step {
  const { tx, mapping, write, known } = walk;
  const end = run === null ? nextPresent(walk, index) : Math.min(walk.end, run.index + run.nr_pages);
  const before = entriesOf(tx.host, mapping.id);
  const step = touchAnonymous({ tx, mapping, index, end, write, known }, run);
  if (step === 'poisoned') return { why: 'sigbus', index, hwpoison_lsb: 12 };
  if (step === 'full') return { why: 'refused', refusal: notKnown(mapping.dax_device, FULL), full: true };
  if (isRefusal(step)) return { why: 'refused', refusal: step };
  if (entriesOf(tx.host, mapping.id) !== before) walk.faults.pte += step - index;
  return step;
}

/** A page that is mapped: a read is served; a store may need more. Returns the next page to look at. */
function present(walk: Walk, run: Run, index: number): Step {
  const runEnd = run.index + run.nr_pages;
  if (!walk.write || run.kind === 'anon') return runEnd;
  const touched = clipRun(run, index, walk.end)!;
  const effect = staleEffect(walk.tx.host, walk.mapping, touched, 'store');
  if (effect.do === 'oops') return { why: 'oops', index, effect };
  if (isPrivate(walk.mapping)) return storePrivate(walk, run, index);
  if (run.kind === 'cache') return storeCached(settled(walk), run, index);
  if (run.kind === 'zero') return storeOverHole(settled(walk), run, index);
  if (storePasses(walk.mapping, run)) return runEnd;
  return storeProtected(walk, run, index);
}

/** A page that is not mapped: the device node, the page cache or DAX serve the fault. */
function missing(walk: Walk, index: number): Step {
  if (walk.mapping.file === null) {
    const whole = settled(walk);
    return isOnDaxBus(walk.device.mode) ? missingChardev(whole, index) : missingBlockDevice(whole, index);
  }
  const file = fileBehind(walk);
  const filePages = Math.ceil(file.size / PAGE_BYTES);
  const end = Math.min(walk.end, filePages - walk.mapping.offset / PAGE_BYTES);
  const mount = mountOf(walk);
  return file.dax ? missingDax(walk, mount, index, end) : missingCached(settled(walk), mount, index, end);
}
