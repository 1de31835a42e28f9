import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROFILES } from '../../src/engine/kernels/profiles.ts';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { anyStory, play } from './fleet.ts';
import { advice, assess } from './imagine.ts';
import { devdax, ext4, rmapbt } from './rig.ts';
import { addPin, UMEM } from './support.ts';
import { cases } from '../support/property.ts';

test('[ADV2] what was never merged is no kernel to boot', () => {
  const released = KERNEL_NAMES.filter((kernel) => PROFILES[kernel].released);
  expect(released).toEqual(['v5.10', 'v6.1', 'v6.12', 'v7.3']);
  const { made, mapper } = rmapbt('v7.3', 0, 4);
  mapper();
  const told = advice(made).find(({ action }) => action === 'boot_kernel');
  expect(told?.targets).toEqual(['v6.12']);
});

test('[ADV2] mkfs is destructive, nothing else is', () => {
  const { made, mapper } = ext4('v6.12');
  mapper();
  const destructive = advice(made).map(({ action, destructive: destroys }) => [action, destroys]);
  expect(destructive).toEqual([
    ['stop_processes_and_umount', false],
    ['stop_processes', false],
    ['mkfs_xfs_rmapbt', true],
  ]);
});

test('[ADV2] a removal that would then wait says so beside the verdict that it has not', () => {
  const { made, mapper } = devdax('v5.10');
  addPin(made, mapper(), UMEM);
  const now = assess(made)[0];
  expect([now?.state, now?.verdict]).toEqual(['waiting', null]);
  for (const { state_then, verdict_then } of now?.advice ?? [])
    expect([state_then, verdict_then]).toEqual(['completed', 'contained']);
});

test('[ADV2] whatever the fleet, advice names released kernels, and null is a verdict of what waits alone', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      const made = play(story, () => undefined);
      for (const told of assess(made).flatMap((assessment) => assessment.advice)) {
        if (told.action === 'boot_kernel')
          expect(told.targets.every((kernel) => kernel.startsWith('v'))).toBe(true);
        expect(told.verdict_then === null).toBe(told.state_then === 'waiting');
        expect(told.destructive).toBe(told.action === 'mkfs_xfs_rmapbt');
      }
    }),
    cases(20),
  );
});
