import { factsOf } from '../kernels/of_host.ts';
import type { Mount } from '../model/host.ts';
import { daxDead } from '../model/lookup.ts';
import { levelPages, type Run } from '../model/mapping_table.ts';
import type { PfnRange } from '../model/pfn_range.ts';
import { unknownOutcome } from '../model/refusal.ts';
import { overSystemRam } from '../model/struct_pages.ts';
import { dropEntries } from '../model/transaction.ts';
import { goodPages } from './badblocks.ts';
import { gather, settled } from './gather.ts';
import { loseRefs } from './lost_refs.ts';
import {
  copyOnWrite,
  dirtyFile,
  mountOf,
  poisoned,
  startStore,
  type Failure,
  type Step,
  type Walk,
} from './fault_walk.ts';

/**
 * A13: a store to a private PMD drops it, to a private PTE copies from the old page without asking anybody. Where that
 * has other struct pages by now it gives back what these never had (ST3). Refused with `outcome_unknown`: of System RAM.
 * Source: mm/memory.c wp_page_copy().
 */
export function storePrivate(walk: Walk, run: Run, index: number): Step {
  if (run.level !== 'pte') {
    dropHuge(settled(walk), index);
    return index;
  }
  const end = Math.min(walk.end, run.index + run.nr_pages);
  if (run.kind === 'dax' && givesBackRam(walk, [run.pfn + index - run.index, end - index]))
    return { why: 'refused', refusal: unknownOutcome(COPY_OF_RAM) };
  loseRefs(walk.tx, [walk.mapping], index, end);
  return copyOnWrite(walk, index, end);
}

const COPY_OF_RAM =
  'a private store that copies from a stale page which is system RAM now is neither recorded nor in the sources read';

/** Whether the page that is copied is given back to System RAM, which may have it free. */
function givesBackRam({ tx, device }: Walk, pages: PfnRange): boolean {
  return factsOf(tx.host).repurpose.bad_page_map && overSystemRam(tx.host, device, [pages]);
}

/** The first store to a write-protected shared entry faults again (A11). */
export function storeProtected(walk: Walk, run: Run, index: number): Step {
  const mount = mountOf(walk);
  const failure = startStore(walk, mount, index);
  if (failure !== null) return failure;
  if (daxDead(walk.tx.host, mount) || mount.fs_state === 'shutdown') {
    return storeOnDead(settled(walk), run, index, mount);
  }
  const unit = levelPages(run.level);
  const from = run.index + Math.floor((index - run.index) / unit) * unit;
  const end = Math.min(run.index + run.nr_pages, run.index + Math.ceil((walk.end - run.index) / unit) * unit);
  const good = goodPages(walk.device, run.pfn + (from - run.index), end - from);
  const to = from + Math.floor(good / unit) * unit;
  if (to === from) return storeOverPoison(settled(walk), run, index);
  walk.faults[run.level] += (to - from) / unit;
  const writable = {
    ...run,
    index: from,
    nr_pages: to - from,
    pfn: run.pfn + (from - run.index),
    writable: true,
  };
  gather(walk, walk.mapping.id, [writable]);
  dirtyFile(walk, from, to);
  return to;
}

/** A fault by PMD over a badblock falls back: the entry goes, and PTEs serve what is good. */
function storeOverPoison(walk: Walk, run: Run, index: number): Step {
  if (run.level === 'pte') return poisoned(walk, index);
  dropEntries(walk.tx, walk.mapping.id, index, 1);
  return index;
}

/** C4: a store to a stale shared entry: SIGBUS; whether the entry goes, or the kernel, depends on its size and owner. */
export function storeOnDead(walk: Walk, run: Run, index: number, mount: Mount): Failure {
  const splits = mount.fs_type === 'xfs' || (mount.fs_state === 'alive' && mount.journal === 'live');
  if (run.level !== 'pte' && splits) dropHuge(walk, index);
  return { why: 'sigbus', index };
}

/** The huge entry of a page goes. */
function dropHuge({ tx, mapping }: Walk, index: number): void {
  loseRefs(tx, [mapping], index, index + 1);
  dropEntries(tx, mapping.id, index, 1);
}
