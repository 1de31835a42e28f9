import { describe, expect, test } from 'vitest';
import { countPages } from '../../src/engine/model/pfn_range.ts';
import { runs } from '../../src/engine/model/mapping_table.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import type { RemovalRecord } from '../../src/engine/model/removal.ts';
import type { DaxOption, KernelName } from '../../src/engine/model/vocabulary.ts';
import { fate, SIGBUS, told, touch } from './observe.ts';
import { mounted, rigOn, rmapbt, type Rig } from './rig.ts';
import {
  addDevice,
  addFile,
  addMapper,
  addMount,
  addProcess,
  DEVICE,
  emptyMachine,
  fileIo,
  MIB,
  mountOf,
  removeDevice,
  type Machine,
} from './support.ts';

function xfsWith(kernel: KernelName, dax: DaxOption, agcount = 1, early_kill: 0 | 1 = 0): Rig {
  return mounted(kernel, { early_kill, mount: { fs_type: 'xfs', rmapbt: true, agcount, dax } });
}

function notified({ steps }: RemovalRecord): unknown {
  return steps.find(({ name }) => name === 'dax_holder_notify_failure')?.result;
}

/** What a file has in i_pages. */
function inPages({ host }: Machine, file: string): number {
  return countPages([...runs(host.entries.get(file) ?? [])].map((run) => [run.index, run.nr_pages] as const));
}

describe.each(['v6.12', 'v7.3'] as const)('%s: the walk before the removal', (kernel) => {
  test('[S23] drops what is cached, and nobody is signalled: the next access is SIGBUS', () => {
    const { made, mapper, file, mount } = xfsWith(kernel, 'never');
    const writer = mapper({ touched: 'write' });
    const own = mapper({ flags: ['private'], touched: 'cow' });
    const plain = mapper({ sigbus: 'default' });
    const removal = removeDevice(made);
    expect([removal.report.signals, notified(removal)]).toEqual([
      [],
      { holder: mount, files_dropped: 1, pages_dropped: 512 },
    ]);
    expect(inPages(made, file())).toBe(0);
    expect([touch(made, writer, 'read'), touch(made, writer, 'write'), touch(made, own, 'read')]).toEqual([
      SIGBUS,
      SIGBUS,
      'ok',
    ]);
    expect(touch(made, own, 'read', { page: 1 })).toBe(SIGBUS);
    expect(fate(made, plain, 'read')).toBe(`${SIGBUS}, dies; dead`);
    expect(told(fileIo(made, writer.pid, file(), 'pread'))).toBe('EIO');
  });

  test('[S3] drops the DAX entries of files as well', () => {
    const { made, mapper, file } = rmapbt(kernel);
    mapper({ touched: 'write' });
    const idle = file('/idle');
    mapper({ prot: 'r' }, '/idle');
    expect([inPages(made, file()), inPages(made, idle)]).toEqual([512, 512]);
    expect(notified(removeDevice(made))).toMatchObject({ files_dropped: 2, pages_dropped: 1024 });
    expect([inPages(made, file()), inPages(made, idle)]).toEqual([0, 0]);
  });

  test('[S24] goes on behind a file that is not DAX', () => {
    const { made, mount } = xfsWith(kernel, 'inode');
    addMapper(made, { file: addFile(made, mount, '/cached') });
    const dax = addMapper(made, { file: addFile(made, mount, '/dax', undefined, true) });
    const { report } = removeDevice(made);
    expect(report.signals.map(({ pid }) => pid)).toEqual([dax.pid]);
  });
});

describe('v7.3, more groups than one', () => {
  test('[S23] a walk of cached files alone ends', () => {
    const { made, mapper } = xfsWith('v7.3', 'never', 4);
    const one = mapper();
    expect(removeDevice(made).state).toBe('completed');
    expect(touch(made, one, 'read')).toBe(SIGBUS);
  });

  test('[S23] it drops those that lie before the DAX file that it does not come past', () => {
    const { made, mount } = xfsWith('v7.3', 'inode', 4);
    const files = ['/before', '/dax', '/behind'].map((path) =>
      addFile(made, mount, path, undefined, path === '/dax'),
    );
    const [before, , behind] = files.map((file) => addMapper(made, { file }));
    expect(removeDevice(made).state).toBe('stuck');
    expect(files.map((file) => inPages(made, file))).toEqual([0, 512, 512]);
    expect([touch(made, before!, 'read'), touch(made, behind!, 'read')]).toEqual(['ok', 'ok']);
  });
});

