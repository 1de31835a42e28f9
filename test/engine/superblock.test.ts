import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { answered, told } from './observe.ts';
import { ext4 } from './rig.ts';
import {
  addDevice,
  addFile,
  addMapper,
  addMount,
  addProcess,
  fileIo,
  found,
  machine,
  MIB,
  mountOf,
  removeDevice,
} from './support.ts';

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

  test('[MNT2] a file in use keeps its mount busy while another goes', () => {
    const { host, first } = twice();
    const third = addMount(host, { path: '/mnt/c', mkfs: false });
    const file = addFile(host, third.id, 'c');
    const pid = addProcess(host);
    host.run({ type: 'open_file', pid, file, flags: ['rdonly'] });
    host.run({ type: 'umount', mount: first.id, lazy: false });
    expect(found(host.host.tables.files.get(file)).mount).toBe(third.id);
    expect(host.try({ type: 'umount', mount: third.id, lazy: false })).toMatchObject({ errno: 'EBUSY' });
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

describe('[S4] [MNT3] a mount that was detached', () => {
  const detached = () => {
    const host = machine('v6.12');
    addDevice(host);
    const { id: mount } = addMount(host);
    const used = addMapper(host, { file: addFile(host, mount, '/used'), touched: 'write' });
    const idle = addFile(host, mount, '/idle');
    host.run({ type: 'umount', mount, lazy: true });
    return { host, mount, used, idle };
  };
  const shape = { offset: 0, length: 4 * MIB, flags: ['shared'], prot: 'rw' } as const;

  test('is reached by no path: its users go on', () => {
    const { host, mount, used, idle } = detached();
    const pid = addProcess(host);
    const read = { type: 'file_io', kind: 'pread', offset: 0, length: 4096 } as const;
    const calls: Command[] = [
      { type: 'open_file', pid, file: idle, flags: ['rdonly'] },
      { type: 'create_mapping', pid, file: idle, ...shape },
      { type: 'create_file', mount, path: '/new', size: MIB },
      { type: 'unlink', file: idle },
      { ...read, pid, file: idle },
    ];
    for (const call of calls) expect(answered(host, call)).toBe('file_system_not_mounted');
    const { file } = found(host.host.tables.mappings.get(used.mapping));
    expect(answered(host, { ...read, pid: used.pid, file: found(file ?? undefined) })).toBe('ok');
  });

  test('another mount of its superblock leads to the files, and is busy with their users', () => {
    const { host, mount, used, idle } = detached();
    const { id: second } = addMount(host, { path: '/mnt/b', mkfs: false });
    const user = addMapper(host, { file: idle });
    expect(answered(host, { type: 'umount', mount: second, lazy: false })).toBe('EBUSY');
    const { file } = found(host.host.tables.mappings.get(used.mapping));
    const pid = addProcess(host);
    const open = { type: 'open_file', pid, file: found(file ?? undefined), flags: ['rdonly'] } as const;
    expect(answered(host, open)).toBe('not_modelled');
    host.run({ type: 'exit_process', pid: used.pid });
    expect(host.host.tables.mounts.has(mount)).toBe(false);
    expect(host.try(open)).toMatchObject({ answer: { pid } });
    host.run({ type: 'exit_process', pid: user.pid });
    expect(answered(host, { type: 'umount', mount: second, lazy: false })).toBe('EBUSY');
    host.run({ type: 'exit_process', pid });
    expect(answered(host, { type: 'umount', mount: second, lazy: false })).toBe('ok');
  });
});

test.each([
  ['mounted', 'DELETE that mount'],
  ['lazy', 'it was detached, and ends with its last user'],
] as const)('[S12] EEXIST behind a superblock that is %s says what ends it', (state, way) => {
  const host = machine('v6.12');
  addDevice(host);
  const { id: mount } = addMount(host);
  addMapper(host, { file: addFile(host, mount, '/a'), touched: 'write' });
  if (state === 'lazy') host.run({ type: 'umount', mount, lazy: true });
  removeDevice(host);
  host.run({ type: 'bind', dax_device: 'pmem0' });
  const again = { dax_device: 'pmem0', path: '/mnt/c', fs_type: 'ext4', dax: 'always' } as const;
  expect(host.try({ type: 'create_mount', ...again })).toMatchObject({
    errno: 'EEXIST',
    detail: expect.stringContaining(way) as string,
  });
});

describe('[JC2] ext4 that is shut down has aborted its journal', () => {
  test.each(KERNEL_NAMES)('with the removal, if that shuts it down: %s', (kernel) => {
    for (const options of ['rw', 'ro'] as const) {
      const { made, mount } = ext4(kernel);
      made.run({ type: 'remount', mount, options });
      const { kernel_log } = removeDevice(made).report;
      const { fs_state, journal, read_only } = mountOf(made, mount);
      const aborts = kernel_log.includes('Aborting journal on device pmem0-8.');
      expect([journal === 'aborted', fs_state === 'shutdown']).toEqual([aborts, aborts]);
      expect([aborts, read_only]).toEqual([['v6.12', 'v7.3'].includes(kernel), options === 'ro']);
    }
  });

  test.each(KERNEL_NAMES)('by ioctl: %s', (kernel) => {
    const { made, mount } = ext4(kernel);
    expect(made.run({ type: 'shutdown_mount', mount })).toMatchObject({
      fs_state: 'shutdown',
      journal: 'aborted',
    });
    expect(made.events.at(-1)?.data).toMatchObject({ journal: 'aborted' });
  });
});

test('[OPEN3] where v5.10 made ext4 read-only who writes has it open for that; shut down it is asked who does', () => {
  const { made, mount, mapper, file } = ext4('v5.10');
  const { pid } = mapper();
  const [late, early] = [addProcess(made), addProcess(made)];
  for (const [each, mode] of [
    [late, 'rdonly'],
    [early, 'rdwr'],
  ] as const)
    made.run({ type: 'open_file', pid: each, file: file(), flags: [mode] });
  const reader = mapper({ prot: 'r' }).pid;
  const write = () => [late, reader, early, pid].map((each) => told(fileIo(made, each, file(), 'pwrite')));
  removeDevice(made);
  made.run({ type: 'commit_journal', mount });
  expect([mountOf(made, mount).read_only, write()]).toEqual([true, ['ENXIO', 'ENXIO', 'ENXIO', 'ENXIO']]);
  made.run({ type: 'shutdown_mount', mount });
  expect(write()).toEqual(['EROFS', 'EROFS', 'EIO', 'EIO']);
  expect(answered(made, { type: 'create_file', mount, path: '/new', size: MIB })).toBe('EROFS');
});
