import { describe, expect, test } from 'vitest';
import { fill, FIRST, ram, writeState } from './ram.ts';
import { devdax, DAX, ext4 } from './rig.ts';
import {
  access,
  addDevice,
  addPin,
  addProcess,
  DEVICE,
  found,
  MIB,
  PIPE,
  removeDevice,
  settle,
  UMEM,
  type Machine,
} from './support.ts';

/** Kernels on which a removal waits for the pins of a pgmap. */
const WAITING = ['v5.10', 'force-unmap-v5.12'] as const;
const BIND = { type: 'bind', dax_device: DEVICE } as const;
const UNBIND = { type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' } as const;

const device = ({ host }: Machine, name = DEVICE) => found(host.tables.dax_devices.get(name));
const removal = ({ host }: Machine, id: string) => found(host.tables.removals.get(id));

/** A removal that waits for the pin of a pipe. */
function waiting(kernel: (typeof WAITING)[number] = 'v5.10') {
  const rig = ext4(kernel);
  const mapper = rig.mapper();
  const pin = addPin(rig.made, mapper, PIPE);
  const first = removeDevice(rig.made);
  expect(first.state).toBe('waiting');
  return { ...rig, mapper, pin, first };
}

describe('[RM11] who waits for the lock of a device goes on behind its removal', () => {
  test.each(WAITING)('a bind: the device is bound again, and its file system is torn down: %s', (kernel) => {
    const { made, mount, mapper, pin } = waiting(kernel);
    expect(made.run(BIND).bind).toMatchObject({ result: 'blocked' });
    expect(device(made)).toMatchObject({
      lock_waiters: [{ bind: {} }],
      conditions: [{ type: 'bind_blocked' }],
    });
    made.run({ type: 'unpin', pin });
    expect(settle(made).state).toBe('completed');
    expect(device(made)).toMatchObject({ state: 'bound', pgmap: 2, lock_waiters: [], conditions: [] });
    made.run({ type: 'exit_process', pid: mapper.pid });
    expect(made.run({ type: 'umount', mount, lazy: false })).toMatchObject({ result: 'ok' });
  });

  test('a bind with what it asked for, of a devdax whose node is opened anew', () => {
    const { made, mapper } = devdax('v5.10');
    const one = mapper();
    const pin = addPin(made, one, UMEM);
    removeDevice(made, { dax_device: DAX });
    made.run({ type: 'bind', dax_device: DAX, tenant: 'next' });
    made.run({ type: 'unpin', pin });
    settle(made);
    expect(device(made, DAX)).toMatchObject({ state: 'bound', tenant: 'next', generation: 2 });
    expect(access(made, one.mapping, 'read')).toMatchObject({ result: 'ok' });
  });

  test('a second bind finds the driver that the first has brought', () => {
    const { made, pin } = waiting();
    made.run(BIND);
    made.run({ ...BIND, tenant: 'late' });
    expect(device(made).lock_waiters).toEqual([{ bind: {} }, { bind: { tenant: 'late' } }]);
    made.run({ type: 'unpin', pin });
    settle(made);
    expect(device(made)).toMatchObject({ state: 'bound', tenant: null, lock_waiters: [], conditions: [] });
  });

  test('a second unbind has nothing to do, and its task returns', () => {
    const { made, pin, first } = waiting();
    const pid = addProcess(made);
    const second = made.run({ ...UNBIND, by_pid: pid });
    expect(second).toMatchObject({ state: 'waiting', behind: first.id });
    expect(made.host.tables.processes.get(String(pid))?.state).toBe('blocked');
    made.run({ type: 'unpin', pin });
    made.run({ type: 'advance_removal', removal: first.id });
    while (removal(made, first.id).state === 'running')
      made.run({ type: 'advance_removal', removal: first.id });
    const { verdict } = removal(made, first.id);
    expect(verdict).not.toBeNull();
    expect(removal(made, second.id)).toMatchObject({ state: 'completed', verdict, steps: [] });
    expect(made.host.tables.processes.get(String(pid))?.state).toBe('running');
    expect(device(made)).toMatchObject({ state: 'unbound', lock_waiters: [] });
  });

  test('an unbind behind a bind unbinds what that has bound, and who waits behind it waits on', () => {
    const { made, pin, first } = waiting();
    made.run(BIND);
    const second = made.run(UNBIND);
    made.run({ ...BIND, tenant: 'last' });
    made.run({ type: 'unpin', pin });
    while (removal(made, first.id).state === 'running')
      made.run({ type: 'advance_removal', removal: first.id });
    expect(removal(made, second.id)).toMatchObject({ state: 'running', dax_device: DEVICE });
    expect(device(made)).toMatchObject({ state: 'removing', removal: second.id, pgmap: 2 });
    expect(device(made).lock_waiters).toEqual([{ bind: { tenant: 'last' } }]);
    while (removal(made, second.id).state === 'running')
      made.run({ type: 'advance_removal', removal: second.id });
    expect(removal(made, second.id)).toMatchObject({ state: 'completed' });
    expect(removal(made, second.id)).not.toHaveProperty('behind');
    expect(device(made)).toMatchObject({ state: 'bound', tenant: 'last', pgmap: 3 });
  });

  test('nobody behind a reboot, which ends them all', () => {
    const { made } = waiting();
    made.run(BIND);
    const second = made.run(UNBIND);
    made.run({ type: 'reboot' });
    expect(device(made)).toMatchObject({ state: 'bound', pgmap: 2, lock_waiters: [], conditions: [] });
    expect(removal(made, second.id).state).toBe('completed');
  });
});

describe('[RM11] a removal that runs comes to its rest before whoever asks for its lock', () => {
  function woken() {
    const rig = waiting();
    rig.made.run({ type: 'unpin', pin: rig.pin });
    expect(removal(rig.made, rig.first.id).state).toBe('running');
    return rig;
  }

  test('a bind finds no driver, and binds', () => {
    const { made, first } = woken();
    const { bind, record } = made.run(BIND);
    expect(bind).toEqual({ result: 'ok', blocked_in: null, kernel_log: [] });
    expect(record).toEqual(device(made));
    expect(removal(made, first.id).state).toBe('completed');
  });

  test('an unbind finds no driver: ENODEV', () => {
    const { made } = woken();
    expect(made.try(UNBIND)).toMatchObject({ code: 'kernel_refused', errno: 'ENODEV' });
  });

  test('one that comes to wait is waited for', () => {
    const { made, mapper } = ext4('v5.10');
    addPin(made, mapper(), PIPE);
    const { id } = made.run(UNBIND);
    expect(made.run(BIND).bind).toMatchObject({ result: 'blocked' });
    expect(removal(made, id).state).toBe('waiting');
  });
});

test('[RM11] a bind of kmem goes on once the offline has ended that has the hotplug lock', () => {
  const own = ram('v6.12');
  const { made } = own;
  const pin = addPin(made, fill(own), PIPE);
  writeState(made, FIRST, 'offline');
  const other = { name: 'dax8.0', size: 256 * MIB, phys_addr: '0x900000000', state: 'unbound' } as const;
  addDevice(made, { ...other, mode: 'system-ram' });
  const kmem = { type: 'bind', dax_device: other.name, driver: 'kmem' } as const;
  expect(made.run(kmem).bind).toMatchObject({ result: 'blocked', blocked_in: 'lock_device_hotplug' });
  made.run({ type: 'unpin', pin });
  expect(device(made, other.name)).toMatchObject({ state: 'bound', driver: 'kmem', lock_waiters: [] });
});
