import { describe, expect, test } from 'vitest';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { opener } from './evicting.ts';
import { answered, OLD, told, touch } from './observe.ts';
import { ext4, mounted, xfs, type Rig } from './rig.ts';
import {
  access,
  addDevice,
  addFile,
  addMapper,
  addMount,
  addPin,
  addProcess,
  DEVICE,
  found,
  MIB,
  mountOf,
  outcomeOf,
  PIPE,
  processOf,
  removeDevice,
  settle,
  type Machine,
  type Mapper,
  type MapperOptions,
} from './support.ts';

const RCU = ['rcu'];

function stuckOf({ host }: Machine): readonly string[] {
  return found(host.tables.hosts.get('h')).stuck;
}

/** What a write to `bind` gets. */
function binds(made: Machine): string {
  const { bind } = made.run({ type: 'bind', dax_device: DEVICE });
  return bind.blocked_in ?? bind.result;
}

interface Stale extends Rig {
  readonly one: Mapper;
}

/** A mapping that outlived the removal of its device. */
function stale(level: 'pte' | 'pmd', rig: Rig = ext4('v7.3')): Stale {
  const one = rig.mapper({ touched: 'write', small: level === 'pte' });
  removeDevice(rig.made);
  return { ...rig, one };
}

type Act = (rig: Stale) => unknown;
const exits: Act = ({ made, one }) => made.run({ type: 'exit_process', pid: one.pid });
const unmaps: Act = ({ made, one }) => made.run({ type: 'munmap', mapping: one.mapping });
const by =
  (kind: Parameters<typeof access>[2]): Act =>
  ({ made, one }) =>
    access(made, one.mapping, kind);

/** By the operation: whether RCU is dead once it met a PTE, and once it met a PMD. */
const OPERATIONS: readonly [name: string, act: Act, pte: boolean, pmd: boolean][] = [
  ['exit', exits, true, false],
  ['munmap', unmaps, true, false],
  ['madvise_dontneed', by('madvise_dontneed'), true, false],
  ['mlock', by('mlock'), true, true],
  ['vmsplice', by('vmsplice'), true, false],
  ['direct_io', by('direct_io'), true, false],
  ['madvise_hwpoison', by('madvise_hwpoison'), true, false],
];

