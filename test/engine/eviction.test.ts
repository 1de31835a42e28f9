import { expect, test } from 'vitest';
import { ALL, bind, end, OLD, oopsOf, opener, stateOf, umount, WAITS_IN } from './evicting.ts';
import { ext4, mounted, xfs } from './rig.ts';
import {
  addFile,
  addMapper,
  addMount,
  addPin,
  addProcess,
  DEVICE,
  found,
  MIB,
  PIPE,
  removeDevice,
} from './support.ts';

test.each(ALL)('[S1] [S2] [S12] umount oopses, and the superblock stays with its name: %s', (kernel) => {
  for (const rig of [ext4(kernel), xfs(kernel)]) {
    const { pid } = opener(rig);
    removeDevice(rig.made);
    expect(umount(rig)).toMatchObject({ errno: 'EBUSY' });
    end(rig, pid);
    expect(umount(rig)).toMatchObject(oopsOf(kernel, 'caller'));
    expect(stateOf(rig)).toBe('shutting_down');
    expect(umount(rig)).toMatchObject({ errno: 'EINVAL' });
    bind(rig);
    const { fs_type } = found(rig.made.host.tables.mounts.get(rig.mount));
    const again = {
      type: 'create_mount',
      dax_device: DEVICE,
      path: '/mnt/b',
      dax: 'always',
      mkfs: true,
    } as const;
    expect(rig.made.try({ ...again, fs_type })).toMatchObject({ errno: 'EEXIST' });
    const other = rig.made.try({ ...again, fs_type: fs_type === 'ext4' ? 'xfs' : 'ext4' });
    expect(other).toMatchObject({ answer: { state: 'mounted' } });
    removeDevice(rig.made);
    rig.made.run({ type: 'reboot' });
    expect(rig.made.host.tables.mounts.size).toBe(0);
  }
});

test.each(ALL)(
  '[S3] [EVICT1] harmless: never touched, idle when the device went, read by a call alone: %s',
  (kernel) => {
    const rig = ext4(kernel);
    const untouched = rig.mapper({ touched: 'none' });
    const idle = rig.mapper({ touched: 'write' }, '/b');
    end(rig, idle.pid);
    const reader = addProcess(rig.made);
    rig.made.run({
      type: 'file_io',
      file: rig.file('/c'),
      pid: reader,
      kind: 'pread',
      offset: 0,
      length: 4096,
    });
    removeDevice(rig.made);
    end(rig, untouched.pid);
    expect(umount(rig)).toMatchObject({ result: 'ok' });
  },
);

test.each(ALL)('[S4] the exit of the last user of a detached file system oopses: %s', (kernel) => {
  const rig = ext4(kernel);
  const { pid } = opener(rig);
  umount(rig, { lazy: true });
  removeDevice(rig.made);
  expect(end(rig, pid)).toMatchObject({ ...oopsOf(kernel, 'process'), process_alive: true });
  expect([stateOf(rig), rig.made.host.tables.processes.get(String(pid))?.state]).toEqual([
    'shutting_down',
    'oopsed',
  ]);
});

test.each(ALL)('[S4] its close kills the task: %s', (kernel) => {
  const rig = ext4(kernel);
  const { pid, open_file } = opener(rig);
  umount(rig, { lazy: true });
  removeDevice(rig.made);
  const closed = rig.made.run({ type: 'close_file', open_file });
  expect(closed).toMatchObject({ ...oopsOf(kernel, 'process'), process_alive: false });
  expect(rig.made.host.tables.processes.get(String(pid))?.state).toBe('dead');
});

test.each(ALL)('[S5] the last user of an unlinked file: its mount is busy for ever: %s', (kernel) => {
  const rig = ext4(kernel);
  const { pid } = opener(rig);
  rig.made.run({ type: 'unlink', file: rig.file() });
  removeDevice(rig.made);
  expect(end(rig, pid)).toMatchObject(oopsOf(kernel, 'process'));
  expect(rig.made.host.tables.files.get(rig.file())?.state).toBe('freeing');
  expect(umount(rig)).toMatchObject({ errno: 'EBUSY' });
});

test.each(OLD)('[S7] bound again it is harmless, unbound once more it is not: %s', (kernel) => {
  for (const removals of [1, 2]) {
    const rig = ext4(kernel);
    const { pid } = rig.mapper({ touched: 'write' });
    removeDevice(rig.made);
    bind(rig);
    if (removals === 2) removeDevice(rig.made);
    end(rig, pid);
    expect(umount(rig)).toMatchObject(removals === 1 ? { result: 'ok' } : oopsOf(kernel, 'caller'));
  }
});

