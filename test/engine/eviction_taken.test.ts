import { expect, test } from 'vitest';
import { bind, end, OLD, takenOpen, taken, umount, WAITS_IN } from './evicting.ts';
import { answered } from './observe.ts';
import { mounted } from './rig.ts';
import { DEVICE, MIB, removeDevice } from './support.ts';

test.each([
  [true, 'umount'],
  [false, 'umount'],
  [true, 'unlink'],
  [true, 'orderly_removal'],
] as const)(
  '[S47] v7.3: a new file system loses its pages (by PTE: %s): its %s never returns',
  (small, by) => {
    const { rig, old, mount, file, tenant } = taken('v7.3', small);
    expect(end(rig, old.pid)).toMatchObject({ process_alive: false });
    expect(end(rig, tenant.pid)).toMatchObject({ process_alive: false });
    if (by === 'unlink') {
      const unlinked = rig.made.run({ type: 'unlink', file });
      expect(unlinked).toMatchObject({ result: 'blocked', blocked_in: WAITS_IN });
      expect(rig.made.host.tables.files.get(file)?.state).toBe('freeing');
      expect(umount(rig, { mount })).toMatchObject({ errno: 'EBUSY' });
      expect(removeDevice(rig.made)).toMatchObject({
        state: 'stuck',
        steps: expect.arrayContaining([
          expect.objectContaining({ result: { hangs_in: 'super_lock' } }),
        ]) as unknown,
      });
      return;
    }
    if (by === 'orderly_removal') {
      const orderly = rig.made.try({ type: 'remove_dax_device', dax_device: DEVICE, trigger: by });
      expect(orderly).toMatchObject({ code: 'dax_device_busy' });
      return;
    }
    expect(umount(rig, { mount })).toMatchObject({ result: 'blocked', blocked_in: WAITS_IN });
    const again = {
      type: 'create_mount',
      dax_device: DEVICE,
      path: '/mnt/c',
      fs_type: 'xfs',
      dax: 'always',
    } as const;
    expect(rig.made.try(again)).toMatchObject({ code: 'outcome_unknown' });
    expect(removeDevice(rig.made)).toMatchObject({ state: 'stuck' });
  },
);

test.each(OLD)('[S47] on %s it loses nothing', (kernel) => {
  const { rig, old, mount, tenant } = taken(kernel, true);
  end(rig, old.pid);
  end(rig, tenant.pid);
  expect(umount(rig, { mount })).toMatchObject({ result: 'ok' });
});

test('[S10] v7.3: over system RAM that is free, which lost references with the exit of who mapped it', () => {
  const rig = mounted('v7.3', { device: { size: 1024 * MIB } });
  const { pid } = rig.mapper({ touched: 'write' });
  removeDevice(rig.made);
  bind(rig, { mode: 'system-ram' });
  expect(end(rig, pid)).toMatchObject({ process_alive: false });
  expect(umount(rig)).toMatchObject({ result: 'blocked', blocked_in: WAITS_IN });
});

test('[S7] v7.3: the close of an old descriptor over pages that a new file system took is not known', () => {
  const { rig, open_file } = takenOpen('v7.3');
  expect(answered(rig.made, { type: 'close_file', open_file })).toBe('outcome_unknown');
});
