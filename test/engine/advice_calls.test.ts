import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adviceOn } from '../../src/engine/questions/assess.ts';
import { deviceOf, mappingsOfDevice, openFilesOfDevice } from '../../src/engine/model/lookup.ts';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { mayLetGo } from '../../src/engine/questions/lets_go.ts';
import type { Advice, AdviceAction, Impact } from '../../src/engine/questions/record.ts';
import { cases } from '../support/property.ts';
import { anyLife, anyNode, anyStory, play, type Story } from './fleet.ts';
import { usersOfBoth } from './both_devices.ts';
import { actions, advice, systemRam } from './imagine.ts';
import { devdax, ext4, rmapbt, xfs } from './rig.ts';
import type { Step } from './fleet/pick.ts';
import {
  addDevice,
  addPin,
  addProcess,
  DEVICE,
  machine,
  MIB,
  mountOf,
  PAGE,
  removeDevice,
  UMEM,
  type Machine,
} from './support.ts';

/** All that runs takes turns until nothing moves. */
function rest(made: Machine): void {
  const { removals } = made.host.tables;
  const due = () => removals.where(({ state }) => state === 'running');
  for (let now = due(); now.length > 0; now = due())
    for (const { id } of now) made.run({ type: 'advance_removal', removal: id });
}

function atRest(story: Story): Machine {
  const made = play(story, () => undefined);
  rest(made);
  return made;
}

/** Does the calls of an advice, each as it would be done. */
function follow(made: Machine, { calls }: Advice): void {
  for (const call of calls!) {
    made.run(call);
    rest(made);
  }
}

/** The same, but who can let go of the device by itself does, instead of being ended. */
function letGo(made: Machine, dax_device: string, { calls }: Advice): number {
  const { host } = made;
  let instead = 0;
  for (const call of calls!) {
    const may = call.type === 'exit_process' && mayLetGo(host, deviceOf(host, dax_device), call.pid);
    if (!may) made.run(call);
    else {
      const own = ({ pid }: { readonly pid: number }): boolean => pid === call.pid;
      for (const { id } of mappingsOfDevice(host, dax_device).filter(own))
        made.run({ type: 'munmap', mapping: id });
      for (const { id } of openFilesOfDevice(host, dax_device).filter(own))
        made.run({ type: 'close_file', open_file: id });
      instead += 1;
    }
    rest(made);
  }
  return instead;
}

/** How a removal of the device now ends, or what is left where it has none; null where nothing is. */
function standsNow(made: Machine, dax_device: string): readonly (string | null)[] {
  const [now] = made.ask({ type: 'assess_removals', dax_device });
  return [now!.state, now!.verdict];
}

type End = readonly [state: string | null, verdict: string | null, impact: Impact | null];

/** What both questions say of the device once the first advice is done. */
function saidThen(made: Machine, dax_device: string): readonly (End | undefined)[] {
  const { advice: survey } = made.ask({ type: 'survey_holders', dax_device });
  return [adviceOn(made.host, dax_device), survey].map(([first]) => {
    return first && [first.state_then, first.verdict_then, first.impact_then];
  });
}

/** What they answer. */
function saidNow(made: Machine, dax_device: string): readonly End[] {
  const [assessed] = made.ask({ type: 'assess_removals', dax_device });
  const survey = made.ask({ type: 'survey_holders', dax_device });
  return [assessed!, survey].map(({ state, verdict, impact }) => [state, verdict, impact]);
}

test('[ADV14] [ADV16] whatever the fleet, doing the calls leads to what is said, as does who lets go by itself', () => {
  const done = new Set<AdviceAction>();
  let instead = 0;
  fc.assert(
    fc.property(fc.oneof(anyStory, anyLife, anyNode), (story) => {
      const made = atRest(story);
      for (const name of made.host.tables.dax_devices.keys()) {
        const [first, ...others] = adviceOn(made.host, name);
        if (first === undefined) continue;
        const behind = first.action === 'clean_up' ? [first] : [];
        for (const advised of behind) {
          isCleanBehind(atRest(story), name, (copy) => follow(copy, advised));
          isCleanBehind(atRest(story), name, (copy) => (instead += letGo(copy, name, advised)));
          done.add(advised.action);
        }
        for (const one of behind.length > 0 ? others : [first, ...others]) {
          if (one.calls === null || one.possible !== undefined) continue;
          const told = [one.action, one.state_then, one.verdict_then];
          const [ended, letting] = [atRest(story), atRest(story)];
          for (const each of [...behind, one]) {
            follow(ended, each);
            instead += letGo(letting, name, each);
          }
          for (const copy of [ended, letting]) expect([one.action, ...standsNow(copy, name)]).toEqual(told);
          done.add(one.action);
        }
      }
    }),
    cases(40),
  );
  expect(done.size).toBeGreaterThan(4);
  expect(instead).toBeGreaterThan(20);
});

