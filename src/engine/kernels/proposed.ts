import type { Host, HostRecord } from '../model/host.ts';
import { profileOf } from './of_host.ts';
import { hostRecord } from '../model/transaction.ts';
import type { Profile, StepSpec } from './profile.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import type { KernelName } from '../model/vocabulary.ts';

/**
 * The profile with the proposed parameter of the series that is turned on for this host: device-dax gets
 * memory_failure() too, before its inode is unmapped (FU9).
 */
export function proposedProfile(host: Host): Profile {
  const profile = profileOf(host);
  if (!hostRecord(host).proposed.devdax_memory_failure) return profile;
  const mass = profile.steps.fsdax.filter(({ name }) => name === 'dev_pagemap_failure');
  const behindKill = (steps: readonly StepSpec[]): StepSpec[] =>
    steps.flatMap((step) => (step.name === 'kill_dax' ? [step, ...mass] : [step]));
  const { devdax, devdax_parent } = profile.steps;
  return {
    ...profile,
    steps: { ...profile.steps, devdax: behindKill(devdax), devdax_parent: behindKill(devdax_parent) },
  };
}

/** The proposed parameters of the series: only the profile of its letter has them (FU9, FU11). */
export function refusesProposed(
  kernel: KernelName,
  proposed: Partial<HostRecord['proposed']>,
): Refusal | null {
  const turnedOn = Object.entries(proposed).find(([, on]) => on);
  if (turnedOn === undefined || kernel === 'force-unmap') return null;
  return refuse('invalid_field', `${turnedOn[0]} is proposed for force-unmap alone`, {
    pointer: `/proposed/${turnedOn[0]}`,
  });
}

export const NOTHING_PROPOSED = { devdax_memory_failure: false, kmem_memory_failure: false };
