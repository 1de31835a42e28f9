import { expect, test } from 'vitest';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';
import { ext4, xfs, type Rig } from './rig.ts';
import { shutDown, withFrozen } from './states.ts';
import { addFile, addMount, addPin, addProcess, fileIo, found, MIB, PIPE, removeDevice } from './support.ts';

/** The refusal of an unlink, or null. */
function refused({ made }: Rig, file: string) {
  const decision = made.try({ type: 'unlink', file });
  return isRefusal(decision) ? decision : null;
}

const free = (rig: Rig, size: number) =>
  !isRefusal(rig.made.try({ type: 'create_file', mount: rig.mount, path: `/new-${String(size)}`, size }));

test.each(KERNEL_NAMES)(
  '[F3] a file that nobody maps goes, and its blocks are given out again: %s',
  (kernel) => {
    const rig = ext4(kernel);
    const first = rig.file('/a', 20 * MIB);
    const second = rig.file('/b', 30 * MIB);
    fileIo(rig.made, addProcess(rig.made), first, 'pwrite');
    const { extents } = found(rig.made.host.tables.files.get(first));
    expect(free(rig, 12 * MIB)).toBe(false);
    expect(refused(rig, first)).toBeNull();
    expect([rig.made.host.tables.files.has(first), rig.made.host.entries.has(first)]).toEqual([false, false]);
    expect(refused(rig, first)).toMatchObject({ code: 'file_not_found' });
    const again = addFile(rig.made, rig.mount, '/a', 20 * MIB);
    expect(found(rig.made.host.tables.files.get(again)).extents).toEqual(extents);
    expect(refused(rig, second)).toBeNull();
    expect(addFile(rig.made, rig.mount, '/b', 30 * MIB)).not.toBe(second);
  },
);

test('[F3] a gap is taken where it is large enough, small files fill what is left', () => {
  const rig = ext4('v6.12');
  const files = ['/a', '/b', '/c', '/d'].map((path) => rig.file(path, 14 * MIB));
  for (const file of [files[0], files[2]]) expect(refused(rig, found(file))).toBeNull();
  expect(free(rig, 20 * MIB)).toBe(false);
  expect([free(rig, 14 * MIB), free(rig, 10 * MIB), free(rig, 4 * MIB), free(rig, 2 * MIB)]).toEqual([
    ...[true, true, true, false],
  ]);
  const taken = [...rig.made.host.tables.files.values()].flatMap(({ extents }) => extents);
  const sorted = taken.sort((a, b) => a.pfn - b.pfn);
  for (const [at, extent] of sorted.slice(1).entries())
    expect(extent.pfn).toBeGreaterThanOrEqual(found(sorted[at]).pfn + found(sorted[at]).nr_pages);
});

test('[F5] while it is mapped or open, no name leads to it: it goes with its last user', () => {
  const rig = ext4('v6.1');
  const one = rig.mapper();
  const file = rig.file();
  const pid = addProcess(rig.made);
  rig.made.run({ type: 'open_file', pid, file, flags: ['rdonly'] });
  const state = () => rig.made.host.tables.files.get(file)?.state ?? 'gone';
  expect(refused(rig, file)).toBeNull();
  expect(state()).toBe('unlinked');
  expect(refused(rig, file)).toMatchObject({ errno: 'ENOENT' });
  const opened = rig.made.try({ type: 'open_file', pid, file, flags: ['rdonly'] });
  expect(opened).toMatchObject({ errno: 'ENOENT' });
  const shape = { offset: 0, length: 4096, flags: ['shared'], prot: 'r' } as const;
  expect(rig.made.try({ type: 'create_mapping', pid, file, ...shape })).toMatchObject({ errno: 'ENOENT' });
  const [open_file] = [...rig.made.host.tables.open_files.keys()];
  rig.made.run({ type: 'close_file', open_file: found(open_file) });
  expect(state()).toBe('unlinked');
  rig.made.run({ type: 'munmap', mapping: one.mapping });
  expect(state()).toBe('gone');
});

test('[F3] a pin that outlives its mapping holds pages of the file: not recorded', () => {
  const rig = ext4('v7.3');
  const mapper = rig.mapper();
  const pin = addPin(rig.made, mapper, PIPE);
  rig.made.run({ type: 'munmap', mapping: mapper.mapping });
  expect(refused(rig, rig.file())).toMatchObject({
    code: 'outcome_unknown',
    detail: expect.stringContaining(pin) as string,
  });
  expect(refused(rig, rig.file('/other'))).toBeNull();
  rig.made.run({ type: 'unpin', pin });
  expect(refused(rig, rig.file())).toBeNull();
});

test('[F3] a pin of another device is no matter', () => {
  const rig = ext4('v6.1');
  rig.made.run({ type: 'create_dax_device', name: 'dax9.0', mode: 'devdax', size: 4 * MIB });
  const pid = addProcess(rig.made);
  const how = { offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw' } as const;
  rig.made.run({ type: 'create_mapping', pid, dax_device: 'dax9.0', ...how });
  const [mapping] = [...rig.made.host.tables.mappings.keys()].slice(-1);
  addPin(rig.made, { pid, mapping: found(mapping) }, PIPE);
  expect(refused(rig, rig.file())).toBeNull();
});

test.each(KERNEL_NAMES)('[F4] EIO where the file system was shut down: %s', (kernel) => {
  const [made, command] = shutDown(kernel, (rig) => ({ type: 'unlink', file: rig.file() }));
  expect(made.try(command)).toMatchObject({ code: 'kernel_refused', errno: 'EIO' });
});

test('[F4] EROFS where ext4 of v5.10 went read-only, before that nothing tells', () => {
  const rig = ext4('v5.10');
  rig.mapper({ touched: 'write' });
  const other = rig.file('/b');
  removeDevice(rig.made);
  expect(refused(rig, other)).toMatchObject({ code: 'outcome_unknown' });
  rig.made.run({ type: 'commit_journal', mount: rig.mount });
  expect(refused(rig, other)).toMatchObject({ code: 'kernel_refused', errno: 'EROFS' });
});

test('[F4] xfs over a device that is gone: nothing tells until it is shut down', () => {
  const rig = xfs('v6.1' satisfies KernelName);
  const file = rig.file();
  removeDevice(rig.made);
  expect(refused(rig, file)).toMatchObject({ code: 'outcome_unknown' });
  rig.made.run({ type: 'shutdown_mount', mount: rig.mount });
  expect(refused(rig, file)).toMatchObject({ errno: 'EIO' });
});

test('[F3] a frozen file system blocks, one that is not mounted is a conflict', () => {
  const [frozen, command] = withFrozen('v7.3', (rig) => ({ type: 'unlink', file: rig.file() }));
  expect(frozen.try(command)).toMatchObject({ code: 'dax_device_busy' });
  const rig = ext4('v6.12');
  const file = rig.file();
  rig.made.run({ type: 'umount', mount: rig.mount, lazy: false });
  expect(refused(rig, file)).toMatchObject({ code: 'file_system_not_mounted' });
  addMount(rig.made, { mkfs: false });
  expect(refused(rig, file)).toBeNull();
});
