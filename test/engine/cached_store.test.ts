import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { SIGBUS, touch } from './observe.ts';
import { cached, mounted, type Rig } from './rig.ts';
import { addFile, addMapper, fileIo, removeDevice } from './support.ts';

/** xfs without rmapbt, through the page cache. */
function cachedXfs(kernel: (typeof KERNEL_NAMES)[number]): Rig {
  return mounted(kernel, { mount: { fs_type: 'xfs', dax: 'never' } });
}

describe.each(KERNEL_NAMES)('%s: a shared mapping of cached pages', (kernel) => {
  test('[S23] a write-back protects them: the next store asks the file system, and has it written again', () => {
    const { made, mapper, mount } = cached(kernel);
    const writer = mapper({ touched: 'write' });
    const file = made.host.tables.mappings.get(writer.mapping)!.file!;
    const writable = () => made.host.entries.get(writer.mapping)!;
    const before = writable();
    expect(fileIo(made, writer.pid, file, 'fsync').result).toBe('ok');
    expect(writable()).not.toEqual(before);
    expect(touch(made, writer, 'write')).toBe('ok');
    expect(made.host.tables.mounts.get(mount)!.fs_state).toBe('alive');
  });

  test('[S23] ext4 does not ask whether it is shut down: read and store go on after the removal', () => {
    const { made, mapper } = cached(kernel, 'fsdax');
    const writer = mapper({ touched: 'write' });
    removeDevice(made);
    expect([touch(made, writer, 'read'), touch(made, writer, 'write')]).toEqual(['ok', 'ok']);
  });

  test('[S23] xfs asks: from v6.12 on the removal shuts it down, and a store fails', () => {
    const { made, mapper } = cachedXfs(kernel);
    const writer = mapper({ touched: 'write' });
    const own = mapper({ flags: ['private'] });
    removeDevice(made);
    const shuts = kernel === 'v6.12' || kernel === 'v7.3';
    expect([touch(made, writer, 'read'), touch(made, writer, 'write'), touch(made, own, 'write')]).toEqual([
      'ok',
      shuts ? SIGBUS : 'ok',
      'ok',
    ]);
  });
});

test('[S23] a file system that is shut down serves no first store to a page that another has cached', () => {
  const { made, mapper, mount } = cachedXfs('v6.12');
  mapper();
  const late = mapper({ touched: 'none' });
  made.run({ type: 'shutdown_mount', mount });
  expect([touch(made, late, 'read'), touch(made, late, 'write')]).toEqual(['ok', SIGBUS]);
});

test('[S23] and where it is unmapped as well', () => {
  const { made, mapper, mount } = cachedXfs('v6.12');
  mapper();
  const late = mapper({ touched: 'none' });
  made.run({ type: 'shutdown_mount', mount });
  expect(touch(made, late, 'write')).toBe(SIGBUS);
});

test('[S23] a frozen one lets the store wait', () => {
  const { made, mount } = mounted('v7.3', { mount: { fs_type: 'xfs', rmapbt: true, dax: 'inode' } });
  addMapper(made, { file: addFile(made, mount, '/dax', undefined, true) });
  const reader = addMapper(made, { file: addFile(made, mount, '/cached') });
  expect(removeDevice(made).state).toBe('stuck');
  expect([touch(made, reader, 'read'), touch(made, reader, 'write')]).toEqual(['ok', 'blocks']);
});