describe('[S31] which oops costs all grace periods on v7.3', () => {
  const cases = OPERATIONS.flatMap(([name, act, pte, pmd]) => [
    { name, act, level: 'pte' as const, dead: pte },
    { name, act, level: 'pmd' as const, dead: pmd },
  ]);

  test.each(cases)('$name at a $level: $dead', ({ act, level, dead }) => {
    const rig = stale(level);
    act(rig);
    expect(processOf(rig.made, rig.one.pid).state).toBe('oopsed');
    expect(stuckOf(rig.made)).toEqual(dead ? RCU : []);
    expect(binds(rig.made)).toBe(dead ? 'synchronize_rcu_normal' : 'ok');
  });

  test.each([
    [true, 'oops __zap_vma_range', RCU],
    [false, 'oops vm_normal_folio_pmd', []],
  ] as const)('[ST2] an exit comes to the newest mapping first, by PTE: %s', (small, outcome, stuck) => {
    const { made, file, mapper } = ext4('v7.3');
    const { pid } = mapper({ small: !small });
    const shape = { offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw' } as const;
    const size = small ? { page_size: 4096 as const } : {};
    made.run({ type: 'create_mapping', pid, file: file('/b'), ...shape, ...size });
    access(made, [...made.host.tables.mappings.keys()].at(-1)!, 'read');
    removeDevice(made);
    expect(told(outcomeOf(made.run({ type: 'exit_process', pid })))).toBe(outcome);
    expect(stuckOf(made)).toEqual(stuck);
  });

  test.each([
    ['pte', ['Voluntary context switch within RCU read-side critical section!']],
    ['pmd', []],
  ] as const)('the kernel logs it of an exit at a %s', (level, log) => {
    const { made, one } = stale(level);
    expect(outcomeOf(made.run({ type: 'exit_process', pid: one.pid })).kernel_log).toEqual(log);
  });

  test('a death by signal is an exit', () => {
    const rig = ext4('v7.3');
    const one = rig.mapper({ small: true, sigbus: 'default', touched: 'none' });
    access(rig.made, one.mapping, 'write');
    removeDevice(rig.made);
    access(rig.made, one.mapping, 'read', { page: 300 });
    expect(stuckOf(rig.made)).toEqual(RCU);
  });

  test.each([
    ['ext4', ext4, 'SIGBUS BUS_ADRERR'],
    ['xfs', xfs, 'oops split_huge_pmd_locked'],
  ] as const)('a store at a PMD of an %s does not', (_, made, outcome) => {
    const rig = stale('pmd', made('v7.3'));
    expect(touch(rig.made, rig.one, 'write')).toBe(outcome);
    expect(stuckOf(rig.made)).toEqual([]);
    expect(binds(rig.made)).toBe('ok');
  });

  test.each([
    ['ext4', ext4],
    ['xfs', xfs],
  ] as const)('a store at a PTE of an %s does', (_, made) => {
    const rig = stale('pte', made('v7.3'));
    expect(touch(rig.made, rig.one, 'write')).toBe('oops do_wp_page');
    expect(binds(rig.made)).toBe('synchronize_rcu_normal');
  });

  test.each(['smaps', 'pagemap', 'numa_maps', 'ptrace', 'process_vm_readv'] as const)(
    'not %s of another process, which ends without an entry of its own',
    (kind) => {
      const rig = stale('pte');
      const by_pid = addProcess(rig.made);
      rig.made.run({ type: 'access', mapping: rig.one.mapping, offset: 0, length: 1, kind, by_pid });
      expect(processOf(rig.made, by_pid).state).toBe('dead');
      expect(stuckOf(rig.made)).toEqual([]);
    },
  );

  const KERNELS: readonly KernelName[] = ['v5.10', 'v6.1', 'v6.12'];
  test.each(KERNELS)('none on %s', (kernel) => {
    for (const [, act] of OPERATIONS) {
      const rig = stale('pmd', ext4(kernel));
      act(rig);
      expect(stuckOf(rig.made)).toEqual([]);
    }
  });
});

describe('[S32] once no grace period ends', () => {
  test('a removal of another device hangs, and what is there is used as before', () => {
    const unmapped = ext4('v7.3');
    const other = unmapped.mapper({ small: true });
    const rig = stale('pte', unmapped);
    exits(rig);
    addDevice(rig.made, { name: 'pmem1' });
    rig.made.run({ type: 'remove_dax_device', dax_device: 'pmem1', trigger: 'unbind' });
    const { state, steps } = settle(rig.made);
    expect(state).toBe('stuck');
    const hangs = steps.find((step) => step.state === 'running');
    expect(hangs).toMatchObject({
      name: 'del_gendisk',
      result: { hangs_in: 'synchronize_rcu_expedited' },
    });
    expect(touch(rig.made, other, 'read')).toBe(OLD);
  });

  test.each([false, true])('umount of another device is blocked, its mount point gone, lazy: %s', (lazy) => {
    const { made, mapper } = ext4('v7.3');
    addDevice(made, { name: 'pmem1' });
    const mount = addMount(made, { dax_device: 'pmem1', path: '/mnt/b' }).id;
    const { pid } = mapper({ small: true });
    removeDevice(made);
    made.run({ type: 'exit_process', pid });
    expect(outcomeOf(made.run({ type: 'umount', mount, lazy }))).toMatchObject({
      result: 'blocked',
      blocked_in: 'synchronize_rcu_expedited',
    });
    expect(mountOf(made, mount).state).toBe('lazy');
    expect(answered(made, { type: 'umount', mount, lazy })).toBe('EINVAL');
    expect(addMount(made, { dax_device: 'pmem1', path: '/mnt/c', mkfs: false }).state).toBe('mounted');
  });

  test('what was detached before is torn down by its last user: its umount had returned', () => {
    const rig = ext4('v7.3');
    const { pid } = opener(rig);
    rig.made.run({ type: 'umount', mount: rig.mount, lazy: true });
    addDevice(rig.made, { name: 'pmem1' });
    const file = addFile(rig.made, addMount(rig.made, { dax_device: 'pmem1', path: '/mnt/b' }).id, '/f');
    const other = addMapper(rig.made, { file, touched: 'write', small: true });
    for (const dax_device of ['pmem0', 'pmem1']) removeDevice(rig.made, { dax_device });
    rig.made.run({ type: 'exit_process', pid: other.pid });
    expect(stuckOf(rig.made)).toEqual(RCU);
    expect(told(outcomeOf(rig.made.run({ type: 'exit_process', pid })))).toBe(
      'oops dax_layout_busy_page_range',
    );
    expect(mountOf(rig.made, rig.mount).state).toBe('shutting_down');
  });

  test.each([false, true])('what is detached now stays when its last user ends, in use: %s', (used) => {
    const { made, mapper } = ext4('v7.3');
    addDevice(made, { name: 'pmem1' });
    const mount = addMount(made, { dax_device: 'pmem1', path: '/mnt/b' }).id;
    const user = used ? addMapper(made, { file: addFile(made, mount, '/f') }) : null;
    const { pid } = mapper({ small: true });
    removeDevice(made);
    made.run({ type: 'exit_process', pid });
    made.run({ type: 'umount', mount, lazy: true });
    if (user !== null) made.run({ type: 'exit_process', pid: user.pid });
    expect(mountOf(made, mount)).toMatchObject({ state: 'lazy', umount_blocked: true });
  });

  test('umount of what the dead task uses is EBUSY as before, and lazily blocked', () => {
    const rig = stale('pte');
    exits(rig);
    const umount = { type: 'umount', mount: rig.mount } as const;
    expect(answered(rig.made, { ...umount, lazy: false })).toBe('EBUSY');
    expect(told(outcomeOf(rig.made.run({ ...umount, lazy: true })))).toBe('blocks');
  });

  test('an unbind waits behind a bind that never returns, and a second oops adds nothing', () => {
    const unmapped = ext4('v7.3');
    const other = unmapped.mapper({ small: true });
    const rig = stale('pte', unmapped);
    exits(rig);
    rig.made.run({ type: 'exit_process', pid: other.pid });
    expect(stuckOf(rig.made)).toEqual(RCU);
    const unbind = { type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' } as const;
    expect(answered(rig.made, unbind)).toBe('ENODEV');
    expect(binds(rig.made)).toBe('synchronize_rcu_normal');
    expect(rig.made.run(unbind)).toMatchObject({ state: 'waiting', behind: 'bind' });
  });

  test('a reboot ends it', () => {
    const rig = stale('pte');
    exits(rig);
    rig.made.run({ type: 'reboot' });
    expect(stuckOf(rig.made)).toEqual([]);
    expect(removeDevice(rig.made).state).toBe('completed');
  });
});

describe('[S51] the release of a pin that outlived its struct pages', () => {
  test('costs its task alone: the device binds again', () => {
    const rig = ext4('v7.3');
    const one = rig.mapper({ touched: 'write' });
    const pin = addPin(rig.made, one, PIPE);
    removeDevice(rig.made);
    rig.made.run({ type: 'unpin', pin });
    expect(stuckOf(rig.made)).toEqual([]);
    expect(binds(rig.made)).toBe('ok');
  });
});

/** Where the second of two entries of 2 MiB of one task lies that the exit of the task comes to. */
describe('[S50] a task that exits with the lock of a table of PMDs', () => {
  const stored = (touched: number, more: MapperOptions = {}) => {
    const { made, file } = xfs('v7.3');
    const one = addMapper(made, { file: file('/a', 8 * MIB), length: 8 * MIB, touched: 'none', ...more });
    access(made, one.mapping, more.flags === undefined ? 'write' : 'read', { pages: touched * 512 });
    return { made, file, one };
  };
  const ends = (made: Machine, one: Mapper) => {
    removeDevice(made);
    expect(touch(made, one, 'write')).toBe('oops split_huge_pmd_locked');
    return binds(made);
  };

  test.each([
    [1, 'ok'],
    [2, 'synchronize_rcu_normal'],
  ])('with %i entries of one mapping: %s', (touched, outcome) => {
    const { made, one } = stored(touched);
    expect(ends(made, one)).toBe(outcome);
  });

  test('a private store is one, too', () => {
    const { made, one } = stored(2, { flags: ['private'] });
    expect(ends(made, one)).toBe('synchronize_rcu_normal');
  });

  test('the entry may be of a mapping beside it, which need not be stale', () => {
    const { made, one } = stored(1);
    addDevice(made, { name: 'dax0.0', mode: 'devdax' });
    const length = 2 * MIB;
    made.run({
      type: 'create_mapping',
      pid: one.pid,
      dax_device: 'dax0.0',
      offset: 0,
      length,
      flags: ['shared'],
      prot: 'rw',
    });
    const beside = [...made.host.tables.mappings.keys()].at(-1)!;
    access(made, beside, 'write');
    expect(ends(made, one)).toBe('synchronize_rcu_normal');
  });

  test('one that comes to a stale PTE first dies of it', () => {
    const { made, one, file } = stored(1);
    const shape = { offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw', page_size: 4096 } as const;
    made.run({ type: 'create_mapping', pid: one.pid, file: file('/b'), ...shape });
    access(made, [...made.host.tables.mappings.keys()].at(-1)!, 'read');
    expect(ends(made, one)).toBe('synchronize_rcu_normal');
  });

  test.each([
    [0, [0, 512], 'synchronize_rcu_normal'],
    [0, [0, 262144 - 512], 'synchronize_rcu_normal'],
    [0, [0, 262144], 'ok'],
    [0, [262144 + 512, 0, 512], 'ok'],
    [0, [262144 + 512, 262144], 'synchronize_rcu_normal'],
    [2 ** 29, [0, 131072 - 512], 'synchronize_rcu_normal'],
    [2 ** 29, [0, 131072], 'ok'],
  ])(
    'in a mapping from %i on with entries at pages %j, the first stored to: %s',
    (offset, pages, outcome) => {
      const { made, file } = mounted('v7.3', { device: { size: 2 ** 32 }, mount: { fs_type: 'xfs' } });
      const one = addMapper(made, {
        file: file('/a', 2 ** 31),
        offset,
        length: 2 ** 30 + 2 ** 29,
        touched: 'none',
      });
      for (const page of pages) access(made, one.mapping, 'write', { page });
      removeDevice(made);
      expect(touch(made, one, 'write', { page: pages[0]! })).toBe('oops split_huge_pmd_locked');
      expect(binds(made)).toBe(outcome);
    },
  );

  const unmapping: readonly [about: string, touched: number, second: boolean, outcome: string][] = [
    ['the mapping that it unmaps is out of the way', 2, false, 'ok'],
    ['another is not', 1, true, 'synchronize_rcu_normal'],
  ];
  test.each(unmapping)('munmap: %s', (_, touched, second, outcome) => {
    const { made, one, file } = stored(touched);
    if (second) {
      const shape = { offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw' } as const;
      made.run({ type: 'create_mapping', pid: one.pid, file: file('/b'), ...shape });
      access(made, [...made.host.tables.mappings.keys()].at(-1)!, 'read');
    }
    removeDevice(made);
    made.run({ type: 'munmap', mapping: one.mapping });
    expect(processOf(made, one.pid).state).toBe('oopsed');
    expect(binds(made)).toBe(outcome);
  });
});
