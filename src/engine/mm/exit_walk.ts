import { ok, type OopsEffect } from '../kernels/effect.ts';
import type { NeverEnding } from '../model/never_ending.ts';
import type { Host, Mapping } from '../model/host.ts';
import { mappingsOfPid, virtualAddress } from '../model/lookup.ts';
import { runs, type Run } from '../model/mapping_table.ts';
import { entriesOf } from '../model/transaction.ts';
import { PAGE_BYTES, PMD_PAGES } from '../model/vocabulary.ts';
import { staleEffects } from './stale.ts';

/**
 * The mappings of a process, in order of creation, as exit_mmap() comes to them, by address: mmap(2) puts each below those that are there, so
 * the newest lies lowest. Source: mm/mmap.c unmapped_area_topdown(), mm/memory.c unmap_vmas();
 * recording `seq-ext4-two-mappings@7.3`.
 */
export function inExitOrder(mappings: readonly Mapping[]): Mapping[] {
  return mappings.toReversed();
}

/**
 * An oops with what the exit of its task adds to it. A task that holds the lock of a table of PMDs spins on it where its
 * exit comes to another entry of that table: no grace period ends any more (S50). `index` is a page of the entry that was
 * cleared before the oops, null where its whole mapping has left the tree. Two mappings of a process lie beside each other, in one GiB.
 * Source: mm/memory.c zap_pmd_range(), mm/huge_memory.c __split_huge_pmd_locked();
 * not published: `rand-mixed-112@7.3`.
 */
export function withExit(host: Host, effect: OopsEffect, mapping: Mapping, index: number | null): OopsEffect {
  if (effect.locks === undefined) return effect;
  const never_ends = costOfExit(host, { mapping, index });
  return never_ends === null ? effect : { ...effect, never_ends };
}

interface Cleared {
  readonly mapping: Mapping;
  readonly index: number | null;
}

/** What the first entry costs at which the exit ends; null where it comes to none. */
function costOfExit(host: Host, cleared: Cleared): NeverEnding | null {
  const effectAt = staleEffects(host);
  for (const mapping of inExitOrder(mappingsOfPid(host, cleared.mapping.pid))) {
    for (const run of runs(entriesOf(host, mapping.id))) {
      const left = leftOf(mapping, run, cleared);
      if (left === 'spins') return 'rcu';
      const effect = left === 'none' ? ok : effectAt(mapping, run, 'exit');
      if (effect.do === 'oops') return effect.never_ends ?? null;
    }
  }
  return null;
}

/** What the exit finds of a run: nothing, entries of other tables, or one of the table whose lock its task holds. */
function leftOf(
  mapping: Mapping,
  run: Run,
  { mapping: { id }, index }: Cleared,
): 'none' | 'others' | 'spins' {
  if (mapping.id === id && index === null) return 'none';
  if (run.level !== 'pmd') return 'others';
  if (mapping.id !== id) return 'spins';
  return leftBeside(mapping, run, index!);
}

/** The same for huge entries of the mapping of the one that was cleared. */
function leftBeside(mapping: Mapping, run: Run, index: number): 'none' | 'others' | 'spins' {
  const into = Number(virtualAddress(mapping, index * PAGE_BYTES) % TABLE_BYTES) / PAGE_BYTES;
  const table = index - into;
  const inTable = Math.min(run.index + run.nr_pages, table + TABLE_PAGES) - Math.max(run.index, table);
  const itself = index >= run.index && index < run.index + run.nr_pages ? PMD_PAGES : 0;
  if (inTable > itself) return 'spins';
  return run.nr_pages > itself ? 'others' : 'none';
}

/** What the entries of one table of PMDs map. */
const TABLE_PAGES = PMD_PAGES * 512;
const TABLE_BYTES = BigInt(TABLE_PAGES * PAGE_BYTES);
