import { factsOf } from '../kernels/of_host.ts';
import type { DaxDevice, Host, Mapping } from '../model/host.ts';
import { deviceOf, mappingsOfPid } from '../model/lookup.ts';
import { unknownOutcome, type Refusal } from '../model/refusal.ts';
import { daxKinds, EVERY } from '../model/scan_entries.ts';
import { entriesOf } from '../model/transaction.ts';
import { isPrivate } from './fault_walk.ts';

/**
 * The entries that a fork copies: those of anonymous memory, and of a private file mapping that has copied a page
 * (anon_vma) those of 4 KiB; what a fault of the child can make anew is left to it (A8).
 * Source: mm/memory.c copy_page_range(), mm/huge_memory.c copy_huge_pmd(), all kernels.
 */
export function copiedByFork(host: Host, mapping: Mapping): 'all' | 'pte' | 'none' {
  const copied = mapping.anonymous ? 'all' : 'pte';
  if (copied === 'pte' && (!isPrivate(mapping) || mapping.present.anon === 0)) return 'none';
  return host.entries.has(mapping.id) ? copied : 'none';
}

/**
 * Refused with `outcome_unknown`: a fork that takes the struct pages of entries whose own pgmap is gone (FORK1); null
 * where it takes none of those. O(runs).
 */
export function forkUntold(host: Host, pid: number): Refusal | null {
  if (!factsOf(host).fork_takes_pages) return null;
  const lost = mappingsOfPid(host, pid).find(
    (mapping) => copiedByFork(host, mapping) === 'pte' && hasLost(host, mapping),
  );
  if (lost === undefined) return null;
  return unknownOutcome(
    `the fork takes the struct page of each entry of 4 KiB that it copies, and ${lost.id}, private, has some that outlived theirs: what becomes of process ${String(pid)} and of its child is neither recorded nor certain by the source`,
  );
}

/**
 * Whether the struct pages are gone, or others by now, that an entry of 4 KiB was made over; a pgmap that is being killed
 * has them. O(runs).
 */
function hasLost(host: Host, { id, dax_device }: Mapping): boolean {
  const { pgmap, pgmap_state }: DaxDevice = deviceOf(host, dax_device);
  const outlived = { ...EVERY, but: pgmap_state === 'none' ? null : pgmap };
  return daxKinds(entriesOf(host, id), outlived).some(({ level }) => level === 'pte');
}
