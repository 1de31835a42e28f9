import { describe, expect, test } from 'vitest';
import { extentsOf } from '../../src/engine/model/extents.ts';
import { fileOf } from '../../src/engine/model/lookup.ts';
import { runs } from '../../src/engine/model/mapping_table.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';
import { answered, shape, SIGBUS, told, touch } from './observe.ts';
import { cached, ext4, mounted, rmapbt, xfs, type Rig } from './rig.ts';
import {
  accessCommand,
  access,
  addMapper,
  addPin,
  addProcess,
  DEVICE,
  fileIo,
  found,
  fork,
  MIB,
  mountOf,
  outcomeOf,
  PAGE,
  pinCommand,
  PIPE,
  removeDevice,
  type Mapper,
  type MapperOptions,
} from './support.ts';

const FIRST = { pages: 512 };
const SECOND = { page: 512, pages: 512 };
const HOLE_TOUCHED = 'ok';

/** A file of one hole of 4 MiB. */
function sparse(rig: Rig, size = 4 * MIB, path = '/hole'): string {
  return rig.made.run({ type: 'create_file', mount: rig.mount, path, size, sparse: true }).id;
}

/** A process that maps all of a file. */
function mapper(rig: Rig, file: string, options: MapperOptions = {}): Mapper {
  return addMapper(rig.made, { file, length: 4 * MIB, touched: 'none', ...options });
}

/** The entries of a mapping, or i_pages of a file: `kind level index+count`. */
function entries({ made }: Rig, id: string): string[] {
  return [...runs(made.host.entries.get(id) ?? [])].map(
    ({ index, nr_pages, level, kind }) => `${kind} ${level} ${String(index)}+${String(nr_pages)}`,
  );
}

/** The extents of a file: `offset+count`. */
function extents({ made }: Rig, file: string): string[] {
  return extentsOf(made.host, fileOf(made.host, file)).map(
    ({ offset, nr_pages }) => `${String(offset)}+${String(nr_pages)}`,
  );
}

/** Leaves a file system so many free pages behind its last file. */
function leave(rig: Rig, pages: number): void {
  const { start_pfn, nr_pages, next_free } = found([...rig.made.host.tables.file_systems.values()][0]);
  const start = Math.ceil((start_pfn + next_free) / 512) * 512 - start_pfn;
  rig.made.run({
    ...{ type: 'create_file', mount: rig.mount, path: '/rest' },
    size: (nr_pages - start - pages) * PAGE,
  });
}

function umount({ made, mount }: Rig): string {
  return told(outcomeOf(made.run({ type: 'umount', mount, lazy: false })));
}

const SHUTS_DOWN: Readonly<Record<'xfs' | 'rmapbt', readonly KernelName[]>> = {
  xfs: ['v6.12', 'v7.3'],
  rmapbt: ['v6.1', 'v6.12', 'v7.3'],
};
const RIGS = { ext4, xfs, rmapbt } as const;

