import { describe, expect, test } from 'vitest';
import type { CreateMount } from '../../src/engine/model/use_command.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';
import { OLD, SIGBUS, touch } from './observe.ts';
import {
  addDevice,
  addFile,
  addMapper,
  addMount,
  addProcess,
  DEVICE,
  emptyMachine,
  machine,
  MIB,
  mountOf,
  removeDevice,
  type Machine,
} from './support.ts';

const TELLING = ['v6.1', 'v6.12', 'v7.3'] as const;
const XFS = { fs_type: 'xfs', dax: 'always', mkfs: true } as const;

function pmem(kernel: KernelName): Machine {
  const made = machine(kernel);
  addDevice(made);
  return made;
}

/** An xfs of one allocation group on a partition, at a path named for it. */
function onPart(made: Machine, partition: number, more: Partial<CreateMount> = {}) {
  const rmapbt = more.fs_type !== 'ext4';
  const path = more.path ?? `/mnt/${String(partition)}`;
  return addMount(made, { ...XFS, ...(rmapbt ? { rmapbt, agcount: 1 } : {}), partition, ...more, path });
}

function codeOf(made: Machine, command: Parameters<Machine['try']>[0]): string {
  const answer = made.try(command);
  return isRefusal(answer) ? (answer.errno ?? answer.code) : 'ok';
}

