import { describe, expect, test } from 'vitest';
import { answered, told, touch } from './observe.ts';
import { rmapbt, type Rig } from './rig.ts';
import {
  addMapper,
  addMount,
  addProcess,
  DEVICE,
  fileIo,
  mountOf,
  processOf,
  removeDevice,
  type Machine,
  type Mapper,
} from './support.ts';

const AGAIN = { path: '/mnt/b', fs_type: 'xfs', dax: 'always', mkfs: false } as const;

/** xfs with rmapbt and groups enough for a walk that never ends, under it: one process maps a file of it. */
function walked(): Rig & { readonly user: Mapper } {
  const rig = rmapbt('v7.3', 0, 4);
  const user = rig.mapper();
  expect(removeDevice(rig.made).state).toBe('stuck');
  return { ...rig, user };
}

const umount = (made: Machine, mount: string, lazy = false) =>
  answered(made, { type: 'umount', mount, lazy });

const mounts = (made: Machine) =>
  [...made.host.tables.mounts.values()].map(({ path, state, fs_state }) => [path, state, fs_state]);

describe('[S28] a file system that the walk has frozen for ever', () => {
  test('is unmounted without an error once nobody uses it, and its superblock stays', () => {
    const { made, mount, user } = walked();
    expect(umount(made, mount)).toBe('EBUSY');
    made.run({ type: 'exit_process', pid: user.pid });
    expect(umount(made, mount)).toBe('ok');
    expect(mounts(made)).toEqual([['/mnt/a', 'lazy', 'frozen']]);
    expect(umount(made, mount)).toBe('EINVAL');
  });

  test('is the same one when it is mounted again: reads are served, writes wait, and it goes again', () => {
    const { made, mount, user, file } = walked();
    made.run({ type: 'exit_process', pid: user.pid });
    made.run({ type: 'umount', mount, lazy: false });
    const { id } = addMount(made, AGAIN);
    expect(mounts(made)).toEqual([['/mnt/b', 'mounted', 'frozen']]);
    const reader = addMapper(made, { file: file() });
    expect(touch(made, reader, 'read')).toBe('ok');
    expect(umount(made, id)).toBe('EBUSY');
    expect(told(fileIo(made, addProcess(made), file(), 'pread'))).toBe('ok');
    expect(told(fileIo(made, addProcess(made), file(), 'pwrite'))).toBe('blocks');
    made.run({ type: 'exit_process', pid: reader.pid });
    expect(umount(made, id)).toBe('ok');
    expect(mounts(made)).toEqual([['/mnt/b', 'lazy', 'frozen']]);
  });

  test('has no room for another file system', () => {
    const { made } = walked();
    const mount = { type: 'create_mount', dax_device: DEVICE, ...AGAIN } as const;
    expect(answered(made, { ...mount, mkfs: true })).toBe('EBUSY');
    expect(answered(made, { ...mount, fs_type: 'ext4' })).toBe('EINVAL');
    expect(answered(made, { ...mount, partition: 1 })).toBe('ENOENT');
  });

  test('is detached while in use, and stays when its last user ends', () => {
    const { made, mount, user } = walked();
    expect(umount(made, mount, true)).toBe('ok');
    made.run({ type: 'exit_process', pid: user.pid });
    expect(mounts(made)).toEqual([['/mnt/a', 'lazy', 'frozen']]);
    addMount(made, AGAIN);
    expect(mounts(made)).toEqual([['/mnt/b', 'mounted', 'frozen']]);
  });

  test('does not keep a second mount of it', () => {
    const { made, mount, user } = walked();
    const second = addMount(made, AGAIN).id;
    expect(umount(made, second)).toBe('ok');
    made.run({ type: 'exit_process', pid: user.pid });
    expect(mounts(made)).toEqual([['/mnt/a', 'mounted', 'frozen']]);
    expect(mountOf(made, mount).dax_holder).toBe(true);
  });

  test('lets neither a bind nor a second unbind through: both wait for the lock of the device', () => {
    const { made } = walked();
    const { removal: behind } = made.host.tables.dax_devices.get(DEVICE)!;
    expect(made.run({ type: 'bind', dax_device: DEVICE }).bind).toMatchObject({ result: 'blocked' });
    const by_pid = addProcess(made);
    for (const how of [{}, { via: 'nd_pmem', by_pid }] as const) {
      const second = removeDevice(made, how);
      expect(second).toMatchObject({ state: 'waiting', behind, verdict: null });
      expect(new Set(second.steps.map(({ state }) => state))).toEqual(new Set(['pending']));
    }
    expect(processOf(made, by_pid).state).toBe('blocked');
    expect(made.host.tables.dax_devices.get(DEVICE)!.removal).toBe(behind);
    const { state, items } = made.ask({ type: 'survey_holders', dax_device: DEVICE });
    expect([state, items.find(({ kind }) => kind === 'mount')?.consequence]).toEqual(['stuck', 'forced']);
    made.run({ type: 'reboot' });
    expect([...made.host.tables.removals.values()].map((one) => one.state)).toEqual(
      Array(3).fill('completed'),
    );
  });

  test('but no other way to remove it begins, nor one by a process that has ended, or of another driver', () => {
    const { made, user } = walked();
    const remove = { type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' } as const;
    for (const how of [
      { trigger: 'orderly_removal' },
      { via: 'ndctl_disable_namespace' },
      { via: 'dax_pmem' },
    ] as const)
      expect(answered(made, { ...remove, ...how })).toBe('removal_in_progress');
    expect(answered(made, { ...remove, via: 'device_dax' })).toBe('ENODEV');
    made.run({ type: 'exit_process', pid: user.pid });
    expect(answered(made, { ...remove, by_pid: user.pid })).toBe('process_ended');
  });

  test('ends with a reboot', () => {
    const { made, mount, user } = walked();
    made.run({ type: 'exit_process', pid: user.pid });
    made.run({ type: 'umount', mount, lazy: false });
    made.run({ type: 'reboot' });
    expect(mounts(made)).toEqual([]);
    addMount(made, AGAIN);
    expect(mounts(made)).toEqual([['/mnt/b', 'mounted', 'alive']]);
  });
});
