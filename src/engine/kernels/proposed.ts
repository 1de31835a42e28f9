import type { Host } from '../model/host.ts';
import { profileOf } from '../model/lookup.ts';
import { hostRecord } from '../model/transaction.ts';
import type { Profile, StepSpec } from './profile.ts';

/**
 * The profile with the open wish of the series that is turned on for this host: device-dax is memory_failure()d
 * too, before its inode is unmapped (FU9).
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
