import { expect, test } from 'vitest';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { ALL, end, OLD, taken, umount, WAITS_IN } from './evicting.ts';
import { answered } from './observe.ts';
import { ext4 } from './rig.ts';
import {
  addFile,
  addMapper,
  addPin,
  addProcess,
  DEVICE,
  found,
  PIPE,
  removeDevice,
  settle,
} from './support.ts';

/** A new file system whose pages a stale mapping let go of, and nobody has its file open any more. */
function idle(kernel: KernelName, small = true) {
  const made = taken(kernel, small);
  end(made.rig, made.old.pid);
  end(made.rig, made.tenant.pid);
  return made;
}

test.each([true, false])(
  '[S47] v7.3: the unbind evicts what is idle, and never returns, by PTE: %s',
  (small) => {
    const { rig, file, mount } = idle('v7.3', small);
    const { made } = rig;
    const removal = removeDevice(made);
    const { file_system } = found(made.host.tables.mounts.get(mount));
    expect(removal).toMatchObject({ state: 'stuck', holds_s_umount_of: file_system });
    const step = removal.steps.find(({ state }) => state === 'running');
    expect(step).toMatchObject({ name: 'del_gendisk', result: { hangs_in: WAITS_IN } });
    const pid = addProcess(made);
    expect(answered(made, { type: 'open_file', pid, file, flags: ['rdonly'] })).toBe('outcome_unknown');
    expect(answered(made, { type: 'unlink', file })).toBe('outcome_unknown');
    expect(made.run({ type: 'sync', mount }).result).toBe('ok');
    expect(umount(rig, { mount })).toMatchObject({ result: 'blocked', blocked_in: 'deactivate_super' });
    expect(made.run({ type: 'sync', mount })).toMatchObject({ result: 'blocked', blocked_in: 'super_lock' });
  },
);

test('[S47] v7.3: the last user of such a file system waits behind it', () => {
  const { rig, mount } = idle('v7.3');
  const user = addMapper(rig.made, { file: addFile(rig.made, mount, '/user') });
  expect(removeDevice(rig.made).state).toBe('stuck');
  umount(rig, { mount, lazy: true });
  expect(end(rig, user.pid)).toMatchObject({ result: 'blocked', blocked_in: 'deactivate_super' });
});

test.each(OLD)('[S47] on %s the unbind returns', (kernel) => {
  expect(removeDevice(idle(kernel).rig.made).state).toBe('completed');
});

test.each(ALL)('[S11] the unbind over an idle inode whose pages a pin holds: %s', (kernel) => {
  const rig = ext4(kernel);
  const mapper = rig.mapper({ touched: 'write' });
  const pin = addPin(rig.made, mapper, PIPE);
  rig.made.run({ type: 'munmap', mapping: mapper.mapping });
  const removal = removeDevice(rig.made);
  if (kernel !== 'v7.3') return;
  expect(removal).toMatchObject({ state: 'undetermined', verdict: 'undetermined', depends_on: [] });
  const step = removal.steps.find(({ state }) => state === 'pending' || state === 'running');
  expect(step).toMatchObject({
    name: 'del_gendisk',
    result: { unknown: expect.stringContaining('pinned') as string },
  });
  rig.made.run({ type: 'unpin', pin });
  expect(settle(rig.made).state).toBe('completed');
  expect(found(rig.made.host.tables.dax_devices.get(DEVICE)).state).toBe('unbound');
});
