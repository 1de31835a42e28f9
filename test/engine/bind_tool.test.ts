import { describe, expect, test } from 'vitest';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import type { BindVia, KnownMode } from '../../src/engine/model/vocabulary.ts';
import { create, cxl } from './cxl_rig.ts';
import { ext4, DAX } from './rig.ts';
import { blocksOf, NONE_ONLINE, ram, RECORDED, type Ram } from './ram.ts';
import {
  addDevice,
  addMapper,
  addPin,
  DEVICE,
  found,
  machine,
  MIB,
  removeDevice,
  UMEM,
  type Machine,
} from './support.ts';

type Policy = 'offline' | 'online' | 'online_kernel' | 'online_movable';

function devdax(auto_online_blocks: Policy = 'offline', state: 'bound' | 'unbound' = 'unbound'): Machine {
  const made = machine('v6.12', 0, { auto_online_blocks });
  addDevice(made, RECORDED);
  if (state === 'unbound') removeDevice(made, { dax_device: DAX });
  return made;
}

/** `ok`, or the refusal, with the errno that the tool reports. */
function ask(made: Machine, via: BindVia, mode?: KnownMode, name = DAX): string {
  const asked = { type: 'bind', dax_device: name, via, ...(mode === undefined ? {} : { mode }) } as const;
  const decision = made.try(asked);
  if (!isRefusal(decision)) return decision.answer.bind.result;
  return [decision.code, decision.errno].filter((word) => word !== undefined && word !== null).join(' ');
}

function modeOf(made: Machine, name = DAX): string {
  const { mode, state } = found(made.host.tables.dax_devices.get(name));
  return `${mode} ${state}`;
}

function system(made: Machine): string {
  return blocksOf({ made, log: [] });
}

describe('[M89] daxctl reconfigure-device -m system-ram', () => {
  test.each(['online', 'online_kernel', 'online_movable'] as const)(
    'refuses under the policy %s, and with -f takes what the kernel onlines',
    (policy) => {
      for (const state of ['bound', 'unbound'] as const) {
        const made = devdax(policy, state);
        expect(ask(made, 'daxctl_reconfigure_device', 'system-ram')).toBe('tool_refused EBUSY');
        expect(modeOf(made)).toBe(`devdax ${state}`);
      }
      const made = devdax(policy);
      expect(ask(made, 'daxctl_reconfigure_device_force', 'system-ram')).toBe('ok');
      expect(system(made)).toMatch(new RegExp(`^7 ${policy} `));
    },
  );

  test('onlines the blocks itself, as movable, and those that are offline later', () => {
    const made = devdax();
    expect(ask(made, 'daxctl_reconfigure_device', 'system-ram')).toBe('ok');
    expect(system(made)).toBe('7 online_movable Movable');
    const own = ram('v6.12', { online: [[34, 'online_kernel']] });
    expect(ask(own.made, 'daxctl_reconfigure_device', 'system-ram')).toBe('ok');
    expect(blocksOf(own)).toBe('1 online_movable Movable, 1 online_kernel Normal, 5 online_movable Movable');
    const before = own.made.events.length;
    expect(ask(own.made, 'daxctl_reconfigure_device', 'system-ram')).toBe('ok');
    expect(own.made.events.length, 'all are online').toBe(before);
  });

  test('disables a devdax first, which is a removal of its own', () => {
    expect(ask(devdax('offline', 'bound'), 'daxctl_reconfigure_device', 'system-ram')).toBe('not_modelled');
  });

  test('knows dax devices only, and two modes', () => {
    const { made } = ext4('v6.12');
    expect(ask(made, 'daxctl_reconfigure_device', 'system-ram', DEVICE)).toBe('tool_refused');
    const unbound = devdax();
    expect(ask(unbound, 'daxctl_reconfigure_device', 'fsdax')).toBe('invalid_field');
    expect(ask(unbound, 'daxctl_reconfigure_device')).toBe('invalid_field');
  });

  test('finds no dax device where dax_pmem has left', () => {
    const made = devdax('offline', 'bound');
    removeDevice(made, { dax_device: DAX, via: 'dax_pmem' });
    expect(ask(made, 'daxctl_reconfigure_device', 'devdax')).toBe('tool_refused');
  });

  test('does not name a driver', () => {
    const made = devdax();
    const asked = { type: 'bind', dax_device: DAX, driver: 'kmem', via: 'daxctl_enable_device' } as const;
    expect(made.try(asked)).toMatchObject({ code: 'invalid_field', pointer: '/driver' });
  });
});

