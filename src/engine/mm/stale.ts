import type { Host, Mapping } from '../model/host.ts';
import type { ByLevel, Effect } from '../kernels/effect.ts';
import { superblockOf } from '../model/lookup.ts';
import { factsOf } from '../kernels/of_host.ts';
import type { Run } from '../model/mapping_table.ts';

/** The level a walker meets; PUD entries count as PMD. */
export function levelOf<T>(effects: { readonly pte: T; readonly pmd: T }, run: Run): T {
  return run.level === 'pte' ? effects.pte : effects.pmd;
}

/**
 * What a store of the processor does to the kernel at a stale entry. One through a writable entry asks nobody; a
 * private one copies, a shared one faults (C4).
 */
export function storeEffect(host: Host, mapping: Mapping, run: Run): Effect {
  const { private: copied, shared_ext4, shared_xfs } = factsOf(host).stale_store;
  if (mapping.flags.includes('private')) return levelOf(copied, run);
  if (run.writable || mapping.prot === 'r') return { do: 'ok' };
  const inode = host.tables.files.get(String(mapping.file));
  const xfs = superblockOf(host, String(inode?.file_system))?.fs_type === 'xfs';
  return levelOf(xfs ? shared_xfs : shared_ext4, run);
}

/** The verbs that do this to the kernel at any of these entries, by the names that hazards have for them. */
export function verbsThat(
  does: 'oops' | 'livelock',
  host: Host,
  mapping: Mapping,
  left: readonly Run[],
): string[] {
  const walked = Object.entries<ByLevel>(factsOf(host).stale);
  const meets = (effectAt: (run: Run) => Effect) => left.some((run) => effectAt(run).do === does);
  return [
    ...(meets((run) => storeEffect(host, mapping, run)) ? ['store'] : []),
    ...walked.filter(([, effects]) => meets((run) => levelOf(effects, run))).map(([verb]) => verb),
  ];
}
