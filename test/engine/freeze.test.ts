import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { answered, told, touch } from './observe.ts';
import { cached, ext4, rmapbt, xfs, type Rig } from './rig.ts';
import {
  addMount,
  addProcess,
  fileIo,
  found,
  mountOf,
  outcomeOf,
  processOf,
  removeDevice,
  returned,
} from './support.ts';

const ask = ({ made, mount }: Rig, type: 'freeze' | 'thaw') => answered(made, { type, mount });
const umount = ({ made, mount }: Rig) => answered(made, { type: 'umount', mount, lazy: false });

describe('[FRZ1] fsfreeze', () => {
  test.each(KERNEL_NAMES)('holds it once, until its user thaws it: %s', (kernel) => {
    for (const rig of [ext4(kernel), xfs(kernel), cached(kernel)]) {
      expect(['thaw', 'freeze', 'freeze', 'thaw', 'thaw'].map((verb) => ask(rig, verb as 'thaw'))).toEqual([
        ...['EINVAL', 'ok', 'EBUSY', 'ok', 'EINVAL'],
      ]);
    }
  });

  test('writes back and write-protects, so that a store waits, and goes on at the thaw', () => {
    for (const rig of [ext4('v6.12'), xfs('v5.10'), cached('v6.1')]) {
      const { made } = rig;
      const writer = rig.mapper({ touched: 'write' });
      const reader = rig.mapper({ prot: 'r' });
      const writable = () =>
        [...found(made.host.entries.get(rig.file()))].some((row) => (row[3]! & 16) !== 0);
      expect([writable(), ask(rig, 'freeze'), writable()]).toEqual([true, 'ok', false]);
      expect(touch(made, writer, 'write')).toBe('blocks');
      expect(processOf(made, writer.pid)).toMatchObject({
        state: 'blocked',
        waits_for_thaw: { file: rig.file(), mapping: writer.mapping, offset: 0, length: 4096 },
      });
      expect(answered(made, { type: 'exit_process', pid: writer.pid })).toBe('process_unavailable');
      expect([touch(made, reader, 'read'), ask(rig, 'thaw')]).toEqual(['ok', 'ok']);
      expect(processOf(made, writer.pid)).toMatchObject({ state: 'running', waits_for_thaw: null });
      expect(writable()).toBe(true);
    }
  });

  test('a store to a page that nobody has touched waits, a private one does not', () => {
    const rig = ext4('v6.12');
    const [shared, own] = [
      rig.mapper({ touched: 'none' }),
      rig.mapper({ touched: 'none', flags: ['private'] }),
    ];
    ask(rig, 'freeze');
    expect(touch(rig.made, shared, 'write', { page: 3, pages: 2 })).toBe('blocks');
    expect(processOf(rig.made, shared.pid).waits_for_thaw).toMatchObject({
      offset: 3 * 4096,
      length: 2 * 4096,
    });
    expect(touch(rig.made, own, 'write')).toBe('ok');
  });

  test('a pwrite waits and is done at the thaw; pread and fsync are answered', () => {
    const rig = cached('v6.12');
    const { made } = rig;
    const pid = addProcess(made);
    rig.file();
    ask(rig, 'freeze');
    const calls = (['pread', 'fsync', 'pwrite'] as const).map((kind) =>
      told(fileIo(made, pid, rig.file(), kind)),
    );
    expect(calls).toEqual(['ok', 'ok', 'blocks']);
    expect(processOf(made, pid).waits_for_thaw).toMatchObject({ mapping: null, offset: 0 });
    const dirty = () => (made.host.entries.get(rig.file()) ?? []).some((rows) => (rows[3]! & 16) !== 0);
    expect([dirty(), ask(rig, 'thaw'), dirty()]).toEqual([false, 'ok', true]);
    expect(processOf(made, pid).state).toBe('running');
  });

  test('a process that stores without pause waits, and stores on', () => {
    const rig = ext4('v6.12');
    const { pid, mapping } = rig.mapper({ touched: 'write', activity: 'storing' });
    const other = another(rig);
    ask(rig, 'freeze');
    expect([processOf(rig.made, pid).state, processOf(rig.made, other).state]).toEqual([
      'blocked',
      'running',
    ]);
    ask(rig, 'thaw');
    const rows = found(rig.made.host.entries.get(mapping));
    expect([processOf(rig.made, pid).state, (rows[0]![3]! & 16) !== 0]).toEqual(['running', true]);
  });

  test('what makes or removes names waits, and so does a shutdown: told instead of waited', () => {
    const rig = ext4('v6.1');
    const file = rig.file();
    ask(rig, 'freeze');
    const commands = [
      { type: 'create_file', mount: rig.mount, path: '/new', size: 4096 },
      { type: 'unlink', file },
      { type: 'shutdown_mount', mount: rig.mount },
    ] as const;
    for (const command of commands)
      expect(rig.made.try(command)).toMatchObject({
        code: 'dax_device_busy',
        detail: expect.stringContaining('POST …/thaw') as string,
      });
  });

  test('one that was shut down cannot be frozen; an xfs not thawed, for nobody can open it', () => {
    for (const rig of [ext4('v6.12'), xfs('v6.12')]) {
      rig.made.run({ type: 'shutdown_mount', mount: rig.mount });
      expect(ask(rig, 'freeze')).toBe('EIO');
    }
    const rig = xfs('v6.12');
    ask(rig, 'freeze');
    removeDevice(rig.made);
    expect([mountOf(rig.made, rig.mount).fs_state, ask(rig, 'thaw')]).toEqual(['shutdown', 'EIO']);
  });

  test('before anybody has noticed that the device is gone, what it comes to is not known', () => {
    const rig = ext4('v6.1');
    removeDevice(rig.made);
    expect(ask(rig, 'freeze')).toBe('outcome_unknown');
  });

  test('one that an error made read-only is frozen without being asked, alive or shut down', () => {
    const rig = ext4('v5.10');
    rig.mapper();
    removeDevice(rig.made);
    rig.made.run({ type: 'commit_journal', mount: rig.mount });
    expect(mountOf(rig.made, rig.mount)).toMatchObject({
      fs_state: 'alive',
      journal: 'aborted',
      read_only: true,
    });
    expect([ask(rig, 'freeze'), ask(rig, 'thaw')]).toEqual(['ok', 'ok']);
    rig.made.run({ type: 'shutdown_mount', mount: rig.mount });
    expect(ask(rig, 'freeze')).toBe('ok');
  });

  test('a superblock that no path leads to is neither frozen nor thawed', () => {
    const rig = ext4('v6.12');
    ask(rig, 'freeze');
    expect([umount(rig), ask(rig, 'thaw'), ask(rig, 'freeze')]).toEqual([
      ...['ok', 'file_system_not_mounted', 'file_system_not_mounted'],
    ]);
    expect(umount(rig)).toBe('EINVAL');
    expect(answered(rig.made, { type: 'freeze', mount: 'm99' })).toBe('mount_not_found');
    const { id } = addMount(rig.made, { mkfs: false });
    expect(rig.made.host.tables.mounts.size).toBe(1);
    expect(mountOf(rig.made, id).frozen_by_user).toBe(true);
    expect(ask({ ...rig, mount: id }, 'thaw')).toBe('ok');
    expect(umount({ ...rig, mount: id })).toBe('ok');
    expect(rig.made.host.tables.mounts.size).toBe(0);
  });

  test('the freeze of a walk that never ends is another holder', () => {
    const rig = rmapbt('v7.3', 0, 4);
    const { pid } = rig.mapper({ touched: 'write' });
    removeDevice(rig.made);
    const waiting = addProcess(rig.made);
    expect(told(fileIo(rig.made, waiting, rig.file(), 'pwrite'))).toBe('blocks');
    expect(['thaw', 'freeze', 'thaw', 'thaw'].map((verb) => ask(rig, verb as 'thaw'))).toEqual([
      ...['EINVAL', 'ok', 'ok', 'EINVAL'],
    ]);
    expect([processOf(rig.made, waiting).state, processOf(rig.made, pid).state]).toEqual([
      'blocked',
      'running',
    ]);
  });
});