describe('[M90] daxctl reconfigure-device -m devdax', () => {
  const online: Parameters<typeof ram>[1] = { online: [[33, 'online_movable']] };

  test('refuses while memory is online; with -f, or all offline, it disables the device first', () => {
    const own: Ram = ram('v6.12', online);
    expect(ask(own.made, 'daxctl_reconfigure_device', 'devdax')).toBe('tool_refused EBUSY');
    expect(ask(own.made, 'daxctl_reconfigure_device_force', 'devdax')).toBe('not_modelled');
    const idle = ram('v6.12', { online: NONE_ONLINE });
    expect(ask(idle.made, 'daxctl_reconfigure_device', 'devdax')).toBe('not_modelled');
  });

  test('leaves a devdax as it is, and its owner', () => {
    const made = devdax('offline', 'bound');
    expect(ask(made, 'daxctl_reconfigure_device', 'devdax')).toBe('ok');
    const other = { type: 'bind', dax_device: DAX, mode: 'devdax', tenant: 'b' } as const;
    expect(made.try({ ...other, via: 'daxctl_reconfigure_device' })).toMatchObject({ pointer: '/tenant' });
    expect(made.try({ ...other, tenant: null, via: 'daxctl_reconfigure_device' })).not.toHaveProperty('code');
  });

  test('binds one that nothing is bound to', () => {
    const made = devdax();
    expect(ask(made, 'daxctl_reconfigure_device', 'devdax')).toBe('ok');
    expect(modeOf(made)).toBe('devdax bound');
  });
});

describe('[BIND4] the other tools', () => {
  test('daxctl enable-device makes a devdax, and has no word for system-ram', () => {
    const own = ram('v6.12', { online: NONE_ONLINE });
    expect(ask(own.made, 'daxctl_enable_device')).toBe('tool_refused ENXIO');
    removeDevice(own.made, { dax_device: DAX });
    expect(ask(own.made, 'daxctl_enable_device', 'system-ram')).toBe('invalid_field');
    expect(ask(own.made, 'daxctl_enable_device')).toBe('ok');
    expect(modeOf(own.made)).toBe('devdax bound');
    expect(ask(own.made, 'daxctl_enable_device', 'devdax')).toBe('ok');
  });

  test('ndctl enable-namespace enables it as it is', () => {
    const { made } = ext4('v6.12');
    expect(ask(made, 'ndctl_enable_namespace', undefined, DEVICE)).toBe('ok');
    removeDevice(made);
    expect(ask(made, 'ndctl_enable_namespace', 'devdax', DEVICE)).toBe('invalid_field');
    expect(ask(made, 'ndctl_enable_namespace', 'fsdax', DEVICE)).toBe('ok');
    expect(modeOf(made, DEVICE)).toBe('fsdax bound');
  });

  test('ndctl create-namespace -e wants -f over a namespace that is active, and nobody who uses it', () => {
    const { made, mount } = ext4('v6.12');
    expect(ask(made, 'ndctl_create_namespace', 'devdax', DEVICE)).toBe('tool_refused EBUSY');
    expect(ask(made, 'ndctl_create_namespace_force', 'devdax', DEVICE)).toBe('tool_refused EBUSY');
    made.run({ type: 'umount', mount, lazy: false });
    expect(ask(made, 'ndctl_create_namespace_force', 'devdax', DEVICE)).toBe('not_modelled');
    removeDevice(made);
    expect(ask(made, 'ndctl_create_namespace', 'devdax', DEVICE)).toBe('ok');
    expect(modeOf(made, DEVICE)).toBe('devdax bound');
    const own = ram('v6.12', { online: [[33, 'online']] });
    expect(ask(own.made, 'ndctl_create_namespace_force', 'fsdax')).toBe('tool_refused EBUSY');
  });

  test('no namespaces are made of a ram region', () => {
    const made = cxl();
    made.run(create({ type: 'ram' }, { name: 'dax7.0', size: 64 * MIB }));
    expect(ask(made, 'ndctl_enable_namespace', undefined, 'dax7.0')).toBe('invalid_field');
  });

  test('a device that is being removed, or gone, answers as to any bind', () => {
    const made = devdax('offline', 'bound');
    made.run({ type: 'remove_dax_device', dax_device: DAX, trigger: 'unbind' });
    expect(ask(made, 'daxctl_enable_device'), 'behind its steps').toBe('ok');
    const waits = machine('v5.10');
    addDevice(waits, { name: DAX, mode: 'devdax' });
    addPin(waits, addMapper(waits, { dax_device: DAX }), UMEM);
    removeDevice(waits, { dax_device: DAX });
    expect(ask(waits, 'daxctl_enable_device')).toBe('blocked');
  });
});
