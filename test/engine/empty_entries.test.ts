import { describe, expect, test } from 'vitest';
import { runs } from '../../src/engine/model/mapping_table.ts';
import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';
import { shape } from './observe.ts';
import { ext4, mounted, rmapbt, type Rig } from './rig.ts';
import { access, DEVICE, fileIo, found, MIB, PAGE, removeDevice, type Mapper } from './support.ts';

const WHOLE = { length: 4 * MIB, touched: 'none' } as const;
const FIRST = { pages: 512 };
const SECOND = { page: 512, pages: 512 };

/** A private mapping that has stored to page 1 of a file of 4 MiB, and nothing else was touched. */
function copied(rig: Rig): Mapper {
  const cow = rig.mapper({ ...WHOLE, flags: ['private'] });
  access(rig.made, cow.mapping, 'write', { page: 1 });
  return cow;
}

/** i_pages of the file, run by run. */
function inPages({ made, file }: Rig): string[] {
  return [...runs(made.host.entries.get(file()) ?? [])].map(
    ({ index, nr_pages, level, kind }) => `${kind} ${level} ${String(index)}+${String(nr_pages)}`,
  );
}

/** Signals of a process, as `si_addr_lsb x count`. */
function heard(removal: ReturnType<typeof removeDevice>, { pid }: Mapper): string[] {
  return removal.report.signals
    .filter((row) => row.pid === pid)
    .map(({ si_addr_lsb, count }) => `${String(si_addr_lsb)} x${String(count)}`);
}

describe.each(KERNEL_NAMES)('%s: a store to a private page of which i_pages has nothing', (kernel) => {
  test('[S29] leaves an EMPTY entry: others get 4 KiB entries only in these 2 MiB', () => {
    const rig = ext4(kernel);
    copied(rig);
    expect(inPages(rig)).toEqual(['empty pte 1+1']);
    const other = rig.mapper({ ...WHOLE, touched: 'read' });
    expect(shape(rig.made, other)).toBe('512 pte 1 pmd');
    expect(inPages(rig)).toEqual(['dax pte 0+512', 'dax pmd 512+512']);
  });

  test('[S29] outlives munmap, exit and fsync, and goes with its inode', () => {
    const rig = ext4(kernel);
    const { made, mount, file } = rig;
    const cow = copied(rig);
    fileIo(made, cow.pid, file(), 'fsync');
    made.run({ type: 'munmap', mapping: cow.mapping });
    made.run({ type: 'exit_process', pid: cow.pid });
    expect(inPages(rig)).toEqual(['empty pte 1+1']);
    made.run({ type: 'umount', mount, lazy: false });
    expect(inPages(rig)).toEqual([]);
  });

  test('[EMPTY1] leaves an entry of 2 MiB as it is, whoever made it', () => {
    const rig = ext4(kernel);
    const cow = rig.mapper({ ...WHOLE, flags: ['private'] });
    access(rig.made, cow.mapping, 'read', SECOND);
    access(rig.made, cow.mapping, 'write', { page: 513 });
    expect(inPages(rig)).toEqual(['dax pmd 512+512']);
    const other = rig.mapper(WHOLE);
    access(rig.made, other.mapping, 'read', SECOND);
    expect(shape(rig.made, other)).toBe('1 pmd');
  });

  test('[EMPTY2] is harmless to evict once the device is gone', () => {
    const rig = ext4(kernel);
    const { made, mount } = rig;
    const cow = copied(rig);
    removeDevice(made);
    made.run({ type: 'exit_process', pid: cow.pid });
    const { answer } = made.try({ type: 'umount', mount, lazy: false }) as { answer: unknown };
    expect(answer).toMatchObject({ result: 'ok' });
  });

  test('[EMPTY2] memory_failure() of its page finds no entry', () => {
    const rig = ext4(kernel);
    copied(rig);
    const { errno } = rig.made.run({
      ...{ type: 'memory_failure', dax_device: DEVICE, file: rig.file(), offset: PAGE, length: PAGE },
      source: 'debugfs',
    }) as { errno: unknown };
    expect(errno).toBe('EBUSY');
  });
});

test.each(KERNEL_NAMES)('[EMPTY3] a fault that fails leaves one: %s', (kernel) => {
  const rig = mounted(kernel, { device: { clears_poison: true } });
  const { made, file } = rig;
  const broken = { dax_device: DEVICE, file: file(), offset: PAGE, length: PAGE } as const;
  made.run({ type: 'memory_failure', ...broken, source: 'inject_error' });
  const other = rig.mapper(WHOLE);
  expect(access(made, other.mapping, 'read', { page: 1 })).toMatchObject({ signal: 'SIGBUS' });
  expect(inPages(rig)).toEqual(['empty pte 1+1']);
  const { base_pfn } = found(made.host.tables.dax_devices.get(DEVICE));
  const { pfn } = found(found(made.host.tables.files.get(file())).extents[0]);
  made.run({ type: 'clear_errors', dax_device: DEVICE, offset: (pfn - base_pfn + 1) * PAGE, length: PAGE });
  access(made, other.mapping, 'read', FIRST);
  expect(inPages(rig)).toEqual(['dax pte 0+512']);
});

const WALKS = ['v6.12', 'v7.3'] as const satisfies readonly KernelName[];

test.each(WALKS)('[S29] the walk signals 4 KiB for 4 KiB, and drops the entry: %s', (kernel) => {
  const rig = rmapbt(kernel, 1);
  const cow = copied(rig);
  const other = rig.mapper({ ...WHOLE, touched: 'read' });
  const removal = removeDevice(rig.made);
  expect(heard(removal, other)).toEqual(['12 x512', '21 x1']);
  expect(heard(removal, cow)).toEqual(kernel === 'v7.3' ? ['12 x1'] : []);
  expect(inPages(rig)).toEqual([]);
});

test.each(WALKS)('[EMPTY2] the walk looks for nobody at an EMPTY entry: %s', (kernel) => {
  const rig = rmapbt(kernel, 1);
  const cow = copied(rig);
  const far = rig.mapper({ ...WHOLE, flags: ['private'] });
  access(rig.made, far.mapping, 'read', { page: 512 });
  expect(heard(removeDevice(rig.made), cow)).toEqual([]);
});

test('[S29] what is copied over an entry of 4 KiB is no reason for another one', () => {
  const rig = ext4('v6.12');
  const small = rig.mapper({ ...WHOLE, small: true });
  access(rig.made, small.mapping, 'read', FIRST);
  copied(rig);
  expect(inPages(rig)).toEqual(['dax pte 0+512']);
});
