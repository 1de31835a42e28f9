import { describe, expect, test } from 'vitest';
import type { Impact } from '../../src/engine/questions/record.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { actions, advice, assess } from './imagine.ts';
import { DAX, devdax, ext4, rmapbt, type Rig } from './rig.ts';
import { DEVICE, found, MIB, removeDevice, type Machine } from './support.ts';

const NONE: Impact = {
  file_systems_shut_down: 0,
  file_systems_frozen: 0,
  file_systems_cut_off: 0,
  processes_signalled: 0,
  processes_killed: 0,
  dirty_bytes: 0,
};

function now(made: Machine): { verdict: string | null; impact: Impact | null } {
  const { verdict, impact } = found(assess(made)[0]);
  const survey = made.ask({ type: 'survey_holders', dax_device: DEVICE });
  expect(survey.impact).toEqual(impact);
  return { verdict, impact };
}

describe('[IMPACT1] contained is not harmless', () => {
  test.each([
    ['v5.10', { file_systems_cut_off: 1 }],
    ['v6.1', { file_systems_cut_off: 1 }],
    ['v6.12', { file_systems_shut_down: 1 }],
    ['v7.3', { file_systems_shut_down: 1 }],
  ] as const)('an idle ext4 on %s leaves nothing and loses its file system', (kernel, hit) => {
    expect(now(ext4(kernel).made)).toEqual({ verdict: 'contained', impact: { ...NONE, ...hit } });
  });

  test('a frozen file system, and who is signalled and killed on the way', () => {
    const { made, mapper } = rmapbt('v6.12');
    mapper({ sigbus: 'default', touched: 'write' });
    mapper({}, '/b');
    const impact = { file_systems_shut_down: 1, processes_signalled: 2, processes_killed: 1 };
    expect(now(made)).toEqual({
      verdict: 'contained',
      impact: { ...NONE, ...impact, dirty_bytes: 2 * MIB },
    });
    const hangs = rmapbt('v7.3', 0, 4);
    hangs.mapper();
    expect(now(hangs.made).impact).toMatchObject({ file_systems_frozen: 1, file_systems_shut_down: 0 });
  });

  test('none where nobody is there, null where there is no removal', () => {
    const { made } = devdax('v6.12', { name: DEVICE });
    expect(now(made)).toEqual({ verdict: 'contained', impact: NONE });
    removeDevice(made);
    expect(now(made)).toEqual({ verdict: null, impact: null });
  });

  test('a file system that was shut down before is hurt no more', () => {
    const { made, mount } = ext4('v6.12');
    made.run({ type: 'shutdown_mount', mount });
    expect(now(made).impact).toEqual(NONE);
  });
});

describe('[ADV3] advice also where only the impact can be avoided', () => {
  test.each(['v5.10', 'v6.1', 'v6.12', 'v7.3'] as const)('unmount first, on %s', (kernel: KernelName) => {
    const { made } = ext4(kernel);
    expect(actions(made)).toEqual(['umount_first: contained']);
    expect(advice(made)[0]).toMatchObject({ impact_then: NONE, destructive: false });
    const survey = made.ask({ type: 'survey_holders', dax_device: DEVICE });
    expect(survey.advice.map(({ action }) => action)).toEqual(['umount_first']);
  });

  test('stop who uses it, then unmount; of a device that is mapped itself, stop alone', () => {
    const used: Rig = rmapbt('v6.12');
    used.mapper();
    expect(actions(used.made)).toEqual(['stop_processes_and_umount: contained']);
    const { made, mapper } = devdax('v7.3', { name: DAX });
    mapper({ sigbus: 'default' });
    const [told] = assess(made);
    expect(told?.advice.every(({ impact_then }) => impact_then?.processes_killed === 0)).toBe(true);
  });

  test('no other kernel, and no mkfs, for the sake of the impact', () => {
    const { made, mapper } = rmapbt('v6.12');
    mapper({ sigbus: 'default' });
    const told = advice(made).map(({ action }) => action);
    expect(told).not.toContain('boot_kernel');
    expect(told).not.toContain('mkfs_xfs_rmapbt');
  });
});