describe.each(KERNEL_NAMES)('%s', (kernel) => {
  test.each(['ext4', 'xfs', 'rmapbt'] as const)('[S30] after the removal, %s', (fs) => {
    const rig = RIGS[fs](kernel, 1);
    const { made } = rig;
    const file = sparse(rig);
    const huge = mapper(rig, file);
    const small = mapper(rig, file, { small: true });
    access(made, huge.mapping, 'read', FIRST);
    access(made, small.mapping, 'read', { page: 600 });
    expect(entries(rig, file)).toEqual(['zero pmd 0+512', 'zero pte 600+1']);
    const removal = removeDevice(made);
    expect([removal.report.signals, removal.hazards, removal.verdict]).toEqual([[], [], 'contained']);
    const untouched = fs !== 'ext4' && SHUTS_DOWN[fs].includes(kernel) ? SIGBUS : HOLE_TOUCHED;
    expect(touch(made, huge, 'read')).toBe(HOLE_TOUCHED);
    expect(touch(made, small, 'read', { page: 600 })).toBe(HOLE_TOUCHED);
    expect(touch(made, huge, 'read', { page: 700 })).toBe(untouched);
    expect(touch(made, small, 'read', { page: 900 })).toBe(untouched);
    expect(touch(made, small, 'write', { page: 600 })).toBe(SIGBUS);
    expect(touch(made, huge, 'write', { page: 3 })).toBe(SIGBUS);
    expect(touch(made, huge, 'write', { page: 800 })).toBe(SIGBUS);
    for (const { pid } of [huge, small])
      expect(told(outcomeOf(made.run({ type: 'exit_process', pid })))).toBe('ok');
    expect(umount(rig)).toBe('ok');
    expect(made.host.tables.exposures.size).toBe(0);
  });

  test('[S30] a private store copies zeros, whether the device is there or not', () => {
    const rig = ext4(kernel);
    const file = sparse(rig);
    const own = mapper(rig, file, { flags: ['private'] });
    const other = mapper(rig, file);
    access(rig.made, other.mapping, 'read', FIRST);
    expect(touch(rig.made, own, 'write')).toBe('ok');
    removeDevice(rig.made);
    expect(touch(rig.made, own, 'write', { page: 5 })).toBe('ok');
    expect(shape(rig.made, own)).toBe('2 anon');
  });

  test('[HOLE1] reads make zero entries, of 2 MiB where those fit, of nobody', () => {
    const rig = ext4(kernel);
    const file = sparse(rig);
    const reader = mapper(rig, file);
    const outcome = access(rig.made, reader.mapping, 'read', { pages: 1024 });
    expect(outcome).toMatchObject({ data_of: null, stale: false, faults: { pte: 0, pmd: 2 } });
    expect(entries(rig, reader.mapping)).toEqual(['zero pmd 0+1024']);
    expect(extents(rig, file)).toEqual([]);
  });

  test('[HOLE2] a shared store has blocks allocated, and nobody maps zeros there any more', () => {
    const rig = ext4(kernel);
    const file = sparse(rig);
    const [reader, writer] = [mapper(rig, file), mapper(rig, file)];
    access(rig.made, reader.mapping, 'read', { pages: 1024 });
    access(rig.made, writer.mapping, 'read', FIRST);
    const stored = access(rig.made, writer.mapping, 'write');
    expect(stored).toMatchObject({ faults: { pte: 0, pmd: 1 }, data_of: { file } });
    expect(extents(rig, file)).toEqual(['0+512']);
    expect(entries(rig, reader.mapping)).toEqual(['zero pmd 512+512']);
    expect(entries(rig, file)).toEqual(['dax pmd 0+512', 'zero pmd 512+512']);
    expect(access(rig.made, reader.mapping, 'read')).toMatchObject({ data_of: { file } });
    access(rig.made, writer.mapping, 'write', SECOND);
    expect(extents(rig, file)).toEqual(['0+1024']);
  });

  test('[HOLE3] a fault of 4 KiB ends the huge zero entry for everybody', () => {
    const rig = ext4(kernel);
    const file = sparse(rig);
    const [huge, small] = [mapper(rig, file), mapper(rig, file, { small: true })];
    access(rig.made, huge.mapping, 'read', { pages: 1024 });
    access(rig.made, small.mapping, 'read', { page: 3 });
    expect(entries(rig, huge.mapping)).toEqual(['zero pmd 512+512']);
    expect(entries(rig, file)).toEqual(['zero pte 3+1', 'zero pmd 512+512']);
    access(rig.made, small.mapping, 'write', { page: 515, pages: 2 });
    expect(entries(rig, huge.mapping)).toEqual([]);
    expect([entries(rig, file), extents(rig, file)]).toEqual([['zero pte 3+1', 'dax pte 515+2'], ['515+2']]);
    access(rig.made, small.mapping, 'write', { page: 3 });
    expect(entries(rig, file)).toEqual(['dax pte 3+1', 'dax pte 515+2']);
    access(rig.made, huge.mapping, 'read', { pages: 1024 });
    expect(shape(rig.made, huge)).toBe('1024 pte');
  });

  test('[HOLE4] pread copies zeros, of a dead device too while the file system asks nobody', () => {
    const rig = ext4(kernel);
    const file = sparse(rig);
    const pid = addProcess(rig.made);
    expect(fileIo(rig.made, pid, file, 'pread')).toMatchObject({ result: 'ok', data_of: null });
    removeDevice(rig.made);
    const isShutDown = mountOf(rig.made, rig.mount).fs_state === 'shutdown';
    expect(told(fileIo(rig.made, pid, file, 'pread'))).toBe(isShutDown ? 'EIO' : 'ok');
    const write = answered(rig.made, {
      ...{ type: 'file_io', file, pid, kind: 'pwrite', offset: 0, length: PAGE },
    });
    expect(write).toBe(isShutDown ? 'ok' : 'outcome_unknown');
  });

  test('[HOLE4] pwrite has blocks allocated and takes the zeros out of every mapping', () => {
    const rig = ext4(kernel);
    const file = sparse(rig);
    const reader = mapper(rig, file);
    access(rig.made, reader.mapping, 'read', { pages: 1024 });
    const pid = addProcess(rig.made);
    expect(fileIo(rig.made, pid, file, 'pwrite', 7)).toMatchObject({ result: 'ok', data_of: { file } });
    expect([extents(rig, file), entries(rig, file), entries(rig, reader.mapping)]).toEqual([
      ['7+1'],
      ['zero pmd 512+512'],
      ['zero pmd 512+512'],
    ]);
    const over = { offset: 6 * PAGE, length: 3 * PAGE } as const;
    rig.made.run({ type: 'file_io', file, pid, kind: 'pwrite', ...over });
    expect(extents(rig, file).join()).toBe('6+1,7+1,8+1');
    const mixed = rig.made.run({ type: 'file_io', file, pid, kind: 'pread', ...over });
    expect(mixed).toMatchObject({ data_of: { file } });
    const from = rig.made.run({ type: 'file_io', file, pid, kind: 'pread', offset: 0, length: MIB });
    expect(from).toMatchObject({ result: 'ok', data_of: null });
    removeDevice(rig.made);
    const isShutDown = mountOf(rig.made, rig.mount).fs_state === 'shutdown';
    const dead = { type: 'file_io', file, pid, kind: 'pread', offset: 0, length: MIB } as const;
    expect(answered(rig.made, dead)).toBe(isShutDown ? 'ok' : 'outcome_unknown');
  });
});

