import { describe, expect, test } from 'vitest';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { answered, atRest, table, told, touch } from './observe.ts';
import { ext4, rmapbt, xfs, type Rig } from './rig.ts';
import { accessCommand, addPin, addProcess, fileIo, mountOf, processOf, removeDevice } from './support.ts';

const ask = ({ made, mount }: Rig, type: 'freeze' | 'thaw') => answered(made, { type, mount });

const umount = ({ made, mount }: Rig) => answered(made, { type: 'umount', mount, lazy: false });
const mounts = ({ made }: Rig) => [...made.host.tables.mounts.values()].map(({ state }) => state).join();

const kernels = (cells: ReturnType<typeof table>) => Object.entries(cells) as [KernelName, string][];

const OF_EXT4 = table('old data / SIGBUS BUS_ADRERR / ENXIO / blocks / ok / running', {
  'v6.12': 'old data / SIGBUS BUS_ADRERR / EIO / blocks / ok / running',
  'v7.3': 'old data / SIGBUS BUS_ADRERR / EIO / blocks / ok / running',
});

describe('[S38] the removal of a device whose file system its user froze', () => {
  test.each(kernels(OF_EXT4))('ext4: it returns; a shared store waits for the thaw: %s', (kernel, cell) => {
    const rig = ext4(kernel);
    const { made } = rig;
    const reader = rig.mapper();
    const writer = rig.mapper({ touched: 'none' });
    ask(rig, 'freeze');
    expect(removeDevice(made).state).toBe('completed');
    const read = touch(made, reader, 'read');
    const untouched = touch(made, writer, 'read', { page: 9 });
    const pread = told(fileIo(made, addProcess(made), rig.file(), 'pread'));
    const store = touch(made, writer, 'write', { page: 9 });
    const thaw = ask(rig, 'thaw');
    const { state } = processOf(made, writer.pid);
    expect([read, untouched, pread, store, thaw, state].join(' / ')).toBe(cell);
  });

  test.each([
    ['shared', 'pmd', 'blocks', 'blocked'],
    ['shared', 'pte', 'oops do_wp_page', 'oopsed'],
    ['private', 'pmd', 'oops split_huge_pmd_locked', 'oopsed'],
  ] as const)('[S31] xfs, a %s store at a stale %s on v7.3: %s', (flag, level, cell, state) => {
    const rig = xfs('v7.3');
    const writer = rig.mapper({ flags: [flag], small: level === 'pte' });
    ask(rig, 'freeze');
    const { hazards } = removeDevice(rig.made);
    const oopses = hazards.filter(({ kind }) => kind === 'kernel_oops');
    expect(oopses.some(({ triggered_by }) => triggered_by.includes('store'))).toBe(state === 'oopsed');
    expect(touch(rig.made, writer, 'write')).toBe(cell);
    expect(processOf(rig.made, writer.pid).state).toBe(state);
  });

  test('io_uring, which faults pages in for writing first, would wait in its call: refused', () => {
    const rig = ext4('v5.10');
    const writer = rig.mapper();
    ask(rig, 'freeze');
    removeDevice(rig.made);
    const register = accessCommand(writer.mapping, 'io_uring_register');
    expect(answered(rig.made, register)).toBe('not_modelled');
  });

  test('a store that waits meets the dead device at the thaw', () => {
    const rig = ext4('v6.1');
    const { pid } = rig.mapper({ touched: 'none', sigbus: 'default' });
    ask(rig, 'freeze');
    const [mapping] = [...rig.made.host.tables.mappings.keys()];
    removeDevice(rig.made);
    expect(touch(rig.made, { pid, mapping: String(mapping) }, 'write')).toBe('blocks');
    ask(rig, 'thaw');
    expect(processOf(rig.made, pid)).toMatchObject({ state: 'dead', end: { killed_by: 'SIGBUS' } });
  });

  test('where the end of who dies of a store that waits is not known, the thaw is refused', () => {
    const rig = ext4('v6.12');
    const writer = rig.mapper({ sigbus: 'default' });
    addPin(rig.made, writer, { kind: 'transient', holder: 'rdma' });
    ask(rig, 'freeze');
    removeDevice(rig.made);
    expect(touch(rig.made, writer, 'write', { page: 9 })).toBe('blocks');
    expect([ask(rig, 'thaw'), mountOf(rig.made, rig.mount).frozen_by_user]).toEqual([
      'outcome_unknown',
      true,
    ]);
    expect(processOf(rig.made, writer.pid).state).toBe('blocked');
  });

  test('what becomes of a store that waits and of its pins is known, or the thaw is refused', () => {
    const rig = ext4('v6.12');
    const { pid } = rig.mapper({ touched: 'none' });
    ask(rig, 'freeze');
    expect(told(fileIo(rig.made, pid, rig.file(), 'pwrite'))).toBe('blocks');
    rig.made.run({ type: 'record_hotplug_event', action: 'surprise_removal', dax_device: 'pmem0' });
    const thawed = ask(rig, 'thaw');
    expect([thawed, mountOf(rig.made, rig.mount).frozen_by_user]).toEqual(['outcome_unknown', true]);
  });

  test.each(['v5.10', 'v6.1', 'v6.12', 'v7.3'] as const)(
    'xfs without rmapbt that is shut down stays frozen, its superblock behind its umount: %s',
    (kernel) => {
      const rig = xfs(kernel);
      rig.file();
      ask(rig, 'freeze');
      removeDevice(rig.made);
      const shut = mountOf(rig.made, rig.mount).fs_state === 'shutdown';
      expect(shut).toBe(kernel === 'v6.12' || kernel === 'v7.3');
      if (shut) expect(ask(rig, 'thaw')).toBe('EIO');
      expect([umount(rig), mounts(rig)]).toEqual(['ok', 'lazy']);
    },
  );

  const WALKED = { 'v6.1': 'true ok lazy', 'v6.12': 'false ok ', 'v7.3': 'false ok ' } as const;

  test.each(Object.entries(WALKED))('the walk of xfs with rmapbt ends both freezes: %s', (kernel, cell) => {
    const rig = rmapbt(kernel as KernelName);
    const { made } = rig;
    const early = rig.mapper({ mce_kill: 'early' });
    const waiting = rig.mapper({ touched: 'none' });
    ask(rig, 'freeze');
    expect(touch(made, waiting, 'write')).toBe('blocks');
    const removal = removeDevice(made);
    expect(atRest(removal, early.pid)).toContain('AO lsb 21 x1');
    const { frozen_by_user, fs_state } = mountOf(made, rig.mount);
    expect([fs_state, processOf(made, waiting.pid).state]).toEqual([
      ...['shutdown', frozen_by_user ? 'blocked' : 'running'],
    ]);
    expect(ask(rig, 'thaw')).toBe('EIO');
    made.run({ type: 'exit_process', pid: early.pid });
    if (!frozen_by_user) made.run({ type: 'exit_process', pid: waiting.pid });
    const left = frozen_by_user
      ? answered(made, { type: 'umount', mount: rig.mount, lazy: true })
      : umount(rig);
    expect(`${String(frozen_by_user)} ${left} ${mounts(rig)}`).toBe(cell);
  });
});
