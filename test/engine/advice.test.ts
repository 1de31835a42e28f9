import { describe, expect, test } from 'vitest';
import { actions, advice, assess, systemRam } from './imagine.ts';
import { DAX, devdax, ext4, rmapbt } from './rig.ts';
import {
  addDevice,
  addMapper,
  addMount,
  addPin,
  DEVICE,
  FIXED_BUFFER,
  fork,
  found,
  machine,
  MIB,
  PAGE,
  PIPE,
  removeDevice,
  UMEM,
} from './support.ts';

describe('[ADV1] advice is what was simulated to leave less behind', () => {
  test('none where nothing is left, or nothing can be removed', () => {
    const { made } = devdax('v6.12');
    expect(actions(made)).toEqual([]);
    removeDevice(made, { dax_device: DAX });
    expect(assess(made)[0]).toMatchObject({
      verdict: null,
      state: null,
      refused: { code: 'dax_device_not_bound' },
      advice: [],
    });
  });

  test('xfs with rmapbt on v6.12 contains what ext4 exposes', () => {
    const { made, mapper } = ext4('v6.12');
    mapper();
    expect(actions(made)).toEqual([
      'stop_processes_and_umount: contained',
      'stop_processes: contained',
      'mkfs_xfs_rmapbt: contained',
    ]);
  });

  test('a file system that was detached already is not unmounted again: no path leads to it', () => {
    const { made, mapper, mount } = ext4('v6.12');
    mapper();
    made.run({ type: 'umount', mount, lazy: true });
    expect(actions(made)).toEqual(['stop_processes: contained', 'mkfs_xfs_rmapbt: contained']);
  });

  test('on v7.3 the processes are stopped before: their exit oopses afterwards; one group, not four', () => {
    const { made, mapper } = ext4('v7.3');
    const { pid } = mapper();
    const [stop] = advice(made).filter(({ action }) => action === 'stop_processes');
    expect(stop).toMatchObject({ targets: [String(pid)], verdict_then: 'contained' });
    expect(stop?.detail).toMatch(/before the removal: after it, their exit oopses the kernel/);
    expect(advice(made).find(({ action }) => action === 'mkfs_xfs_rmapbt')?.detail).toMatch(/agcount=1/);
  });

  test('only those who matter are stopped', () => {
    const { made, mapper } = ext4('v6.12');
    const { pid } = mapper();
    mapper({ touched: 'none' });
    expect(advice(made).find(({ action }) => action === 'stop_processes')?.targets).toEqual([String(pid)]);
  });

  test('a removal that waits: drop the pins', () => {
    const { made, mapper } = devdax('v5.10');
    addPin(made, mapper(), UMEM);
    expect(assess(made)[0]).toMatchObject({ verdict: null, state: 'waiting' });
    expect(actions(made)).toContain('drop_pins: contained');
  });

  test('a removal that waits and is then exposed: dropping the pins is no help', () => {
    const { made, mapper } = ext4('v5.10');
    addPin(made, mapper(), PIPE);
    expect(actions(made)).not.toContain('drop_pins: exposed');
    expect(actions(made)).toContain('stop_processes: contained');
  });

  test('early_kill where that is what the kernel looks at', () => {
    expect(actionsOf(rmapbt('v6.1'))).toContain('set_early_kill: contained');
    expect(actionsOf(rmapbt('v6.1', 1))).toEqual(['stop_processes_and_umount: contained']);
    expect(actionsOf(ext4('v6.1'))).not.toContain('set_early_kill: contained');
    expect(actionsOf(ext4('force-unmap-v5.12'))).toContain('set_early_kill: contained');
  });

  function actionsOf({ made, mapper }: ReturnType<typeof ext4>): string[] {
    mapper();
    return actions(made);
  }

  test('[S32] an idle file system on v7.3 after an oops within RCU: not even its umount returns', () => {
    const { made, mapper } = ext4('v7.3');
    const { mapping } = mapper({ small: true });
    removeDevice(made);
    made.run({ type: 'access', mapping, offset: 0, length: PAGE, kind: 'write' });
    addDevice(made, { name: 'pmem1' });
    addMount(made, { dax_device: 'pmem1', path: '/mnt/b' });
    const own = found(assess(made).find(({ dax_device }) => dax_device === 'pmem1'));
    expect([own.state, own.advice.map(({ action }) => action)]).toEqual(['stuck', ['reboot', 'boot_kernel']]);
  });

  test('no kernel that would not have had such a pin, and no sysctl that is set already', () => {
    const { made, mapper } = devdax('v6.12');
    made.run({ type: 'patch_host', sysctl: { memory_failure_early_kill: 1 } });
    addPin(made, mapper(), FIXED_BUFFER);
    expect(actions(made)).toContain('stop_processes: contained');
    const targets = advice(made).flatMap((own) => (own.action === 'boot_kernel' ? own.targets : []));
    expect(targets).not.toContain('v5.10');
  });

  test('memory blocks: offline them first, where they are not too many', () => {
    const made = systemRam('v6.12', true);
    expect(assess(made)[0]).toMatchObject({ verdict: 'leaked' });
    expect(actions(made)[0]).toBe('offline_memory_blocks: contained');
    expect(actions(systemRam('v6.12', false))).toEqual([]);
    const large = machine('v6.12', 0, { auto_online_blocks: 'online_movable' });
    addDevice(large, {
      name: DAX,
      mode: 'system-ram',
      size: 2 ** 40,
      phys_addr: '0x10000000000',
      target_node: 1,
    });
    expect(actions(large)).not.toContain('offline_memory_blocks: contained');
  });

  test('a block whose page is pinned cannot be offlined first', () => {
    const made = systemRam('v6.12', true);
    const mapper = addMapper(made, {
      dax_device: DAX,
      length: 4 * PAGE,
      flags: ['private'],
      touched: 'write',
    });
    addPin(made, mapper, PIPE);
    expect(actions(made)).not.toContain('offline_memory_blocks: contained');
  });

  test('a task that takes no signal cannot be stopped first; pins whose release is not known cannot be dropped', () => {
    const { made, mapper } = ext4('v5.10');
    const { mapping } = mapper({ small: true });
    removeDevice(made);
    made.run({ type: 'access', mapping, offset: 0, length: PAGE, kind: 'vmsplice' });
    made.run({ type: 'bind', dax_device: DEVICE });
    expect(advice(made).every(({ action }) => action !== 'drop_pins')).toBe(true);
  });

  test('devices mapped by too many extents get none', () => {
    const { made, mapper } = ext4('v6.12');
    const first = mapper({ length: 4 * MIB, flags: ['private'], touched: 'none' });
    for (let page = 0; page < 1024; page += 2) {
      made.run({ type: 'access', mapping: first.mapping, offset: page * PAGE, length: 1, kind: 'write' });
    }
    made.run({ type: 'access', mapping: first.mapping, offset: 0, length: 4 * MIB, kind: 'read' });
    for (let children = 0; children < 2; children += 1) fork(made, first.pid);
    expect([found(assess(made)[0]).verdict, actions(made)]).toEqual(['exposed', []]);
  });
});
