import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { answered, told, touch } from './observe.ts';
import { cached, ext4, xfs, type Rig } from './rig.ts';
import {
  addDevice,
  addFile,
  addMapper,
  addMount,
  addProcess,
  DEVICE,
  fileIo,
  found,
  mountOf,
  removeDevice,
  returned,
} from './support.ts';

const sync = ({ made, mount }: Rig) => answered(made, { type: 'sync', mount });

const writable = ({ made }: Rig, owner: string) =>
  [...found(made.host.entries.get(owner))].some((rows) => (rows[3]! & 16) !== 0);

describe('[SYN1] sync(2)', () => {
  test.each(KERNEL_NAMES)('writes back and write-protects; the next store faults: %s', (kernel) => {
    for (const rig of [ext4(kernel), xfs(kernel), cached(kernel)]) {
      const writer = rig.mapper({ touched: 'write' });
      expect([writable(rig, rig.file()), writable(rig, writer.mapping)]).toEqual([true, true]);
      expect(sync(rig)).toBe('ok');
      expect([writable(rig, rig.file()), writable(rig, writer.mapping)]).toEqual([false, false]);
      expect([touch(rig.made, writer, 'write'), writable(rig, writer.mapping)]).toEqual(['ok', true]);
    }
  });

  test('a process that stores without pause makes its pages dirty again', () => {
    const rig = ext4('v6.12');
    const { mapping } = rig.mapper({ touched: 'write', activity: 'storing' });
    expect([sync(rig), writable(rig, mapping)]).toEqual(['ok', true]);
  });

  test('skips an ext4 that was shut down, and tells of no error', () => {
    const rig = ext4('v6.12');
    const { mapping } = rig.mapper({ touched: 'write' });
    rig.made.run({ type: 'shutdown_mount', mount: rig.mount });
    expect([sync(rig), writable(rig, mapping)]).toEqual(['ok', true]);
  });

  test('on a dead ext4 the journal cannot commit', () => {
    const rig = ext4('v6.1');
    const writer = rig.mapper({ touched: 'write' });
    removeDevice(rig.made);
    expect([sync(rig), mountOf(rig.made, rig.mount).journal], 'nothing to commit').toEqual(['ok', 'live']);
    touch(rig.made, writer, 'write');
    expect([sync(rig), mountOf(rig.made, rig.mount).journal]).toEqual(['ok', 'aborted']);
    expect([sync(rig), told(fileIo(rig.made, writer.pid, rig.file(), 'fsync'))]).toEqual(['ok', 'EIO']);
  });

  test.each(KERNEL_NAMES)('on a dead xfs the log fails, if there is anything to commit: %s', (kernel) => {
    const rig = xfs(kernel);
    const writer = rig.mapper({ touched: 'write' });
    removeDevice(rig.made);
    const how = () => [sync(rig), mountOf(rig.made, rig.mount).shutdown_reason];
    const shut = ['v6.12', 'v7.3'].includes(kernel) ? 'device removal (0x20)' : null;
    expect(how(), 'nothing to commit').toEqual(['ok', shut]);
    touch(rig.made, writer, 'write');
    expect(how()).toEqual(['ok', shut ?? 'log I/O error (0x2)']);
  });

  test.each([
    ['ext4', ext4, { journal: 'aborted', fs_state: 'alive' }],
    ['xfs', xfs, { fs_state: 'shutdown', shutdown_reason: 'log I/O error (0x2)' }],
  ] as const)(
    '[TIMES2] a file without a name that is freed on a dead device is left to commit: %s',
    (_, on, then) => {
      const rig = on('v6.1');
      const { made, mount } = rig;
      const pid = addProcess(made);
      const names = ['/b', '/c'].map((path) => {
        const file = rig.file(path);
        const { id } = returned(made.run({ type: 'open_file', pid, file, flags: ['rdonly'] }));
        made.run({ type: 'unlink', file });
        return id;
      });
      removeDevice(made);
      expect([sync(rig), mountOf(made, mount)]).toMatchObject([
        'ok',
        { fs_state: 'alive', uncommitted: false },
      ]);
      for (const open_file of names) made.run({ type: 'close_file', open_file });
      expect(mountOf(made, mount).uncommitted).toBe(true);
      expect([sync(rig), mountOf(made, mount)]).toMatchObject(['ok', { ...then, uncommitted: false }]);
    },
  );

  test.each(KERNEL_NAMES.filter((kernel) => !kernel.startsWith('force')))(
    '[S2] never returns where a umount oopsed over any superblock: %s',
    (kernel) => {
      const rig = ext4(kernel);
      const { pid, mapping } = rig.mapper();
      // On v7.3 the exit of who maps it would oops first.
      rig.made.run({ type: 'open_file', pid, file: rig.file(), flags: ['rdonly'] });
      rig.made.run({ type: 'munmap', mapping });
      addDevice(rig.made, { name: 'pmem1' });
      const other = addMount(rig.made, { dax_device: 'pmem1', path: '/mnt/b' }).id;
      const writer = addMapper(rig.made, { file: addFile(rig.made, other, '/f'), touched: 'write' });
      removeDevice(rig.made);
      rig.made.run({ type: 'exit_process', pid });
      expect(rig.made.run({ type: 'umount', mount: rig.mount, lazy: false }).result).toBe('kernel_oops');
      const blocked_in = kernel === 'v6.12' || kernel === 'v7.3' ? 'super_lock' : 'iterate_supers';
      for (const mount of [rig.mount, other])
        expect(rig.made.run({ type: 'sync', mount })).toMatchObject({ result: 'blocked', blocked_in });
      expect(writable(rig, writer.mapping)).toBe(false);
    },
  );

  test('[S10] nor where the umount never returns: v7.3', () => {
    const rig = ext4('v7.3');
    const { pid } = rig.mapper();
    removeDevice(rig.made);
    rig.made.run({ type: 'bind', dax_device: DEVICE });
    rig.made.run({ type: 'exit_process', pid });
    expect(rig.made.run({ type: 'umount', mount: rig.mount, lazy: false }).result).toBe('blocked');
    expect(rig.made.run({ type: 'sync', mount: rig.mount }).result).toBe('blocked');
  });

  test('comes to a file system that no path leads to, too', () => {
    const rig = ext4('v6.12');
    const { mapping } = rig.mapper({ touched: 'write' });
    rig.made.run({ type: 'umount', mount: rig.mount, lazy: true });
    expect([sync(rig), writable(rig, mapping)]).toEqual(['ok', false]);
    expect(answered(rig.made, { type: 'sync', mount: 'm99' })).toBe('mount_not_found');
  });
});