test('[S30] the walk of an xfs with rmapbt comes to what was stored alone', () => {
  const rig = rmapbt('v6.12', 1);
  const file = sparse(rig);
  const writer = mapper(rig, file);
  const untouched = rig.mapper({ touched: 'none' }, '/untouched');
  access(rig.made, writer.mapping, 'read', { pages: 1024 });
  access(rig.made, writer.mapping, 'write', { page: 600 });
  const { report, steps } = removeDevice(rig.made);
  expect(steps.find(({ name }) => name === 'dax_holder_notify_failure')?.result).toMatchObject({
    ...{ files_dropped: 1, pages_dropped: 512 },
  });
  expect(touch(rig.made, untouched, 'read')).toBe(SIGBUS);
  expect(report.signals.map(({ si_addr_lsb, count }) => [si_addr_lsb, count])).toEqual([[21, 1]]);
  expect(entries(rig, writer.mapping)).toEqual(['zero pmd 0+512']);
  expect(entries(rig, file)).toEqual(['zero pmd 0+512']);
});

test('[S35] a hole of a file system that was shut down by ioctl: ext4 serves it, xfs does not', () => {
  for (const [rig, read] of [[ext4('v6.12'), 'ok'] as const, [xfs('v6.12'), SIGBUS] as const]) {
    const file = sparse(rig);
    const [reader, own] = [mapper(rig, file), mapper(rig, file, { flags: ['private'] })];
    rig.made.run({ type: 'shutdown_mount', mount: rig.mount });
    expect(touch(rig.made, reader, 'read')).toBe(read);
    expect(touch(rig.made, own, 'write', { page: 600 })).toBe(read);
    expect(touch(rig.made, reader, 'write', { page: 700 })).toBe(SIGBUS);
  }
});

test('[S38] a store over a hole of a frozen file system waits, mapped or not', () => {
  const rig = ext4('v6.12');
  const file = sparse(rig);
  const mappers = [mapper(rig, file), mapper(rig, file)];
  access(rig.made, found(mappers[0]).mapping, 'read');
  rig.made.run({ type: 'freeze', mount: rig.mount });
  expect(mappers.map((one) => touch(rig.made, one, 'write'))).toEqual(['blocks', 'blocks']);
  rig.made.run({ type: 'thaw', mount: rig.mount });
  expect(extents(rig, file)).toEqual(['0+512']);
});

test('[HOLE5] [EMPTY3] blocks come in one piece of 2 MiB where there is room, else as they are free', () => {
  const rig = ext4('v6.12');
  const file = sparse(rig);
  const writer = mapper(rig, file);
  leave(rig, 3);
  expect(touch(rig.made, writer, 'write', { pages: 2 })).toBe('ok');
  expect(shape(rig.made, writer)).toBe('2 pte');
  expect(touch(rig.made, writer, 'write', { page: 600, pages: 2 })).toBe(SIGBUS);
  expect(extents(rig, file)).toEqual(['0+2', '600+1']);
  expect(entries(rig, file)).toEqual(['dax pte 0+2', 'dax pte 600+1', 'empty pte 601+1']);
});

test('[HOLE5] what a deleted file left is given out again', () => {
  const rig = ext4('v6.12');
  const gone = rig.file('/gone', 2 * PAGE);
  const file = sparse(rig);
  leave(rig, 0);
  rig.made.run({ type: 'unlink', file: gone });
  const pid = addProcess(rig.made);
  const write = (length: number, offset = 0) =>
    ({ type: 'file_io', file, pid, kind: 'pwrite', offset, length }) as const;
  expect(answered(rig.made, write(513 * PAGE))).toBe('outcome_unknown');
  expect(told(outcomeOf(rig.made.run(write(512 * PAGE))))).toBe('ok');
  expect(told(outcomeOf(rig.made.run(write(PAGE, 3 * MIB))))).toBe('ENOSPC');
});

