import type { KernelProbes } from '../model/kernel_probes.ts';
import type { Change } from './change.ts';
import { openProbes } from './open_probes.ts';
import { byVersion, type Presence } from './presence.ts';
import { settledBy } from './proofs.ts';
import { readRelease, type Release } from './release.ts';
import { withThoseThatNeed } from './needs.ts';

/** What is known of a kernel: which changes it has. What was looked up on the host outweighs its version. */
export interface Evidence {
  readonly release: Release;
  readonly presenceOf: (change: Change) => Presence;
  /** What may still be looked up on the host to settle a change, in words; none where nothing that is known tells. */
  readonly probesFor: (change: Change) => readonly string[];
}

/** Reads a release and the probes of its host. */
export function evidenceOf(told: string, probes: KernelProbes): Evidence {
  const release = readRelease(told);
  const settled = settledBy(probes);
  const known = new Map<string, Presence>();
  const find = (change: Change): Presence => {
    const probed = settled.get(change.id);
    if (probed === undefined) return byVersion(change, release);
    return { has: probed.has, by: 'probe', why: `looked up on the host: ${probed.probe.where}` };
  };
  const presenceOf = (change: Change): Presence => {
    const presence = known.get(change.id) ?? find(change);
    known.set(change.id, presence);
    return presence;
  };
  let open: ReturnType<typeof openProbes> | null = null;
  const probesFor = (change: Change): readonly string[] => {
    open ??= openProbes(probes, (each) => presenceOf(each).has);
    return open.get(change.id) ?? [];
  };
  return { release, presenceOf, probesFor };
}

/** Whether a kernel has a change where some are assumed: index 1 of a choice is that it has it. Null: nobody can say. */
export function assuming(
  { presenceOf }: Evidence,
  assumed: ReadonlyMap<string, number>,
): (change: Change) => boolean | null {
  const has = (change: Change): boolean | null => {
    const known = presenceOf(change).has;
    if (known !== null) return known;
    const value = assumed.get(change.id);
    if (value !== undefined) return value === 1;
    if (change.needs.some((needed) => has(needed) === false)) return false;
    return withThoseThatNeed(change).some(({ id }) => assumed.get(id) === 1) ? true : null;
  };
  return has;
}
