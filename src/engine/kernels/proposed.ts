import type { Host, HostRecord } from '../model/host.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import { hostRecord } from '../model/transaction.ts';
import { KERNEL_NAMES, type KernelName } from '../model/vocabulary.ts';
import { profileOf } from './of_host.ts';
import type { Profile, Proposed } from './profile.ts';
import { PROFILES } from './profiles.ts';

/** A host on which no proposed parameter is turned on. */
export const NOTHING_PROPOSED = { devdax_memory_failure: false, kmem_memory_failure: false };

/** The profile of the host's kernel, with the lists of the proposed parameters that are turned on for this host (FU9). */
export function proposedProfile(host: Host): Profile {
  const profile = profileOf(host);
  const { proposed } = hostRecord(host);
  const turnedOn = profile.proposed.filter(({ parameter }) => proposed[parameter]);
  return turnedOn.reduce(
    (before, { steps }) => ({ ...before, steps: { ...before.steps, ...steps } }),
    profile,
  );
}

/** A proposed parameter is that of the kernels whose profiles have it, and of no other (FU9, FU11). */
export function refusesProposed(
  kernel: KernelName,
  proposed: Partial<HostRecord['proposed']>,
): Refusal | null {
  for (const parameter of ['devdax_memory_failure', 'kmem_memory_failure'] as const) {
    if (proposed[parameter] !== true || proposes(kernel, parameter)) continue;
    const kernels = KERNEL_NAMES.filter((name) => proposes(name, parameter)).join(', ');
    return refuse('invalid_field', `${parameter} is a proposed parameter of ${kernels} only`, {
      pointer: `/proposed/${parameter}`,
    });
  }
  return null;
}

/** What is left of the proposed parameters of a host once it runs this kernel. */
export function keptProposed(kernel: KernelName, proposed: HostRecord['proposed']): HostRecord['proposed'] {
  return refusesProposed(kernel, proposed) === null ? proposed : NOTHING_PROPOSED;
}

function proposes(kernel: KernelName, parameter: Proposed['parameter']): boolean {
  return PROFILES[kernel].proposed.some((each) => each.parameter === parameter);
}
