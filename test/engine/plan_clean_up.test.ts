import { describe, expect, test } from 'vitest';
import type { Plan } from '../../src/engine/questions/plan_record.ts';
import { mapAnother, usersOfBoth } from './both_devices.ts';
import { ext4, rmapbt, type Rig } from './rig.ts';
import { addDevice, addMapper, addMount, addProcess, DEVICE, removeDevice } from './support.ts';

const unbind = { type: 'plan_removals', trigger: 'unbind' } as const;
const typed = ({ order }: Plan) => order.map(({ action, command }) => [action, command]);
const isRemoval = { action: 'remove', command: expect.stringContaining('unbind') as string };

/** A device that was unbound under its users and is bound again. */
function boundAgain(rig: Rig): Rig {
  removeDevice(rig.made);
  rig.made.run({ type: 'bind', dax_device: DEVICE });
  return rig;
}

function execute({ made }: Rig, { order }: Plan): void {
  for (const { calls } of order) {
    for (const call of calls) made.run(call);
    const due = made.host.tables.removals.where(({ state }) => state === 'running');
    for (const { id } of due)
      while (made.host.tables.removals.get(id)!.state === 'running')
        made.run({ type: 'advance_removal', removal: id });
  }
}

describe('[PLAN10] what an earlier removal has left is cleaned up before the next', () => {
  test.each(['v5.10', 'v6.1', 'v6.12'] as const)('users end, then umount, then the removal: %s', (kernel) => {
    const rig = ext4(kernel);
    const pid = String(rig.mapper({ touched: 'write' }).pid);
    const plan = boundAgain(rig).made.ask(unbind);
    expect(typed(plan).slice(0, 2)).toEqual([
      ['stop_process', `kill ${pid}`],
      ['umount', 'umount /mnt/a'],
    ]);
    expect(plan.order.slice(2)).toMatchObject([isRemoval]);
    expect(plan.order[0]).toMatchObject({
      before: [DEVICE],
      cost: { processes_killed: 1 },
      why: expect.stringMatching(
        /^what an earlier removal has left of pmem0 goes first: in this order every call returns/,
      ) as string,
    });
    expect(plan.left).toMatchObject([{ verdict: 'contained', hazards: [], refused: null }]);
    expect(plan.left[0]).not.toHaveProperty('not_cleaned_up');
    execute(rig, plan);
    expect(rig.made.host.tables.mounts.size).toBe(0);
  });

  test('a dead superblock that nobody uses, and one that a new file system lies over', () => {
    const idle = boundAgain(ext4('v6.12'));
    expect(typed(idle.made.ask(unbind))[0]).toEqual(['umount', 'umount /mnt/a']);
    addMount(idle.made, { fs_type: 'xfs', path: '/mnt/b' });
    expect(typed(idle.made.ask(unbind)).slice(0, 2)).toEqual([
      ['umount', 'umount /mnt/a'],
      ['umount', 'umount /mnt/b'],
    ]);
  });

  test('what its user froze is thawed', () => {
    const rig = ext4('v6.12');
    const pid = addProcess(rig.made);
    rig.made.run({ type: 'open_file', pid, file: rig.file(), flags: ['rdwr'] });
    rig.made.run({ type: 'freeze', mount: rig.mount });
    const plan = boundAgain(rig).made.ask(unbind);
    expect(typed(plan).slice(0, 3)).toEqual([
      ['thaw', 'fsfreeze -u /mnt/a'],
      ['stop_process', `kill ${String(pid)}`],
      ['umount', 'umount /mnt/a'],
    ]);
    expect(plan.order[0]?.before).toEqual([DEVICE]);
    execute(rig, plan);
    expect(rig.made.host.tables.mounts.size).toBe(0);
  });

  test('[ADV4] and before a removal, who waits for the thaw being ended behind it', () => {
    const rig = ext4('v6.12');
    const [pid, file] = [addProcess(rig.made), rig.file()];
    rig.made.run({ type: 'open_file', pid, file, flags: ['rdwr'] });
    rig.made.run({ type: 'freeze', mount: rig.mount });
    rig.made.run({ type: 'file_io', pid, file, kind: 'pwrite', offset: 0, length: 4096 });
    const plan = rig.made.ask(unbind);
    expect(typed(plan).slice(0, 3)).toEqual([
      ['thaw', 'fsfreeze -u /mnt/a'],
      ['stop_process', `kill ${String(pid)}`],
      ['umount', 'umount /mnt/a'],
    ]);
    execute(rig, plan);
    expect(plan.left).toMatchObject([{ verdict: 'contained', hazards: [] }]);
    expect(rig.made.host.tables.mounts.size).toBe(0);
  });

  test('a process that has another device, too, ends before both removals', () => {
    const rig = ext4('v6.12');
    const { pid } = rig.mapper();
    boundAgain(rig);
    mapAnother(rig, pid);
    expect(rig.made.ask(unbind).order[0]).toMatchObject({ calls: [{ pid }], before: [DEVICE, 'pmem1'] });
  });

  test('where no order serves the device says so, and why', () => {
    const rig = ext4('v7.3');
    const pid = String(rig.mapper().pid);
    const plan = boundAgain(rig).made.ask(unbind);
    expect(plan.left[0]?.not_cleaned_up).toBe(
      `no order that was tried leads to a clean state: end process ${pid}, umount /mnt/a: does not return from dax_break_layout_final`,
    );
  });

  test('one that is not bound is not bound for it, and says which calls do', () => {
    const rig = ext4('v6.12');
    const pid = String(rig.mapper().pid);
    removeDevice(rig.made);
    const plan = rig.made.ask(unbind);
    expect(plan.order).toEqual([]);
    expect(plan.left).toMatchObject([
      {
        verdict: 'exposed',
        refused: { errno: 'ENODEV' },
        not_cleaned_up: `bind pmem0, end process ${pid}, umount /mnt/a`,
      },
    ]);
  });

  test('nor has it to be, where what is left goes without', () => {
    const rig = rmapbt('v6.12');
    const { pid } = rig.mapper({ touched: 'write' });
    removeDevice(rig.made);
    addDevice(rig.made, { name: 'pmem1' });
    addMapper(rig.made, { dax_device: 'pmem1', touched: 'none' });
    const plan = rig.made.ask({ ...unbind, dax_devices: [DEVICE] });
    expect(typed(plan)).toEqual([
      ['stop_process', `kill ${String(pid)}`],
      ['umount', 'umount /mnt/a'],
    ]);
    expect(plan.order.map(({ before }) => before)).toEqual([[], []]);
    expect(plan.left).toMatchObject([{ state: null, verdict: null, refused: { errno: 'ENODEV' } }]);
    expect(plan.left[0]).not.toHaveProperty('not_cleaned_up');
  });

  test.each(['v6.1', 'v6.12'] as const)(
    'nor is another device prepared by a kill that oopses without that bind: %s',
    (kernel) => {
      const { made, pid } = usersOfBoth(kernel);
      const plan = made.ask(unbind);
      expect(plan.order).toMatchObject([{ ...isRemoval, calls: [{ dax_device: 'pmem1' }] }]);
      expect(plan.left).toMatchObject([
        { not_cleaned_up: `bind pmem0, end process ${pid}` },
        { dax_device: 'pmem1', verdict: 'exposed' },
      ]);
    },
  );

  test('nor is the device itself, once bound, by a kill that never returns', () => {
    const { made, pid } = usersOfBoth('v7.3');
    made.run({ type: 'bind', dax_device: DEVICE });
    const plan = made.ask(unbind);
    expect(plan.order).toMatchObject([isRemoval, isRemoval]);
    expect(plan.left).toMatchObject([
      {
        verdict: 'exposed',
        not_cleaned_up: `no order that was tried leads to a clean state: end process ${pid}: does not return from dax_break_layout_final`,
      },
      { verdict: 'exposed' },
    ]);
  });
});
