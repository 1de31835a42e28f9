import type { Mount } from '../model/host.ts';
import { daxDead } from '../model/lookup.ts';
import { levelPages, type Run } from '../model/mapping_table.ts';
import { dropEntries, insertEntries } from '../model/transaction.ts';
import { goodPages } from './badblocks.ts';
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

/** A13: a store to a private PMD drops it, to a private PTE copies from the old page without asking anybody. */
export function storePrivate(walk: Walk, run: Run, index: number): Step {
  if (run.level !== 'pte') {
    dropHuge(walk, index);
    return index;
  }
  return copyOnWrite(walk, index, Math.min(walk.end, run.index + run.nr_pages));
}

/** The first store to a write-protected shared entry faults again (A11). */
export function storeProtected(walk: Walk, run: Run, index: number): Step {
  const mount = mountOf(walk);
  const failure = startStore(walk, mount, index);
  if (failure !== null) return failure;
  if (daxDead(walk.tx.host, mount) || mount.fs_state === 'shutdown') {
    return storeOnDead(walk, run, index, mount);
  }
  const unit = levelPages(run.level);
  const from = run.index + Math.floor((index - run.index) / unit) * unit;
  const end = Math.min(run.index + run.nr_pages, run.index + Math.ceil((walk.end - run.index) / unit) * unit);
  const good = goodPages(walk.device, run.pfn + (from - run.index), end - from);
  const to = from + Math.floor(good / unit) * unit;
  if (to === from) return storeOverPoison(walk, run, index);
  walk.faults[run.level] += (to - from) / unit;
  const writable = {
    ...run,
    index: from,
    nr_pages: to - from,
    pfn: run.pfn + (from - run.index),
    writable: true,
  };
  insertEntries(walk.tx, walk.mapping.id, [writable]);
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