function isCleanBehind(made: Machine, name: string, act: (made: Machine) => void): void {
  const told = saidThen(made, name);
  act(made);
  expect(adviceOn(made.host, name)[0]?.action).not.toBe('clean_up');
  expect(made.host.tables.dax_devices.get(name)!.removal).toBeNull();
  expect(saidNow(made, name)).toEqual(told);
}

/** A device that changes hands, is left mounted and used, and mounted anew. */
const HANDS: readonly Step[] = [
  ...(['ext4', 'xfs'] as const).flatMap((fs_type) =>
    (['always', 'inode'] as const).map(
      (dax): Step =>
        ({ host }) => ({
          ...{ type: 'create_mount', dax_device: DEVICE, fs_type, dax, mkfs: true },
          path: `/mnt/${String(host.tables.mounts.size)}`,
        }),
    ),
  ),
  ({ host }) => {
    const mount = [...host.tables.mounts.keys()].at(-1);
    return mount === undefined ? null : { type: 'create_file', mount, path: '/f', size: 4096 };
  },
  ({ host }) => {
    const file = [...host.tables.files.keys()].at(-1);
    const map = { type: 'create_mapping', offset: 0, length: 4096, flags: ['shared'], prot: 'rw' } as const;
    return file === undefined ? null : { ...map, pid: 42, file, populate: 'write' };
  },
  ({ host }) => {
    const mount = [...host.tables.mounts.keys()].at(-1);
    return mount === undefined ? null : { type: 'umount', mount, lazy: true };
  },
  ...(['unbind', 'surprise_removal'] as const).map(
    (trigger): Step =>
      () => ({ type: 'remove_dax_device', dax_device: DEVICE, trigger }),
  ),
  () => ({ type: 'record_hotplug_event', dax_device: DEVICE, action: 'add' }),
  () => ({ type: 'bind', dax_device: DEVICE }),
  () => ({ type: 'bind', dax_device: DEVICE, mode: 'system-ram', tenant: 'orders' }),
  ...(['devdax', 'fsdax'] as const).map(
    (mode): Step =>
      () => ({ type: 'bind', dax_device: DEVICE, mode, tenant: 'orders' }),
  ),
];

const anyHands = fc.record({
  kernel: fc.constantFrom(...KERNEL_NAMES),
  steps: fc.array(fc.constantFrom(...HANDS), { minLength: 4, maxLength: 12 }),
});

function playHands({ kernel, steps }: typeof anyHands extends fc.Arbitrary<infer T> ? T : never): Machine {
  const made = machine(kernel, 0, { auto_online_blocks: 'online_movable' });
  addDevice(made, { size: 256 * MIB, phys_addr: '0x100000000', target_node: 1, tenant: 'orders' });
  made.run({ type: 'create_process', pid: 42, comm: 'probe' });
  for (const step of steps) {
    const command = step(made);
    if (command !== null) made.try(command);
    rest(made);
  }
  return made;
}

test('[ADV10] [ADV11] once what was left is cleaned up the questions answer what was said of then', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(anyHands, (story) => {
      const made = playHands(story);
      const [first] = adviceOn(made.host, DEVICE);
      if (first === undefined || (first.action !== 'clean_up' && first.action !== 'reboot')) return;
      const told = saidThen(made, DEVICE);
      follow(made, first);
      expect(saidNow(made, DEVICE)).toEqual(told);
      const { mode, media_present } = deviceOf(made.host, DEVICE);
      seen.add(`${first.action} ${mode} ${String(media_present)} ${String(first.verdict_then)}`);
    }),
    cases(300),
  );
  expect([...seen]).toEqual(
    expect.arrayContaining([
      'clean_up devdax false null',
      'clean_up devdax true contained',
      'clean_up fsdax true null',
      'clean_up system-ram true leaked',
      'reboot fsdax true contained',
    ]),
  );
});