describe('v6.1', () => {
  test('[S23] nothing is dropped: reading goes on, a store meets the file system that is shut down', () => {
    const { made, mapper, file, mount } = xfsWith('v6.1', 'never');
    const writer = mapper({ touched: 'write' });
    const late = mapper({ touched: 'none' }, '/late');
    expect(notified(removeDevice(made))).toEqual({ holder: mount, errno: 'EBUSY', ended_at: file() });
    expect([touch(made, writer, 'read'), touch(made, writer, 'write')]).toEqual(['ok', SIGBUS]);
    expect(touch(made, late, 'read')).toBe(SIGBUS);
  });

  test.each([
    ['behind', ['/cached', '/dax'], 'old data', 0],
    ['before', ['/dax', '/cached'], SIGBUS, 1],
  ] as const)(
    '[S24] the walk ends at a file that is not DAX: a DAX file %s it',
    (_, paths, read, signals) => {
      const { made, mount } = xfsWith('v6.1', 'inode', 1, 1);
      const mappers = paths.map((path) =>
        addMapper(made, { file: addFile(made, mount, path, undefined, path === '/dax') }),
      );
      const removal = removeDevice(made);
      expect(removal.report.signals).toHaveLength(signals);
      expect(touch(made, mappers[paths.indexOf('/dax')]!, 'read')).toBe(read);
      expect(mountOf(made, mount).shutdown_reason).toMatch(/0x10/);
      expect(removal.hazards.some(({ kind }) => kind === 'stale_mapping')).toBe(read !== SIGBUS);
    },
  );

  test('[S24] a file that is only open ends it, too; one without blocks is not met', () => {
    const { made, mount } = xfsWith('v6.1', 'inode', 1, 1);
    const [empty, open] = [addFile(made, mount, '/empty', 0), addFile(made, mount, '/open')];
    const pid = addProcess(made);
    for (const file of [empty, open]) made.run({ type: 'open_file', pid, file, flags: ['rdonly'] });
    const dax = addMapper(made, { file: addFile(made, mount, '/dax', undefined, true) });
    expect(notified(removeDevice(made))).toMatchObject({ ended_at: open });
    expect(touch(made, dax, 'read')).toBe('old data');
  });

  test('[S24] a file that nobody has open and that has no pages is not in core', () => {
    const { made, mount } = xfsWith('v6.1', 'inode', 1, 1);
    addFile(made, mount, '/idle');
    const dax = addMapper(made, { file: addFile(made, mount, '/dax', undefined, true) });
    removeDevice(made);
    expect(touch(made, dax, 'read')).toBe(SIGBUS);
  });

  test('[S3] DAX entries stay, also where all were unmapped', () => {
    const { made, mapper, file } = rmapbt('v6.1', 1);
    const one = mapper();
    removeDevice(made);
    expect([touch(made, one, 'read'), inPages(made, file())]).toEqual([SIGBUS, 512]);
  });
});

test('[S24] a walk that ended is not behind the last group: nothing oopses, and it is shut down', () => {
  const made = emptyMachine('v6.1');
  made.run({ type: 'create_host', name: 'h', kernel_release: '6.4.0' });
  addDevice(made);
  const mount = addMount(made, { fs_type: 'xfs', rmapbt: true, dax: 'never' }).id;
  rigOn(made, mount).mapper();
  expect(removeDevice(made).state).toBe('completed');
  expect(mountOf(made, mount).shutdown_reason).toMatch(/0x10/);
});

describe('memory_failure() of a page of the holder', () => {
  const poison = (made: Machine, pfn: number): string => {
    const { base_pfn } = made.host.tables.dax_devices.get(DEVICE)!;
    const offset = (pfn - base_pfn) * 4096;
    const answer = made.try({ type: 'memory_failure', dax_device: DEVICE, source: 'mce', offset, length: 1 });
    return isRefusal(answer) ? answer.code : 'ok';
  };
  const pfnOf = (made: Machine, file: string) => made.host.tables.files.get(file)!.extents[0]!.pfn;

  test.each(['v6.1', 'v6.12', 'v7.3'] as const)('[S24] %s: that is cached', (kernel) => {
    const { made, mapper, file } = xfsWith(kernel, 'never');
    const idle = file('/idle');
    mapper();
    expect([poison(made, pfnOf(made, idle)), poison(made, pfnOf(made, file()))]).toEqual([
      'ok',
      'outcome_unknown',
    ]);
  });

  test('[S22] outside its partition', () => {
    const made = mounted('v6.12', { mount: { fs_type: 'xfs', rmapbt: true, partition: 2 } });
    const other = addMount(made.made, { path: '/b', partition: 1 });
    const [inside, outside] = [made.file(), addFile(made.made, other.id, '/f', 2 * MIB)];
    expect([inside, outside].map((file) => poison(made.made, pfnOf(made.made, file)))).toEqual([
      'ok',
      'outcome_unknown',
    ]);
  });
});
