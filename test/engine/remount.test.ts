import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';
import { answered, table, told, touch } from './observe.ts';
import { ext4, xfs, type Rig } from './rig.ts';
import { addProcess, fileIo, mountOf, removeDevice, returned } from './support.ts';

const remount = ({ made, mount }: Rig, options: 'ro' | 'rw' = 'ro') =>
  answered(made, { type: 'remount', mount, options });

const MAP = { type: 'create_mapping', offset: 0, length: 2 ** 21, flags: ['shared'], prot: 'rw' } as const;

describe('[RMT1] a remount', () => {
  test.each(KERNEL_NAMES)('to read-only lets nobody open for writing, to writable again: %s', (kernel) => {
    for (const rig of [ext4(kernel), xfs(kernel)]) {
      const { made, mount } = rig;
      const [file, pid] = [rig.file(), addProcess(made)];
      const writers = [
        { type: 'open_file', pid, file, flags: ['rdwr'] },
        { ...MAP, pid, file },
        { type: 'create_file', mount, path: '/new', size: 4096 },
        { type: 'unlink', file },
      ] as const;
      expect([remount(rig), remount(rig), mountOf(made, mount).read_only]).toEqual(['ok', 'ok', true]);
      expect(writers.map((command) => answered(made, command))).toEqual(['EROFS', 'EROFS', 'EROFS', 'EROFS']);
      expect(
        (['pwrite', 'pread', 'fsync'] as const).map((kind) => told(fileIo(made, pid, file, kind))),
      ).toEqual([...['EROFS', 'ok', 'ok']]);
      for (const more of [{ prot: 'r' }, { flags: ['private'] }] as const)
        expect(answered(made, { ...MAP, pid, file, ...more })).toBe('ok');
      expect([remount(rig, 'rw'), mountOf(made, mount).read_only]).toEqual(['ok', false]);
      expect(writers.map((command) => answered(made, command))).toEqual(['ok', 'ok', 'ok', 'ok']);
    }
  });

  test('finds a descriptor that is open for writing', () => {
    const rig = ext4('v6.12');
    const pid = addProcess(rig.made);
    const [reads, writes] = (['rdonly', 'wronly'] as const).map((mode) =>
      returned(rig.made.run({ type: 'open_file', pid, file: rig.file(), flags: [mode] })),
    );
    expect(remount(rig)).toBe('EBUSY');
    rig.made.run({ type: 'close_file', open_file: String(writes?.id) });
    expect([remount(rig), String(reads?.id)]).toEqual(['ok', expect.any(String)]);
  });

  test('finds a mapping that alone holds a file open for writing, whatever it may itself', () => {
    const rig = ext4('v6.12');
    const pid = addProcess(rig.made);
    const { id } = returned(rig.made.run({ type: 'open_file', pid, file: rig.file(), flags: ['rdwr'] }));
    const { file: _file, ...through } = { ...MAP, file: null, pid, open_file: id, prot: 'r' } as const;
    const mapping = returned(rig.made.run({ ...through }));
    expect(mapping.opened).toBe('rdwr');
    rig.made.run({ type: 'close_file', open_file: id });
    expect(remount(rig)).toBe('EBUSY');
    rig.made.run({ type: 'munmap', mapping: mapping.id });
    expect(remount(rig)).toBe('ok');
  });

  test('finds a file without a name that is in use, not one that is only mapped to be read', () => {
    const rig = ext4('v6.12');
    const { mapping } = rig.mapper({ prot: 'r' });
    rig.made.run({ type: 'unlink', file: rig.file() });
    expect(remount(rig)).toBe('EBUSY');
    rig.made.run({ type: 'munmap', mapping });
    rig.mapper({ prot: 'r' }, '/b');
    expect(remount(rig)).toBe('ok');
  });

  test('waits for no thaw, and of one that is dead or shut down it is not known', () => {
    const frozen = ext4('v6.12');
    frozen.made.run({ type: 'freeze', mount: frozen.mount });
    expect(remount(frozen)).toBe('EBUSY');
    const shut = ext4('v6.12');
    shut.made.run({ type: 'shutdown_mount', mount: shut.mount });
    expect(remount(shut)).toBe('outcome_unknown');
    const dead = xfs('v6.1');
    removeDevice(dead.made);
    expect([remount(dead), remount(dead, 'rw')]).toEqual(['outcome_unknown', 'outcome_unknown']);
    const lazy = ext4('v6.12');
    lazy.mapper();
    lazy.made.run({ type: 'umount', mount: lazy.mount, lazy: true });
    expect(remount(lazy)).toBe('file_system_not_mounted');
  });

  test('[R37] an aborted journal made it read-only: a new file is EIO, and EROFS once it is shut down', () => {
    const rig = ext4('v5.10');
    const file = rig.file();
    rig.mapper();
    removeDevice(rig.made);
    rig.made.run({ type: 'commit_journal', mount: rig.mount });
    const asked = () =>
      [
        { type: 'create_file', mount: rig.mount, path: '/new', size: 4096 } as const,
        { type: 'unlink', file } as const,
      ].map((command) => answered(rig.made, command));
    expect(asked()).toEqual(['EIO', 'EROFS']);
    rig.made.run({ type: 'shutdown_mount', mount: rig.mount });
    expect(asked()).toEqual(['EROFS', 'EROFS']);
  });

  test('a read-only one is frozen without being asked', () => {
    const rig = ext4('v6.12');
    remount(rig);
    rig.made.run({ type: 'shutdown_mount', mount: rig.mount });
    expect(answered(rig.made, { type: 'freeze', mount: rig.mount })).toBe('ok');
  });
});

const AFTER = table('old data / SIGBUS BUS_ADRERR / ENXIO / ok', {
  'v6.12': 'old data / SIGBUS BUS_ADRERR / EIO / EIO',
  'v7.3': 'old data / SIGBUS BUS_ADRERR / EIO / EIO',
});

test.each(Object.entries(AFTER) as [KernelName, string][])(
  '[S39] ext4 was remounted read-only before the removal: %s',
  (kernel, cell) => {
    const rig = ext4(kernel);
    const { made } = rig;
    const reader = rig.mapper({ prot: 'r' });
    const fresh = rig.mapper({ prot: 'r', touched: 'none' });
    expect(remount(rig)).toBe('ok');
    removeDevice(made);
    const read = touch(made, reader, 'read');
    const untouched = touch(made, fresh, 'read', { page: 9 });
    const calls = (['pread', 'fsync'] as const).map((kind) =>
      told(fileIo(made, reader.pid, rig.file(), kind)),
    );
    expect([read, untouched, ...calls].join(' / ')).toBe(cell);
    made.run({ type: 'commit_journal', mount: rig.mount });
    expect(told(fileIo(made, reader.pid, rig.file(), 'fsync'))).toBe(cell.split(' / ').at(-1));
  },
);
