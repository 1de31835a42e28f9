import { describe, expect, test } from 'vitest';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { addDevice, addFile, addMount, addProcess, found, machine, MIB, removeDevice } from './support.ts';

describe('[MNT] one superblock, two mounts', () => {
  const twice = () => {
    const host = machine('v6.12');
    addDevice(host);
    const first = addMount(host);
    const file = addFile(host, first.id, 'a');
    const second = addMount(host, { path: '/mnt/b', mkfs: false });
    return { host, first, second, file };
  };

  test('both show what the removal did to it', () => {
    const { host, first, second } = twice();
    removeDevice(host);
    for (const { id } of [first, second]) {
      expect(found(host.host.tables.mounts.get(id)).fs_state).toBe('shutdown');
    }
  });

  test('the files go over to the one that stays', () => {
    const { host, first, second, file } = twice();
    host.run({ type: 'umount', mount: first.id, lazy: false });
    expect(found(host.host.tables.files.get(file)).mount).toBe(second.id);
  });

  test('mkfs is refused while either is mounted', () => {
    const { host } = twice();
    const again = {
      dax_device: 'pmem0',
      path: '/mnt/c',
      fs_type: 'ext4',
      dax: 'always',
      mkfs: true,
    } as const;
    expect(host.try({ type: 'create_mount', ...again })).toMatchObject({ errno: 'EBUSY' });
  });
});

test('[MNT] a lazily detached file system ends with its last user', () => {
  const host = machine('v6.12');
  addDevice(host);
  const mount = addMount(host);
  const file = addFile(host, mount.id, 'a');
  const pid = addProcess(host);
  const shared = { offset: 0, length: 4 * MIB, flags: ['shared'], prot: 'rw' } as const;
  host.run({ type: 'create_mapping', pid, file, ...shared });
  host.run({ type: 'umount', mount: mount.id, lazy: true });
  expect(found(host.host.tables.mounts.get(mount.id)).state).toBe('lazy');
  host.run({ type: 'exit_process', pid });
  expect(host.host.tables.mounts.has(mount.id)).toBe(false);
});

describe('[BIND] a namespace that ndctl disabled', () => {
  const disabled = () => {
    const host = machine('v6.1');
    addDevice(host, { name: 'dax0.0', mode: 'devdax' });
    removeDevice(host, { dax_device: 'dax0.0', via: 'ndctl_disable_namespace' });
    return host;
  };

  test('sysfs bind answers ENODEV', () => {
    const refused = disabled().try({ type: 'bind', dax_device: 'dax0.0', driver: 'dax_pmem' });
    expect(refused).toMatchObject({ code: 'kernel_refused', errno: 'ENODEV' });
  });

  test('a bind that names no driver enables it', () => {
    const host = disabled();
    expect(isRefusal(host.try({ type: 'bind', dax_device: 'dax0.0' }))).toBe(false);
    expect(found(host.host.tables.dax_devices.get('dax0.0'))).toMatchObject({
      state: 'bound',
      conditions: [],
    });
  });
});

test('[IMP] a raw namespace that a listing shows in devdax mode gets the align of its mode', () => {
  const host = machine('v6.1');
  addDevice(host, { name: 'dax0.0', mode: 'raw' });
  const device = { name: 'dax0.0', mode: 'devdax', size: null, align: null, change: 'updated' } as const;
  host.run({ type: 'import_inventory', imported: '', devices: [device], record: {} });
  expect(found(host.host.tables.dax_devices.get('dax0.0')).align).toBe(2 * MIB);
});

test('[GEN1] a medium that would reach into the next device is refused, and named', () => {
  const host = machine('v6.12');
  addDevice(host, { name: 'dax0.0', mode: 'devdax', phys_addr: '0x100000000' });
  addDevice(host, { name: 'dax1.0', mode: 'devdax', phys_addr: '0x108000000' });
  removeDevice(host, { dax_device: 'dax0.0' });
  const media = { media_serial: '0x2', size: 256 * MIB };
  expect(
    host.try({ type: 'record_hotplug_event', action: 'replace', dax_device: 'dax0.0', media }),
  ).toMatchObject({ code: 'overlap', pointer: '/media/size' });
});
