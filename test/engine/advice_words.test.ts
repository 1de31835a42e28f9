import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROFILES } from '../../src/engine/kernels/profiles.ts';
import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';
import { anyStory, play } from './fleet.ts';
import { advice, assess } from './imagine.ts';
import { devdax, ext4, rmapbt } from './rig.ts';
import { addPin, addProcess, UMEM } from './support.ts';
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

describe('[ADV2] what cleaning up behind the removal still meets is said', () => {
  /** Beside who maps the file, somebody has it open. */
  function opened(kernel: KernelName, early_kill: 0 | 1) {
    const { made, mapper, file } = rmapbt(kernel, early_kill);
    const { pid } = mapper();
    const other = addProcess(made);
    made.run({ type: 'open_file', pid: other, file: file(), flags: ['rdonly'] });
    const told = Object.fromEntries(advice(made).map(({ action, detail }) => [action, detail]));
    return { told, pid, other };
  }
  const oops = (order: string) =>
    `${order}, umount /mnt/a: the kernel oopses in dax_disassociate_entry; safe (by the source, not recorded): put the medium of pmem0 back, bind pmem0, ${order}, umount /mnt/a`;

  test('by a process that is not stopped, and behind early_kill', () => {
    const { told, pid, other } = opened('v6.1', 0);
    const [left, ended] = [String(other), String(pid)];
    expect(told['stop_processes_and_umount']).not.toMatch('cleaning up');
    expect(told['stop_processes']).toBe(
      `stop these processes before the removal; instead of being ended, process ${ended} may itself unmap and close what it has of pmem0; behind it cleaning up still: ${oops(`end process ${left}`)}`,
    );
    expect(told['set_early_kill']).toMatch(
      `then die; behind it cleaning up still: ${oops(`end process ${left}, end process ${ended}`)}`,
    );
  });

  test('of several kernels, on which', () => {
    const { told, pid, other } = opened('v5.10', 1);
    expect(told['boot_kernel']).toMatch(
      `a reboot ends them; behind it cleaning up still on v6.1: ${oops(`end process ${String(other)}, end process ${String(pid)}`)}`,
    );
  });
});

test('[ADV2] a removal that would then wait says so beside the verdict that it has not', () => {
  const { made, mapper } = devdax('v5.10');
  addPin(made, mapper(), UMEM);
  const now = assess(made)[0];
  expect([now?.state, now?.verdict]).toEqual(['waiting', null]);
  for (const { state_then, verdict_then } of now?.advice ?? [])
    expect([state_then, verdict_then]).toEqual(['completed', 'contained']);
});

test('[ADV2] whatever the fleet, advice names released kernels, and what waits or is not there has no verdict', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      const made = play(story, () => undefined);
      for (const told of assess(made).flatMap((assessment) => assessment.advice)) {
        if (told.action === 'boot_kernel')
          expect(told.targets.every((kernel) => kernel.startsWith('v'))).toBe(true);
        expect(told.verdict_then === null).toBe(told.state_then === 'waiting' || told.state_then === null);
        expect(told.destructive).toBe(told.action === 'mkfs_xfs_rmapbt');
      }
    }),
    cases(20),
  );
});