test.each(ALL)('[S8] [S9] with a device-dax, or system RAM, on the range: %s', (kernel) => {
  for (const mode of ['devdax', 'system-ram'] as const) {
    const rig = mounted(kernel, { device: { size: 1024 * MIB } });
    const { pid } = opener(rig);
    removeDevice(rig.made);
    bind(rig, { mode });
    end(rig, pid);
    const known = mode === 'devdax' && kernel !== 'v7.3';
    expect(umount(rig)).toMatchObject(known ? { result: 'ok' } : { code: 'outcome_unknown' });
  }
});

test('[S4] a superblock that another mount shows, or another one detached, is not torn down yet', () => {
  for (const detached of [false, true]) {
    const rig = ext4('v6.12');
    const { pid } = opener(rig);
    const { id: second } = addMount(rig.made, { path: '/mnt/b', mkfs: false });
    const { pid: other, mapping } = addMapper(rig.made, { file: addFile(rig.made, second, '/second') });
    umount(rig, { lazy: true });
    expect(umount(rig)).toMatchObject({ errno: 'EINVAL' });
    if (detached) umount(rig, { lazy: true, mount: second });
    removeDevice(rig.made);
    expect(end(rig, pid)).toMatchObject({ result: 'ok', process_alive: false });
    expect([stateOf(rig), stateOf(rig, second)]).toEqual(['gone', detached ? 'lazy' : 'mounted']);
    if (detached) expect(rig.made.run({ type: 'munmap', mapping })).toMatchObject(oopsOf('v6.12', 'process'));
    else {
      end(rig, other);
      expect(umount(rig, { mount: second })).toMatchObject(oopsOf('v6.12', 'caller'));
    }
    expect(stateOf(rig, second)).toBe('shutting_down');
  }
});

test('[S4] the last user of two detached mounts of a superblock tears it down', () => {
  const rig = ext4('v6.12');
  const { pid } = opener(rig);
  const { id: second } = addMount(rig.made, { path: '/mnt/b', mkfs: false });
  const file = addFile(rig.made, second, '/second');
  rig.made.run({ type: 'open_file', pid, file, flags: ['rdonly'] });
  for (const mount of [rig.mount, second]) umount(rig, { lazy: true, mount });
  removeDevice(rig.made);
  expect(end(rig, pid)).toMatchObject(oopsOf('v6.12', 'process'));
});

test('[S8] the pages of the device-dax lose their mapping until they are faulted again', () => {
  const rig = ext4('v6.12');
  const { pid } = opener(rig);
  removeDevice(rig.made);
  bind(rig, { mode: 'devdax' });
  const { mapping } = addMapper(rig.made, { dax_device: DEVICE, length: 64 * MIB, touched: 'write' });
  const pages = () =>
    found(rig.made.host.tables.dax_devices.get(DEVICE)).faulted.reduce((sum, [, nr]) => sum + nr, 0);
  const before = pages();
  end(rig, pid);
  umount(rig);
  // What opener() had touched: 2 MiB of its file.
  expect(before - pages()).toBe(512);
  expect(rig.made.host.tables.mappings.has(mapping)).toBe(true);
});

test.each(['exit', 'munmap', 'madvise_dontneed'] as const)(
  '[S10] v7.3: a stale huge entry that went after the bind (%s): the umount never returns',
  (by) => {
    const rig = ext4('v7.3');
    const { pid, mapping } = rig.mapper({ touched: 'write' });
    removeDevice(rig.made);
    bind(rig);
    if (by === 'munmap') rig.made.run({ type: 'munmap', mapping });
    if (by === 'madvise_dontneed')
      rig.made.run({ type: 'access', mapping, offset: 0, length: 4096, kind: 'madvise_dontneed' });
    end(rig, pid);
    expect(umount(rig)).toMatchObject({ result: 'blocked', blocked_in: WAITS_IN });
    expect(stateOf(rig)).toBe('shutting_down');
    expect(removeDevice(rig.made).state).toBe('completed');
  },
);

test('[S10] v7.3: so does the exit of the last user of a detached file system', () => {
  const rig = ext4('v7.3');
  const { pid } = rig.mapper({ touched: 'write' });
  umount(rig, { lazy: true });
  removeDevice(rig.made);
  bind(rig);
  expect(end(rig, pid)).toMatchObject({ result: 'blocked', blocked_in: WAITS_IN, process_alive: true });
  expect(rig.made.host.tables.processes.get(String(pid))?.state).toBe('blocked');
});

test('[S10] v7.3: and its munmap', () => {
  const rig = ext4('v7.3');
  const { mapping } = rig.mapper({ touched: 'write' });
  umount(rig, { lazy: true });
  removeDevice(rig.made);
  bind(rig);
  expect(rig.made.run({ type: 'munmap', mapping })).toMatchObject({
    result: 'blocked',
    blocked_in: WAITS_IN,
  });
});