const REMOVE = { type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' } as const;

describe.each(TELLING)('%s', (kernel) => {
  test.each(['always', 'inode', 'never'] as const)('[S22] an xfs with dax=%s is the holder', (dax) => {
    const made = pmem(kernel);
    const mount = addMount(made, { ...XFS, rmapbt: true, agcount: 1, dax });
    expect(mount.dax_holder).toBe(true);
    const told = removeDevice(made).steps.find(({ name }) => name === 'dax_holder_notify_failure');
    expect(told?.result).toMatchObject({ holder: mount.id });
    expect(mountOf(made, mount.id).shutdown_reason).toMatch(kernel === 'v6.1' ? /0x10/ : /0x4/);
  });

  test('[S22] ext4 is none, nor is an xfs on a device without struct pages', () => {
    const made = pmem(kernel);
    expect(addMount(made).dax_holder).toBe(false);
    addDevice(made, { name: 'pmem1', mode: 'raw' });
    expect(addMount(made, { ...XFS, dax_device: 'pmem1', path: '/raw', dax: 'never' }).dax_holder).toBe(
      false,
    );
  });

  test.each(['always', 'inode'] as const)(
    '[S25] a second xfs on another partition is mounted without DAX, which it asked for as %s',
    (dax) => {
      const made = pmem(kernel);
      const first = onPart(made, 2);
      const second = onPart(made, 1, { dax });
      expect([first.dax, first.dax_holder, second.dax, second.dax_holder]).toEqual([
        'always',
        true,
        'never',
        false,
      ]);
      const file = addFile(made, second.id, '/f', 4 * MIB, true);
      expect(made.host.tables.files.get(file)!.dax).toBe(false);
      const map = { pid: addProcess(made), file, offset: 0, length: 2 * MIB, prot: 'rw' } as const;
      expect(codeOf(made, { type: 'create_mapping', ...map, flags: ['shared', 'sync'] })).toBe('EOPNOTSUPP');
    },
  );

  test('[S25] reflink is looked at with DAX only: refused on the first, mounted on the second partition', () => {
    const made = pmem(kernel);
    const mount = { type: 'create_mount', dax_device: DEVICE, ...XFS, reflink: true } as const;
    expect(codeOf(made, { ...mount, path: '/mnt/1', partition: 1 })).toBe('EINVAL');
    onPart(made, 1);
    expect(codeOf(made, { ...mount, path: '/mnt/2', partition: 2 })).toBe('ok');
  });

  test('[S25] after the holder the next that is mounted holds; one that is there stays without DAX', () => {
    const made = pmem(kernel);
    const first = onPart(made, 1);
    const second = onPart(made, 2);
    made.run({ type: 'umount', mount: first.id, lazy: false });
    expect(mountOf(made, second.id)).toMatchObject({ dax: 'never', dax_holder: false });
    expect(onPart(made, 3)).toMatchObject({ dax: 'always', dax_holder: true });
    made.run({ type: 'umount', mount: second.id, lazy: false });
    expect(onPart(made, 2, { mkfs: false })).toMatchObject({ dax: 'never', dax_holder: false });
  });

  test('[S25] another mount of the holder is the holder', () => {
    const made = pmem(kernel);
    const { id } = addMount(made, { ...XFS, path: '/mnt/1' });
    const twin = addMount(made, { ...XFS, path: '/mnt/2', mkfs: false });
    made.run({ type: 'umount', mount: id, lazy: false });
    expect(mountOf(made, twin.id)).toMatchObject({ dax: 'always', dax_holder: true });
  });

  test.each([
    ['ext4', 'xfs'],
    ['xfs', 'ext4'],
    ['ext4', 'ext4'],
  ] as const)('[S25] %s and then %s on partitions have DAX both', (one, other) => {
    const made = pmem(kernel);
    const mounts = [one, other].map((fs_type, at) => onPart(made, at + 1, { fs_type }));
    expect(mounts.map(({ dax }) => dax)).toEqual(['always', 'always']);
  });
});

test('[S25] before there were holders two xfs have DAX on partitions of one device', () => {
  const made = pmem('v5.10');
  expect([onPart(made, 1).dax, onPart(made, 2).dax]).toEqual(['always', 'always']);
});

test('[S25] of a kernel that may know holders the second mount is undetermined, the first is not', () => {
  const made = emptyMachine('v6.1');
  made.run({ type: 'create_host', name: 'h', kernel_release: '5.14.0-570.el9.x86_64' });
  addDevice(made);
  expect(onPart(made, 1).dax_holder).toBe(true);
  const second = { type: 'create_mount', dax_device: DEVICE, path: '/mnt/2', ...XFS, partition: 2 } as const;
  expect(codeOf(made, second)).toBe('undetermined');
});

describe('[S26] two xfs with rmapbt, removed', () => {
  test('v5.10: both have DAX, neither is walked, and nothing shuts them down', () => {
    const made = pmem('v5.10');
    const both = [onPart(made, 1), onPart(made, 2)];
    const mappers = both.map(({ id }) => addMapper(made, { file: addFile(made, id, '/f') }));
    const { report, state } = removeDevice(made);
    expect([state, report.signals]).toEqual(['completed', []]);
    expect(both.map(({ id }) => mountOf(made, id).fs_state)).toEqual(['alive', 'alive']);
    expect(mappers.map((one) => touch(made, one, 'read'))).toEqual([OLD, OLD]);
  });

  test('v6.1: it is not known how far the walk of the holder goes (S27)', () => {
    const made = pmem('v6.1');
    for (const partition of [1, 2]) {
      const { id } = onPart(made, partition);
      addMapper(made, { file: addFile(made, id, '/f') });
    }
    expect(codeOf(made, REMOVE)).toBe('outcome_unknown');
  });

  test('v6.12: the walk is of the holder alone', () => {
    const made = pmem('v6.12');
    const [first, second] = [onPart(made, 2), onPart(made, 1)];
    const dax = addMapper(made, { file: addFile(made, first.id, '/f') });
    const cached = addMapper(made, { file: addFile(made, second.id, '/f') });
    const { report } = removeDevice(made);
    expect(report.file_systems.map(({ mount, dax_holder }) => [mount, dax_holder])).toEqual([
      [first.id, true],
      [second.id, false],
    ]);
    expect(report.signals.map(({ pid }) => pid)).toEqual([dax.pid]);
    expect([touch(made, cached, 'read'), touch(made, cached, 'write')]).toEqual(['ok', SIGBUS]);
    expect(
      [first, second].map(({ id }) => /0x\d+/.exec(mountOf(made, id).shutdown_reason ?? '')?.[0]),
    ).toEqual(['0x4', '0x20']);
    const log = report.kernel_log.join('\n');
    expect(log).toContain('XFS (pmem0p2): User initiated shutdown received.');
    expect(log).toContain('XFS (pmem0p1): Block device removal (0x20)');
  });

  test('v7.3, more groups than one: the walk of the first never comes to the second', () => {
    const made = pmem('v7.3');
    const [first, second] = [onPart(made, 1, { agcount: 4 }), onPart(made, 2)];
    addMapper(made, { file: addFile(made, first.id, '/f') });
    expect(removeDevice(made).state).toBe('stuck');
    expect([first, second].map(({ id }) => mountOf(made, id).fs_state)).toEqual(['frozen', 'alive']);
  });
});

describe('[S27] the removal under a holder with rmapbt on a partition', () => {
  const on = (kernel_release: string) => {
    const made = emptyMachine('v6.1');
    made.run({ type: 'create_host', name: 'h', kernel_release });
    addDevice(made);
    return made;
  };

  test.each(['6.1.112', '6.1.187', '6.7.0'])('%s: is refused, where the walk is too long', (release) => {
    const made = on(release);
    onPart(made, 1, { dax: 'never' });
    expect(codeOf(made, REMOVE)).toBe('outcome_unknown');
  });

  test.each(['6.8.0', '7.3.4', '5.10.223'])('%s: goes on where it is not', (release) => {
    const made = on(release);
    onPart(made, 2);
    expect(codeOf(made, REMOVE)).toBe('ok');
  });

  test('before the length was mended it oopses as that of a whole device', () => {
    const made = on('6.4.0');
    onPart(made, 2);
    expect(removeDevice(made)).toMatchObject({ state: 'stuck', verdict: 'unsafe' });
  });

  test('goes on where nothing is walked: without rmapbt, shut down before, unmounted first', () => {
    const plain = on('6.1.187');
    onPart(plain, 1, { rmapbt: false });
    expect(codeOf(plain, REMOVE)).toBe('ok');
    const shut = on('6.1.187');
    shut.run({ type: 'shutdown_mount', mount: onPart(shut, 1).id });
    expect(codeOf(shut, REMOVE)).toBe('ok');
    const orderly = on('6.1.187');
    onPart(orderly, 1);
    expect(codeOf(orderly, { ...REMOVE, trigger: 'orderly_removal' })).toBe('ok');
  });

  test('is not refused for a second xfs beside a holder without it', () => {
    const made = on('6.1.187');
    onPart(made, 1, { rmapbt: false });
    onPart(made, 2);
    expect(codeOf(made, REMOVE)).toBe('ok');
  });
});

test.each(KERNEL_NAMES)(
  '[S22] %s: with a new block device there is no holder until an xfs is mounted',
  (kernel) => {
    const made = pmem(kernel);
    addMount(made, { ...XFS, path: '/old' });
    removeDevice(made);
    made.run({ type: 'bind', dax_device: DEVICE });
    expect(addMount(made, { path: '/new', fs_type: 'ext4', partition: 1 }).dax_holder).toBe(false);
    expect(onPart(made, 2, { rmapbt: false }).dax_holder).toBe(true);
  },
);