describe('[ADV17] what does not return, or oopses, is no remedy', () => {
  test('the end of a process that reaches another device, which is gone', () => {
    const { made } = usersOfBoth('v7.3');
    expect(adviceOn(made.host, 'pmem1').map(({ action }) => action)).toEqual(['mkfs_xfs_rmapbt']);
  });

  test.each(['v6.1', 'v6.12'] as const)('but behind a bind of that device: %s', (kernel) => {
    const { made, pid } = usersOfBoth(kernel);
    const [first, second] = adviceOn(made.host, 'pmem1');
    expect(second).toMatchObject({ action: 'stop_processes', verdict_then: 'contained' });
    expect(second?.detail).toMatch(/^bind pmem0, then stop these processes before the removal/);
    expect(first).toMatchObject({
      action: 'stop_processes_and_umount',
      detail: expect.stringMatching(/^bind pmem0, then stop the processes/) as string,
      calls: [
        { type: 'bind', dax_device: 'pmem0' },
        { type: 'exit_process', pid: Number(pid) },
        { type: 'umount' },
      ],
      verdict_then: 'contained',
    });
    follow(made, first!);
    expect([...standsNow(made, 'pmem1'), ...made.host.tables.hosts.values()]).toMatchObject([
      'completed',
      'contained',
      { health: 'ok' },
    ]);
  });

  test.each(KERNEL_NAMES)('[ADV4] [S38] what its user froze goes behind a thaw: %s', (kernel) => {
    const rig = ext4(kernel);
    const { made, mount } = rig;
    const file = rig.file();
    made.run({ type: 'freeze', mount });
    const thaw = { type: 'thaw', mount };
    const umount = { type: 'umount', mount, lazy: false };
    expect(advice(made)[0]).toMatchObject({
      action: 'umount_first',
      detail: 'thaw /mnt/a, then unmount before the removal',
      calls: [thaw, umount],
    });
    const writer = addProcess(made);
    made.run({ type: 'open_file', pid: writer, file, flags: ['rdwr'] });
    made.run({ type: 'file_io', pid: writer, file, kind: 'pwrite', offset: 0, length: 4096 });
    const [first] = advice(made);
    expect(first).toMatchObject({
      action: 'stop_processes_and_umount',
      calls: [thaw, { type: 'exit_process', pid: writer }, umount],
      verdict_then: 'contained',
    });
    follow(made, first!);
    expect(removeDevice(made)).toMatchObject({ verdict: 'contained', hazards: [] });
  });

  test('[S38] an xfs that is shut down is not opened to be thawed: who uses it is ended, it is not unmounted', () => {
    const { made, mount, mapper } = rmapbt('v6.12');
    const { pid } = mapper();
    made.run({ type: 'freeze', mount });
    const bytes = { dax_device: DEVICE, source: 'debugfs', offset: 3 * PAGE, length: PAGE } as const;
    made.run({ type: 'memory_failure', ...bytes });
    expect(mountOf(made, mount)).toMatchObject({ fs_state: 'shutdown', frozen_by_user: true });
    expect(advice(made).map(({ action, calls }) => [action, calls])).toContainEqual([
      'stop_processes',
      [{ type: 'exit_process', pid }],
    ]);
    expect(actions(made).join()).not.toContain('umount');
  });
});

describe('[ADV14] each advice has the commands that do it', () => {
  const callsOf = ({ made }: { readonly made: Machine }) =>
    Object.fromEntries(advice(made).map(({ action, calls }) => [action, calls]));

  test('what stops, unmounts and cleans up', () => {
    const rig = ext4('v6.12');
    const { pid } = rig.mapper();
    const [end, umount] = [
      { type: 'exit_process', pid },
      { type: 'umount', mount: rig.mount, lazy: false },
    ];
    expect(callsOf(rig)).toEqual({
      stop_processes_and_umount: [end, umount],
      stop_processes: [end],
      mkfs_xfs_rmapbt: null,
    });
    removeDevice(rig.made, { trigger: 'surprise_removal' });
    const add = { type: 'record_hotplug_event', dax_device: DEVICE, action: 'add' };
    expect(callsOf(rig)).toEqual({ clean_up: [add, { type: 'bind', dax_device: DEVICE }, end, umount] });
  });

  test('an idle file system, pins, blocks, the sysctl, a reboot', () => {
    const idle = xfs('v6.12');
    expect(callsOf(idle)['umount_first']).toEqual([{ type: 'umount', mount: idle.mount, lazy: false }]);
    const pinned = devdax('v5.10');
    const pin = addPin(pinned.made, pinned.mapper(), UMEM);
    expect(callsOf(pinned)['drop_pins']).toEqual([{ type: 'unpin', pin }]);
    const blocks = callsOf({ made: systemRam('v6.12', true) })['offline_memory_blocks'];
    expect(blocks?.[0]).toMatchObject({ type: 'patch_memory_block', dax_device: 'dax0.0', state: 'offline' });
    const early = rmapbt('v6.1');
    early.mapper();
    expect(callsOf(early)['set_early_kill']).toEqual([
      { type: 'patch_host', sysctl: { memory_failure_early_kill: 1 } },
    ]);
    const never = rmapbt('v7.3', 0, 4);
    never.mapper();
    removeDevice(never.made);
    expect(callsOf(never)).toEqual({ reboot: [{ type: 'reboot' }] });
  });

  test('none where no command does it, and the words say so', () => {
    const [other, older] = [ext4('v6.12'), rmapbt('v5.10')];
    for (const rig of [other, older]) rig.mapper();
    const all = [...advice(other.made), ...advice(older.made)];
    const none = all.filter(({ calls }) => calls === null);
    expect(none.map(({ action }) => action)).toEqual(['mkfs_xfs_rmapbt', 'boot_kernel']);
    for (const { detail } of none) expect(detail).toMatch(/: no request /);
  });

  test('[CUT1] of more than 100 the first, and how many there are', () => {
    const rig = ext4('v6.12');
    for (let at = 0; at < 101; at += 1) rig.mapper({ length: 4096, small: true });
    const [first] = advice(rig.made);
    expect(first).toMatchObject({ action: 'stop_processes_and_umount', cut: { targets: 102, calls: 102 } });
    expect(first!.calls).toHaveLength(100);
  });
});
