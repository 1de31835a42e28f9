import { expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { DAX, devdax, ext4, xfs } from './rig.ts';
import { addProcess, found, MIB, removeDevice, returned } from './support.ts';

const HOW = { offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw' } as const;

/** A process with a descriptor of a file. */
function opened(kernel: Parameters<typeof ext4>[0], flags: 'rdonly' | 'wronly' | 'rdwr' = 'rdwr') {
  const rig = ext4(kernel);
  const pid = addProcess(rig.made);
  const file = rig.file();
  const open_file = returned(rig.made.run({ type: 'open_file', pid, file, flags: [flags] }));
  const umount = () => rig.made.try({ type: 'umount', mount: rig.mount, lazy: false });
  return { rig, pid, file, open_file: open_file.id, umount };
}

test.each(KERNEL_NAMES)('[OPEN1] a descriptor keeps a file system busy until it is closed: %s', (kernel) => {
  const { rig, open_file, umount } = opened(kernel);
  expect(umount()).toMatchObject({ errno: 'EBUSY' });
  rig.made.run({ type: 'close_file', open_file });
  expect(rig.made.try({ type: 'close_file', open_file })).toMatchObject({ code: 'open_file_not_found' });
  expect(umount()).toMatchObject({ answer: { result: 'ok' } });
});

test('[OPEN1] the exit of its process closes it, a fork has one of its own of the same description', () => {
  const { rig, pid, open_file, umount } = opened('v6.12');
  const child = rig.made.run({ type: 'create_process', comm: 'child', parent_pid: pid }).pid;
  const descriptions = [...rig.made.host.tables.open_files.values()].map(({ pid: of, description }) => [
    of,
    description,
  ]);
  expect(descriptions).toEqual([
    [pid, open_file],
    [child, open_file],
  ]);
  rig.made.run({ type: 'exit_process', pid });
  expect(umount()).toMatchObject({ errno: 'EBUSY' });
  rig.made.run({ type: 'exit_process', pid: child });
  expect(umount()).toMatchObject({ answer: { result: 'ok' } });
});

test('[OPEN1] a mapping made through a descriptor holds its description after the close', () => {
  const { rig, pid, open_file, umount } = opened('v7.3');
  const mapping = returned(rig.made.run({ type: 'create_mapping', pid, open_file, ...HOW }));
  const alone = returned(rig.made.run({ type: 'create_mapping', pid, file: rig.file(), ...HOW }));
  expect([mapping.description, alone.description]).toEqual([open_file, alone.id]);
  rig.made.run({ type: 'close_file', open_file });
  rig.made.run({ type: 'munmap', mapping: alone.id });
  expect(umount()).toMatchObject({ errno: 'EBUSY' });
  rig.made.run({ type: 'munmap', mapping: mapping.id });
  expect(umount()).toMatchObject({ answer: { result: 'ok' } });
});

test.each([
  ['rdonly', 'rw', 'shared', 'EACCES'],
  ['rdonly', 'rw', 'private', null],
  ['rdonly', 'r', 'shared', null],
  ['wronly', 'r', 'shared', 'EACCES'],
  ['rdwr', 'rw', 'shared', null],
] as const)('[OPEN2] mmap through a descriptor that is %s, prot %s, %s: %s', (mode, prot, flag, errno) => {
  const { rig, pid, open_file } = opened('v6.1', mode);
  const mapped = rig.made.try({ type: 'create_mapping', pid, open_file, ...HOW, flags: [flag], prot });
  if (errno === null) expect(mapped).toMatchObject({ answer: { description: open_file } });
  else expect(mapped).toMatchObject({ code: 'kernel_refused', errno });
});

test('[OPEN2] refused: what is no descriptor, one of another process, two targets', () => {
  const { rig, pid, open_file, file } = opened('v6.1');
  const tried = (fields: object) => rig.made.try({ type: 'create_mapping', pid, ...HOW, ...fields });
  expect(tried({ open_file: 'o99' })).toMatchObject({ code: 'open_file_not_found', pointer: '/open_file' });
  const other = addProcess(rig.made);
  expect(tried({ open_file, pid: other })).toMatchObject({ code: 'invalid_field', pointer: '/open_file' });
  expect(tried({ open_file, file })).toMatchObject({ code: 'invalid_field', pointer: '/file' });
  rig.made.run({ type: 'exit_process', pid });
  const late = rig.made.try({ type: 'open_file', pid, file, flags: ['rdwr'] });
  expect(late).toMatchObject({ code: 'process_ended' });
});

test.each(KERNEL_NAMES)('[OPEN3] open(2) of a file system that was shut down: EIO: %s', (kernel) => {
  for (const rig of [ext4(kernel), xfs(kernel)]) {
    const [pid, file] = [addProcess(rig.made), rig.file()];
    rig.made.run({ type: 'shutdown_mount', mount: rig.mount });
    const refused = rig.made.try({ type: 'open_file', pid, file, flags: ['rdonly'] });
    expect(refused).toMatchObject({ errno: 'EIO' });
  }
});

test('refused by open(2): no such file or process, a file system that is not mounted', () => {
  const { rig, pid, open_file } = opened('v6.12');
  const file = rig.file();
  const tried = (fields: object) => rig.made.try({ type: 'open_file', pid, flags: ['rdonly'], ...fields });
  expect(tried({ file: 'f99' })).toMatchObject({ code: 'file_not_found', pointer: '/file' });
  expect(tried({ dax_device: 'pmem9' })).toMatchObject({ code: 'dax_device_not_found' });
  expect(tried({ pid: 999999, file })).toMatchObject({ code: 'process_not_found', pointer: '/pid' });
  rig.made.run({ type: 'close_file', open_file });
  rig.made.run({ type: 'umount', mount: rig.mount, lazy: false });
  expect(tried({ file })).toMatchObject({ code: 'file_system_not_mounted', pointer: '/file' });
  expect(found(rig.made.host.tables.open_files.size)).toBe(0);
});

test('[OPEN3] of a node: ENOENT, ENXIO, and what has none', () => {
  const { made } = devdax('v6.12');
  const pid = addProcess(made);
  const tried = () => made.try({ type: 'open_file', pid, dax_device: DAX, flags: ['rdwr'] });
  expect(tried()).toMatchObject({ answer: { file: null, dax_device: DAX } });
  made.run({ type: 'close_file', open_file: found([...made.host.tables.open_files.keys()][0]) });
  removeDevice(made, { dax_device: DAX, via: 'device_dax' });
  expect(tried()).toMatchObject({ errno: 'ENXIO' });
  removeDevice(made, { dax_device: DAX, via: 'dax_pmem' });
  expect(tried()).toMatchObject({ errno: 'ENOENT' });
});