test('[S11] v7.3: nothing stale went since the bind: harmless; PTEs went: not known', () => {
  for (const small of [null, true]) {
    const rig = ext4('v7.3');
    const { pid } = small === null ? opener(rig) : rig.mapper({ touched: 'write', small });
    removeDevice(rig.made);
    bind(rig);
    end(rig, pid);
    expect(umount(rig)).toMatchObject(small === null ? { result: 'ok' } : { code: 'outcome_unknown' });
  }
});

test.each(['exit', 'close', 'munmap', 'sigbus'] as const)(
  '[S11] v7.3: what the last user would evict and nothing tells, refuses its %s',
  (by) => {
    for (const ends of ['unlink', 'lazy'] as const) {
      const rig = ext4('v7.3');
      const { pid, mapping } = rig.mapper({ touched: 'write', small: true });
      const { pid: opened, open_file } = opener(rig);
      const untouched = rig.mapper({ touched: 'none', sigbus: 'default' });
      const last = {
        exit: { type: 'exit_process', pid: untouched.pid },
        close: { type: 'close_file', open_file },
        munmap: { type: 'munmap', mapping: untouched.mapping },
        sigbus: { type: 'access', mapping: untouched.mapping, offset: 0, length: 4096, kind: 'read' },
      } as const;
      if (ends === 'unlink') rig.made.run({ type: 'unlink', file: rig.file() });
      else umount(rig, { lazy: true });
      removeDevice(rig.made);
      bind(rig);
      rig.made.run({ type: 'munmap', mapping });
      end(rig, pid);
      end(rig, by === 'close' ? untouched.pid : opened);
      const { host } = rig.made;
      const before = [...host.tables.files.values(), ...host.tables.mounts.values()];
      expect(rig.made.try(last[by])).toMatchObject({ code: 'outcome_unknown' });
      expect([...host.tables.files.values(), ...host.tables.mounts.values()]).toEqual(before);
    }
  },
);

test.each(['umount', 'unlink', 'orderly_removal'] as const)(
  '[S11] v7.3: pages of which stale PTEs went before a new file took them: its %s is not known',
  (by) => {
    const rig = ext4('v7.3');
    const old = rig.mapper({ touched: 'write', small: true });
    removeDevice(rig.made);
    bind(rig);
    end(rig, old.pid);
    const { id: mount } = addMount(rig.made, { fs_type: 'xfs', path: '/mnt/b' });
    const file = addFile(rig.made, mount, '/f', 40 * MIB);
    end(rig, addMapper(rig.made, { file, length: 40 * MIB, touched: 'write' }).pid);
    const ends = {
      umount: { type: 'umount', mount, lazy: false },
      unlink: { type: 'unlink', file },
      orderly_removal: { type: 'remove_dax_device', dax_device: DEVICE, trigger: 'orderly_removal' },
    } as const;
    expect(rig.made.try(ends[by])).toMatchObject({ code: 'outcome_unknown' });
  },
);

test('[S10] v7.3: an entry that goes while its own pgmap is killed puts a reference that was taken', () => {
  const rig = ext4('v7.3');
  const { pid } = rig.mapper({ touched: 'write' });
  const device = () => found(rig.made.host.tables.dax_devices.get(DEVICE));
  const { id } = rig.made.run({ type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' });
  while (device().pgmap_state === 'live') rig.made.run({ type: 'advance_removal', removal: id });
  expect(device().pgmap_state).toBe('killed');
  end(rig, pid);
  expect(device().lost_refs).toEqual([]);
  expect(umount(rig)).toMatchObject({ result: 'ok' });
});

test.each(ALL)(
  '[S11] a pin that outlives its mapping: from 6.15 on its umount is not known: %s',
  (kernel) => {
    const rig = ext4(kernel);
    const mapper = rig.mapper({ touched: 'write' });
    addPin(rig.made, mapper, PIPE);
    rig.mapper({ touched: 'write' }, '/b');
    for (const { id } of rig.made.host.tables.mappings.values())
      rig.made.run({ type: 'munmap', mapping: id });
    expect(umount(rig)).toMatchObject(kernel === 'v7.3' ? { code: 'outcome_unknown' } : { result: 'ok' });
  },
);

test('[S53] v7.3: a pin of before that is let go after the bind: the umount never returns', () => {
  for (const by of ['unpin', 'exit'] as const) {
    const rig = ext4('v7.3');
    const mapper = rig.mapper({ touched: 'write' });
    const { pid } = opener(rig);
    const pin = addPin(rig.made, mapper, PIPE);
    rig.made.run({ type: 'munmap', mapping: mapper.mapping });
    removeDevice(rig.made);
    bind(rig);
    if (by === 'unpin') rig.made.run({ type: 'unpin', pin });
    end(rig, mapper.pid);
    end(rig, pid);
    expect(umount(rig)).toMatchObject({ result: 'blocked', blocked_in: WAITS_IN });
  }
});
