import { factsOf } from '../kernels/of_host.ts';
import type { DaxDevice, Host, Mapping } from '../model/host.ts';
import { deviceOf, mappingsOfPid } from '../model/lookup.ts';
import { runs, type Run } from '../model/mapping_table.ts';
import { unknownOutcome, type Refusal } from '../model/refusal.ts';
import { entriesOf } from '../model/transaction.ts';
import { isPrivate } from './fault_walk.ts';

/**
 * The entries that a fork copies: those of anonymous memory, and of a private file mapping that has copied a page
 * (anon_vma) those of 4 KiB; what a fault of the child can make anew is left to it (A8). O(runs).
 * Source: mm/memory.c copy_page_range(), mm/huge_memory.c copy_huge_pmd(), all kernels.
 */
export function copiedByFork(host: Host, mapping: Mapping): Run[] {
  const entries = entriesOf(host, mapping.id);
  if (mapping.anonymous) return [...runs(entries)];
  if (!isPrivate(mapping) || mapping.present.anon === 0) return [];
  return [...runs(entries)].filter(({ level }) => level === 'pte');
}

/**
 * Refused with `outcome_unknown`: a fork that takes the struct pages of entries whose own pgmap is gone (FORK1); null
 * where it takes none of those. O(runs).
 */
export function forkUntold(host: Host, pid: number): Refusal | null {
  if (!factsOf(host).fork_takes_pages) return null;
  const lost = mappingsOfPid(host, pid).find((mapping) => {
    const device = deviceOf(host, mapping.dax_device);
    return copiedByFork(host, mapping).some((run) => outlivedPages(device, run));
  });
  if (lost === undefined) return null;
  return unknownOutcome(
    `the fork takes the struct page of each entry of 4 KiB that it copies, and ${lost.id}, private, has some that outlived theirs: what becomes of process ${String(pid)} and of its child is neither recorded nor certain by the source`,
  );
}

/** Whether the struct pages are gone, or others by now, that an entry was made over; a pgmap that is being killed has them. */
function outlivedPages({ pgmap, pgmap_state }: DaxDevice, run: Run): boolean {
  return run.kind === 'dax' && (run.pgmap !== pgmap || pgmap_state === 'none');
}