test('[HOLE6] gup of the zero page, and new blocks that cannot be read, are refused', () => {
  const rig = ext4('v7.3');
  const file = sparse(rig);
  const reader = mapper(rig, file);
  for (const kind of ['vmsplice', 'direct_io', 'process_vm_readv', 'ptrace'] as const)
    expect(
      rig.made.try({ type: 'access', mapping: reader.mapping, offset: 0, length: 1, kind }),
    ).toMatchObject({
      code: 'outcome_unknown',
    });
  expect(answered(rig.made, pinCommand(reader, PIPE))).toBe('outcome_unknown');
  access(rig.made, reader.mapping, 'write', SECOND);
  const pin = { ...pinCommand(reader, PIPE), offset: 2 * MIB };
  expect(answered(rig.made, pin as ReturnType<typeof pinCommand>)).toBe('ok');
  const hwpoison = { type: 'access', mapping: reader.mapping, offset: 0, length: 1 } as const;
  expect(answered(rig.made, { ...hwpoison, kind: 'madvise_hwpoison' })).toBe('not_modelled');
  expect(touch(rig.made, reader, 'smaps')).toBe('ok');
});

test('[HOLE6] memory_failure() of a hole is of no page of the device', () => {
  const rig = ext4('v6.12');
  const file = sparse(rig);
  const { made } = rig;
  access(made, mapper(rig, file, { small: true }).mapping, 'write', { page: 4 });
  const poison = (page: number, pages: number) =>
    made.try({
      ...{ type: 'memory_failure', dax_device: DEVICE, file, source: 'mce' },
      ...{ offset: page * PAGE, length: pages * PAGE },
    });
  expect(poison(3, 1)).toMatchObject({ code: 'invalid_field', pointer: '/offset' });
  expect(poison(4, 2)).toMatchObject({ code: 'invalid_field', pointer: '/length' });
  expect(isRefusal(poison(4, 1))).toBe(false);
});

test('[HOLE6] new blocks over what the medium cannot read are refused', () => {
  const rig = mounted('v6.12', { device: { clears_poison: true } });
  const file = sparse(rig);
  const { made } = rig;
  const whole = rig.file('/whole', 2 * MIB);
  made.run({
    ...{ type: 'memory_failure', dax_device: DEVICE, file: whole, source: 'inject_error' },
    ...{ offset: 0, length: 2 * MIB },
  });
  made.run({ type: 'unlink', file: whole });
  leave(rig, 0);
  const pid = addProcess(made);
  const store = { type: 'access', mapping: mapper(rig, file).mapping, offset: 0, length: 1 } as const;
  expect(answered(made, { ...store, kind: 'write' })).toBe('outcome_unknown');
  expect(answered(made, { type: 'file_io', file, pid, kind: 'pwrite', offset: 0, length: PAGE })).toBe(
    'outcome_unknown',
  );
});

test('[HOLE6] a file of holes in the page cache is not modelled', () => {
  const { made, mount } = cached('v6.12');
  expect(made.try({ type: 'create_file', mount, path: '/hole', size: MIB, sparse: true })).toMatchObject({
    code: 'not_modelled',
    pointer: '/sparse',
  });
});

test('[HOLE2] a child has the zero entries of a private mapping that has copied a page', () => {
  const rig = ext4('v6.12');
  const file = sparse(rig);
  const own = mapper(rig, file, { flags: ['private'] });
  access(rig.made, own.mapping, 'write');
  access(rig.made, own.mapping, 'read', FIRST);
  const child = fork(rig.made, own.pid);
  expect(shape(rig.made, child)).toBe('511 pte 1 anon');
  expect(addPin(rig.made, { ...own }, PIPE)).toMatch(/^p/);
  expect(touch(rig.made, child, 'write', { page: 9 })).toBe('ok');
});

test.each(['v5.10', 'v6.1'] as const)(
  '[S30] %s: what an xfs serves of a hole once a store failed',
  (kernel) => {
    const rig = xfs(kernel);
    const file = sparse(rig);
    const [storing, other, own] = [{}, {}, { flags: ['private'] } as const].map((how) =>
      mapper(rig, file, how),
    );
    access(rig.made, found(storing).mapping, 'read');
    removeDevice(rig.made);
    expect(touch(rig.made, found(other), 'read')).toBe('ok');
    expect(touch(rig.made, found(storing), 'write')).toBe(SIGBUS);
    expect(answered(rig.made, accessCommand(found(storing).mapping, 'read'))).toBe('outcome_unknown');
    expect(answered(rig.made, accessCommand(found(own).mapping, 'write'))).toBe('outcome_unknown');
    expect(touch(rig.made, found(storing), 'write')).toBe(SIGBUS);
    expect(touch(rig.made, found(other), 'read')).toBe('ok');
  },
);
