import type { Run } from '../model/mapping_table.ts';
import { insertEntries, type Transaction } from '../model/transaction.ts';

/** Who gives neighbouring pages their entries, one step after another, in ascending order. */
export interface Gathering {
  readonly tx: Transaction;
  /** Entries that are not in the tables yet, by the mapping or file that they are for. */
  readonly gathered: Map<string, Run[]>;
}

/**
 * Entries that go into a table with those of the next steps: one change of each owner, not one a step. Who looks at pages
 * behind them need not know of them; all others settle first.
 */
export function gather({ gathered }: Gathering, owner: string, runs: readonly Run[]): void {
  const known = gathered.get(owner) ?? [];
  gathered.set(owner, known);
  for (const run of runs) {
    const last = known.at(-1);
    if (last === undefined || !goesOn(last, run)) known.push(run);
    else known[known.length - 1] = { ...last, nr_pages: last.nr_pages + run.nr_pages };
  }
}

/** Where it goes on where the other ends, and is like it. */
function goesOn(last: Run, run: Run): boolean {
  const behind = last.pfn < 0 ? last.pfn : last.pfn + last.nr_pages;
  return (
    last.index + last.nr_pages === run.index &&
    behind === run.pfn &&
    last.level === run.level &&
    last.kind === run.kind &&
    last.writable === run.writable &&
    last.pgmap === run.pgmap
  );
}

/** The last entries that were gathered for an owner, where they reach behind a page index. */
export function gatheredBehind({ gathered }: Gathering, owner: string, index: number): Run | null {
  const last = gathered.get(owner)?.at(-1);
  return last !== undefined && last.index + last.nr_pages > index ? last : null;
}

/** The same walk with all that it has gathered in the tables. */
export function settled<Walk extends Gathering>(walk: Walk): Walk {
  for (const [owner, runs] of walk.gathered) insertEntries(walk.tx, owner, runs);
  walk.gathered.clear();
  return walk;
}
