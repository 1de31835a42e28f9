import type { Host, HostRecord } from '../model/host.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import { hostRecord } from '../model/transaction.ts';
import { KERNEL_NAMES, type HostKernel } from '../model/vocabulary.ts';
import { profileOf } from './of_host.ts';
import type { KernelInUse, Proposed } from './profile.ts';
import { PROFILES } from './profiles.ts';

/** A host on which no proposed parameter is turned on. */
export const NOTHING_PROPOSED = { devdax_memory_failure: false, kmem_memory_failure: false };

/** The profile of the host's kernel, with the lists of the proposed parameters that are turned on for this host (FU9). */
export function proposedProfile(host: Host): KernelInUse {
  const profile = profileOf(host);
  const { proposed } = hostRecord(host);
  const turnedOn = profile.proposed.filter(({ parameter }) => proposed[parameter]);
  return turnedOn.reduce<KernelInUse>(
    (before, { steps }) => ({ ...before, steps: { ...before.steps, ...steps } }),
    profile,
  );
}

/** A proposed parameter is that of the kernels whose profiles have it, and of no other (FU9, FU11). */
export function refusesProposed(
  kernel: HostKernel,
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
export function keptProposed(kernel: HostKernel, proposed: HostRecord['proposed']): HostRecord['proposed'] {
  return refusesProposed(kernel, proposed) === null ? proposed : NOTHING_PROPOSED;
}

function proposes(kernel: HostKernel, parameter: Proposed['parameter']): boolean {
  return kernel !== 'resolved' && PROFILES[kernel].proposed.some((each) => each.parameter === parameter);
}
