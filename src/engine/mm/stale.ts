import type { Host, Mapping } from '../model/host.ts';
import type { ByLevel, Effect, Facts } from '../kernels/profile.ts';
import { factsOf, superblockOf } from '../model/lookup.ts';
import type { Run } from '../model/mapping_table.ts';

const OK: Effect = { do: 'ok' };

/**
 * What every verb that walks to a stale entry does to the kernel, by the size of the entry: the one table that the
 * verbs act by, and hazards are told from. Source: SPEC.md C3, C4, D.
 */
export function staleVerbs(facts: Facts) {
  return {
    ...facts.zap_stale,
    ...facts.gup_stale,
    mlock: facts.mlock_stale,
    smaps: facts.smaps_stale,
    pagemap: facts.pagemap_stale,
    numa_maps: facts.numa_maps_stale,
  } as const;
}

/** The level a walker meets; PUD entries count as PMD. */
export function levelOf<T>(effects: { readonly pte: T; readonly pmd: T }, run: Run): T {
  return run.level === 'pte' ? effects.pte : effects.pmd;
}

/**
 * What a store of the processor does to the kernel at a stale entry. One through a writable entry asks nobody; a
 * private one copies, a shared one faults (C4).
 */
export function storeEffect(host: Host, mapping: Mapping, run: Run): Effect {
  const facts = factsOf(host);
  if (mapping.flags.includes('private')) return levelOf(facts.store_stale_private, run);
  if (run.writable || mapping.prot === 'r') return OK;
  const inode = host.tables.files.get(String(mapping.file));
  const xfs = superblockOf(host, String(inode?.file_system))?.fs_type === 'xfs';
  return levelOf(
    { pte: facts.store_stale_shared_pte, pmd: xfs ? facts.store_stale_shared_pmd_xfs : OK },
    run,
  );
}

/** The verbs that do this to the kernel at any of these entries, by the names that hazards have for them. */
export function verbsThat(
  does: 'oops' | 'livelock',
  host: Host,
  mapping: Mapping,
  left: readonly Run[],
): string[] {
  const walked = Object.entries<ByLevel>(staleVerbs(factsOf(host)));
  const meets = (effectAt: (run: Run) => Effect) => left.some((run) => effectAt(run).do === does);
  return [
    ...(meets((run) => storeEffect(host, mapping, run)) ? ['store'] : []),
    ...walked.filter(([, effects]) => meets((run) => levelOf(effects, run))).map(([verb]) => verb),
  ];
}