describe('[FRZ3] the last user of an unlinked file of a frozen ext4 would wait', () => {
  test.each(KERNEL_NAMES)('by close, munmap and exit, until it thaws: %s', (kernel) => {
    const rig = ext4(kernel);
    const { made } = rig;
    const { pid, mapping } = rig.mapper();
    const last = { type: 'munmap', mapping } as const;
    const open_file = opens(rig, addProcess(made));
    unlink(rig);
    ask(rig, 'freeze');
    expect(answered(made, { type: 'close_file', open_file })).toBe('ok');
    expect([answered(made, last), answered(made, { type: 'exit_process', pid })]).toEqual([
      'dax_device_busy',
      'dax_device_busy',
    ]);
    expect(found(made.host.tables.files.get(rig.file())).state).toBe('unlinked');
    expect([ask(rig, 'thaw'), answered(made, last)]).toEqual(['ok', 'ok']);
    expect(made.host.tables.files.size).toBe(0);
  });

  test('behind the eviction of its pages, which may oops', () => {
    const rig = ext4('v6.12');
    const writer = rig.mapper({ touched: 'write' });
    unlink(rig);
    ask(rig, 'freeze');
    removeDevice(rig.made);
    expect(told(outcomeOf(rig.made.run({ type: 'exit_process', pid: writer.pid })))).toMatch(
      /^oops dax_disassociate_entry/,
    );
  });

  test('not where it went read-only before', () => {
    const rig = ext4('v5.10');
    const { made, mount } = rig;
    const open_file = opens(rig, addProcess(made));
    unlink(rig);
    removeDevice(made);
    made.run({ type: 'commit_journal', mount });
    expect(mountOf(made, mount).read_only).toBe(true);
    expect([ask(rig, 'freeze'), answered(made, { type: 'close_file', open_file })]).toEqual(['ok', 'ok']);
  });

  test('[FRZ4] who waits for xfs is not told', () => {
    const rig = xfs('v6.12');
    const open_file = opens(rig, addProcess(rig.made));
    unlink(rig);
    ask(rig, 'freeze');
    expect(answered(rig.made, { type: 'close_file', open_file })).toBe('outcome_unknown');
  });
});

function opens({ made, file }: Rig, pid: number): string {
  return returned(made.run({ type: 'open_file', pid, file: file(), flags: ['rdonly'] })).id;
}

function unlink({ made, file }: Rig): void {
  made.run({ type: 'unlink', file: file() });
}

/** Another process that stores without pause, into no file of the file system. */
function another({ made }: Rig): number {
  made.run({ type: 'create_dax_device', name: 'dax9.0', mode: 'devdax', size: 4 * 2 ** 20 });
  const pid = addProcess(made);
  const how = { offset: 0, length: 2 * 2 ** 20, flags: ['shared'], prot: 'rw', populate: 'write' } as const;
  made.run({ type: 'create_mapping', pid, dax_device: 'dax9.0', activity: 'storing', ...how });
  return pid;
}
