import { describe, expect, test } from 'vitest';
import type { Host } from '../../src/engine/model/host.ts';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { actions, detail } from './imagine.ts';
import { ext4, type Rig } from './rig.ts';
import {
  addDevice,
  addMapper,
  addFile,
  addMount,
  addProcess,
  DEVICE,
  found,
  PAGE,
  removeDevice,
} from './support.ts';

const OLD = KERNEL_NAMES.filter((kernel) => kernel !== 'v7.3');
const stays = ({ tables }: Host) =>
  found(tables.dax_devices.get(DEVICE))
    .conditions.filter(({ type }) => type === 'superblock_stays')
    .map(({ detail }) => detail);
const hostOf = ({ made }: Rig) => {
  const { health, stuck } = found(made.host.tables.hosts.get('h'));
  return { health, stuck };
};
const NEVER = 'the superblock of /mnt/a, for which sync(2) waits for ever: it stays until a reboot';

/** On v7.3: a stale huge entry is dropped behind a bind, and then umount. */
function neverTornDown(): Rig {
  const rig = ext4('v7.3');
  const { pid } = rig.mapper();
  removeDevice(rig.made);
  rig.made.run({ type: 'bind', dax_device: DEVICE });
  rig.made.run({ type: 'exit_process', pid });
  const umount = rig.made.run({ type: 'umount', mount: rig.mount, lazy: false });
  expect(umount).toMatchObject({ result: 'blocked', blocked_in: 'dax_break_layout_final' });
  return rig;
}

describe('[UMOUNT1] a superblock that is never torn down is told of the device and the host', () => {
  test('[S10] by a umount that never returns: from which function, over unbind and bind, until a reboot', () => {
    const rig = neverTornDown();
    const { host } = rig.made;
    const detail = `a task never returns from dax_break_layout_final, on its way to tear down ${NEVER}`;
    expect([stays(host), hostOf(rig)]).toEqual([[detail], { health: 'ok', stuck: ['s_umount'] }]);
    expect(host.tables.mounts.get(rig.mount)).toMatchObject({
      state: 'shutting_down',
      blocked_in: 'dax_break_layout_final',
    });
    removeDevice(rig.made);
    expect(stays(host)).toEqual([detail]);
    const { record } = rig.made.run({ type: 'bind', dax_device: DEVICE });
    expect(record, 'what the bind answers is what is stored').toEqual(host.tables.dax_devices.get(DEVICE));
    expect(stays(host)).toEqual([detail]);
    rig.made.run({ type: 'reboot' });
    expect([stays(host), hostOf(rig)]).toEqual([[], { health: 'ok', stuck: [] }]);
  });

  test.each(OLD)('[S2] by one that oopsed: %s', (kernel) => {
    const rig = ext4(kernel);
    const { pid } = rig.mapper({ touched: 'write' });
    removeDevice(rig.made);
    rig.made.run({ type: 'exit_process', pid });
    expect([stays(rig.made.host), hostOf(rig)]).toEqual([[], { health: 'ok', stuck: [] }]);
    rig.made.run({ type: 'umount', mount: rig.mount, lazy: false });
    expect([stays(rig.made.host), hostOf(rig)]).toEqual([
      [`a task died, or waits for ever, on its way to tear down ${NEVER}`],
      { health: 'oopsed', stuck: ['s_umount'] },
    ]);
  });

  test('[S32] by one that only detached it, where no grace period ends: sync(2) goes on', () => {
    const rig = ext4('v7.3');
    const { mapping } = rig.mapper({ small: true });
    removeDevice(rig.made);
    rig.made.run({ type: 'access', mapping, offset: 0, length: PAGE, kind: 'write' });
    addDevice(rig.made, { name: 'pmem1' });
    const { id } = addMount(rig.made, { dax_device: 'pmem1', path: '/mnt/b' });
    rig.made.run({ type: 'umount', mount: id, lazy: false });
    const { conditions } = found(rig.made.host.tables.dax_devices.get('pmem1'));
    expect(conditions).toEqual([
      {
        type: 'superblock_stays',
        detail:
          'a task never returns from synchronize_rcu_expedited, on its way to tear down the superblock of /mnt/b: it stays until a reboot',
      },
    ]);
    expect(hostOf(rig).stuck).toEqual(['rcu']);
  });

  test('[S38] [S12] by one that found it frozen, once the device is gone, whether it came before or after', () => {
    for (const order of ['umount, unbind', 'unbind, umount'] as const) {
      const { made, mount } = ext4('v6.12');
      made.run({ type: 'freeze', mount });
      const steps = {
        unbind: () => removeDevice(made),
        umount: () => made.run({ type: 'umount', mount, lazy: false }),
      };
      const [first, second] = order.split(', ') as ['umount' | 'unbind', 'umount' | 'unbind'];
      steps[first]();
      expect(stays(made.host), order).toEqual([]);
      steps[second]();
      expect(stays(made.host), order).toEqual([
        'the superblock of /mnt/a was unmounted while frozen: no mount shows it, so that nobody can thaw it by a path, and it stays until a reboot; SysRq-j, which thaws it by the source and then tears it down, is not modelled',
      ]);
      made.run({ type: 'bind', dax_device: DEVICE });
      expect(stays(made.host)).toHaveLength(1);
      const again = { dax_device: DEVICE, path: '/mnt/b', fs_type: 'ext4', dax: 'always' } as const;
      expect(made.try({ type: 'create_mount', ...again })).toMatchObject({
        errno: 'EEXIST',
        detail: `the superblock of ${mount} still exists: it was unmounted while frozen, and no path leads to it for a thaw: POST …/reboot`,
      });
      made.run({ type: 'reboot' });
      expect(stays(made.host)).toEqual([]);
    }
  });

  test('[S38] [HOLD5] who holds the device hears of the freeze', () => {
    const { made, mount } = ext4('v6.12');
    made.run({ type: 'freeze', mount });
    removeDevice(made);
    const frozen = 'forced: shut down: NOLOGFLUSH (2); frozen by its user: ';
    expect(detail(made, 'mount')).toEqual([
      `${frozen}writes wait for its thaw; once its users have ended, its umount: its superblock stays, frozen, until a reboot`,
    ]);
    made.run({ type: 'umount', mount, lazy: false });
    expect(detail(made, 'mount')).toEqual([
      `${frozen}it was unmounted since, and no path leads to it for a thaw`,
    ]);
  });

  test('[ADV13] no removal of another device waits for it: a reboot is not advised for that', () => {
    const { made } = neverTornDown();
    addDevice(made, { name: 'pmem1' });
    const file = addFile(made, addMount(made, { dax_device: 'pmem1', path: '/mnt/b' }).id, '/g');
    addMapper(made, { file, touched: 'write' });
    const own = found(made.ask({ type: 'assess_removals', dax_device: 'pmem1' })[0]);
    expect(own.advice.map(({ action }) => action)).not.toContain('reboot');
    expect(actions(made)[0]).toBe('reboot: contained');
  });
});

test('[SYN1] [UMOUNT1] sync(2) of any file system waits behind it', () => {
  const rig = neverTornDown();
  addDevice(rig.made, { name: 'pmem1' });
  const { id } = addMount(rig.made, { dax_device: 'pmem1', path: '/mnt/b' });
  addProcess(rig.made);
  expect(rig.made.run({ type: 'sync', mount: id })).toMatchObject({ result: 'blocked' });
});
