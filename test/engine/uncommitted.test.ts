import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';
import { OLD, SIGBUS, told, touch } from './observe.ts';
import { ext4, mounted, xfs, type Rig } from './rig.ts';
import { addMount, addProcess, DEVICE, fileIo, mountOf, removeDevice, type Mapper } from './support.ts';

/** The removal itself shuts the file system down. */
const SHUT_BY_REMOVAL: readonly KernelName[] = ['v6.12', 'v7.3'];
/** An fsync comes to a commit of the journal. */
const COMMITS: readonly KernelName[] = ['v6.1'];
const FLUSH_IS_CHECKED: readonly KernelName[] = ['v6.1', 'v6.12', 'v7.3'];

interface Dead extends Rig {
  readonly writer: Mapper;
}

/** A file that was mapped and stored to, whose device is gone. */
function dead(rig: Rig, ...before: ('pread' | 'fsync')[]): Dead {
  const writer = rig.mapper({ touched: 'write' });
  for (const kind of before) fileIo(rig.made, writer.pid, rig.file(), kind);
  removeDevice(rig.made);
  return { ...rig, writer };
}

const io = ({ made, writer, file }: Dead, kind: 'pread' | 'pwrite' | 'fsync') =>
  told(fileIo(made, writer.pid, file(), kind));
const of = (rig: Dead, field: 'journal' | 'fs_state') => mountOf(rig.made, rig.mount)[field];
const fileOf = ({ made, file }: Rig) => made.host.tables.files.get(file())!;

/** What changes an inode although the device is gone. */
const CHANGES: readonly (readonly [string, (rig: Dead) => string])[] = [
  ['a store that fails', ({ made, writer }) => touch(made, writer, 'write')],
  ['a pwrite', (rig) => io(rig, 'pwrite')],
  ['a read of what was changed since its atime', (rig) => io(rig, 'pread')],
  ['an mmap of it', ({ mapper }) => mapper({ touched: 'none' }).mapping],
];

describe.each(KERNEL_NAMES)('%s', (kernel) => {
  const shut = SHUT_BY_REMOVAL.includes(kernel);

  test('[S36] ext4 with nothing to commit: fsync is EIO of the flush, and a store drops its entry', () => {
    const rig = dead(ext4(kernel));
    expect([io(rig, 'fsync'), touch(rig.made, rig.writer, 'msync')]).toEqual(['EIO', 'EIO']);
    expect(of(rig, 'journal')).toBe(shut ? 'aborted' : 'live');
    touch(rig.made, rig.writer, 'write');
    expect(touch(rig.made, rig.writer, 'read')).toBe(shut ? OLD : SIGBUS);
  });

  test.each(CHANGES.filter(() => !shut))('[S36] [TIMES1] ext4 after %s', (_, change) => {
    const rig = dead(ext4(kernel));
    change(rig);
    expect(fileOf(rig).uncommitted).toBe(true);
    expect([io(rig, 'fsync'), of(rig, 'journal')]).toEqual([
      'EIO',
      COMMITS.includes(kernel) ? 'aborted' : 'live',
    ]);
  });

  test('[S37] xfs with nothing to commit: the flush alone can fail, and shuts nothing down', () => {
    const rig = dead(xfs(kernel));
    const flush = FLUSH_IS_CHECKED.includes(kernel) ? 'EIO' : 'ok';
    expect([touch(rig.made, rig.writer, 'msync'), io(rig, 'fsync')]).toEqual([flush, flush]);
    expect(of(rig, 'fs_state')).toBe(shut ? 'shutdown' : 'alive');
  });

  test.each(CHANGES.filter(() => !shut))('[S37] [TIMES1] xfs after %s', (_, change) => {
    const rig = dead(xfs(kernel));
    change(rig);
    expect([io(rig, 'fsync'), of(rig, 'fs_state')]).toEqual(['EIO', 'shutdown']);
  });

  test('[S37] xfs: dirty cached pages fail before the log is asked; a btt has no cache to flush', () => {
    const rig = dead(
      mounted(kernel, { device: { mode: 'sector' }, mount: { fs_type: 'xfs', dax: 'never' } }),
    );
    touch(rig.made, rig.writer, 'write');
    if (shut) {
      expect(io(rig, 'fsync')).toBe('EIO');
      return;
    }
    expect([io(rig, 'fsync'), of(rig, 'fs_state')]).toEqual(['EIO', 'alive']);
    expect([io(rig, 'fsync'), of(rig, 'fs_state')], 'the new times').toEqual(['EIO', 'shutdown']);
    const clean = dead(
      mounted(kernel, { device: { mode: 'sector' }, mount: { fs_type: 'xfs', dax: 'never' } }),
    );
    expect([io(clean, 'fsync'), of(clean, 'fs_state')]).toEqual(['ok', 'alive']);
  });

  test('[TIMES1] a read changes no atime that is newer than the last change, nor where writers are held off', () => {
    const read = dead(ext4(kernel), 'fsync', 'pread');
    io(read, 'pread');
    expect([fileOf(read).atime_due, fileOf(read).uncommitted]).toEqual([false, false]);
    const frozen = ext4(kernel);
    frozen.file();
    frozen.made.run({ type: 'freeze', mount: frozen.mount });
    fileIo(frozen.made, addProcess(frozen.made), frozen.file(), 'pread');
    expect(fileOf(frozen).atime_due).toBe(true);
    const readonly = ext4(kernel);
    readonly.file();
    readonly.made.run({ type: 'remount', mount: readonly.mount, options: 'ro' });
    fileIo(readonly.made, addProcess(readonly.made), readonly.file(), 'pread');
    expect(fileOf(readonly).atime_due).toBe(true);
  });

  test('[TIMES1] unlink is a change', () => {
    const rig = ext4(kernel);
    rig.mapper();
    expect(fileOf(rig).atime_due).toBe(false);
    rig.made.run({ type: 'unlink', file: rig.file() });
    expect(fileOf(rig).atime_due).toBe(true);
  });
});

test('[TIMES1] a mount anew reads what was committed', () => {
  const rig = dead(ext4('v6.1'));
  touch(rig.made, rig.writer, 'write');
  rig.made.run({ type: 'exit_process', pid: rig.writer.pid });
  rig.made.run({ type: 'bind', dax_device: DEVICE });
  rig.made.run({ type: 'umount', mount: rig.mount, lazy: false });
  expect(fileOf(rig).uncommitted).toBe(true);
  addMount(rig.made, { mkfs: false });
  expect(fileOf(rig).uncommitted).toBe(false);
});
