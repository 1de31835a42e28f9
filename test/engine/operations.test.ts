import { describe, expect, test } from 'vitest';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { importing, refusedOf } from './importing.ts';
import { answered, fate, OLD, shape, SIGBUS, told, touch } from './observe.ts';
import { cached, DAX, devdax, ext4, mounted, rmapbt } from './rig.ts';
import {
  accessCommand,
  addDevice,
  addFile,
  addMapper,
  addMount,
  addPin,
  addProcess,
  DEVICE,
  fileIo,
  found,
  machine,
  mountOf,
  outcomeOf,
  PAGE,
  PIPE,
  processOf,
  removeDevice,
} from './support.ts';

const GIB = 2 ** 30;

describe('before a removal', () => {
  test('devdax of 1 GiB is mapped by PUD', () => {
    const { made, mapper } = devdax('v6.1', { size: GIB, align: GIB });
    expect(shape(made, mapper({ length: GIB }))).toBe('1 pud');
  });

  test('a cached page is shared by its mappers, and copied by a private store', () => {
    const { made, mapper } = cached('v6.1');
    const [first, second] = [mapper(), mapper()];
    const copier = mapper({ flags: ['private'], touched: 'none' });
    touch(made, copier, 'write');
    expect([first, second, copier].map((one) => shape(made, one))).toEqual(['512 pte', '512 pte', '1 anon']);
  });

  test('a process has the default disposition unless it or its parent says otherwise', () => {
    const made = machine('v6.1');
    made.run({ type: 'create_process', pid: 7, comm: 'a' });
    made.run({ type: 'create_process', pid: 8, comm: 'b', parent_pid: 7 });
    expect([7, 8].map((pid) => processOf(made, pid).sigbus)).toEqual(['default', 'default']);
  });

  test('what was stored through a mapping that is gone is still written back', () => {
    const { made, mapper, file } = ext4('v6.1');
    made.run({ type: 'munmap', mapping: mapper({ touched: 'write' }).mapping });
    expect(told(fileIo(made, addProcess(made), file(), 'fsync'))).toBe('ok');
  });

  test('a partition of a device can be mounted again beside the superblock of one that is gone', () => {
    const { made } = ext4('v6.1');
    removeDevice(made);
    made.run({ type: 'bind', dax_device: DEVICE });
    expect(addMount(made, { partition: 1, path: '/mnt/b' }).partition).toBe(1);
  });
});

test('[S35] write(2) from a page of a shut-down ext4 that is not mapped reads it', () => {
  const { made, mapper, mount } = ext4('v6.1');
  const one = mapper({ touched: 'none' });
  made.run({ type: 'shutdown_mount', mount });
  expect(touch(made, one, 'copy_out')).toBe('ok');
});

test.each([
  ['ext4', {}, 'write'],
  ['xfs', {}, 'write'],
  ['xfs', { flags: ['private'] }, 'read'],
] as const)('a shut-down %s whose device lives refuses a new page %j: %s', (fs_type, options, kind) => {
  const { made, mapper, mount } = mounted('v6.1', { mount: { fs_type } });
  const one = mapper({ touched: 'none', ...options });
  made.run({ type: 'shutdown_mount', mount });
  expect(touch(made, one, kind)).toBe(SIGBUS);
});

describe('a frozen file system', () => {
  test('blocks stores and pwrite; reads, pread and fsync of a clean file go on', () => {
    const { made, mapper, file } = rmapbt('v7.3', 0, 4);
    mapper();
    const [reader, writer, caller] = [mapper({}, '/b'), mapper({ touched: 'none' }, '/b'), addProcess(made)];
    expect(removeDevice(made).state).toBe('stuck');
    const id = file('/b');
    expect([
      told(fileIo(made, caller, id, 'pread')),
      told(fileIo(made, caller, id, 'fsync')),
      touch(made, reader, 'read'),
    ]).toEqual(['ok', 'ok', 'ok']);
    expect([fate(made, writer, 'write'), told(fileIo(made, caller, id, 'pwrite'))]).toEqual([
      'blocks; blocked',
      'blocks',
    ]);
    expect(processOf(made, caller).state).toBe('blocked');
  });
});

describe('after a removal', () => {
  test('pread of a page that is not cached answers EIO', () => {
    const { made, file } = cached('v6.1');
    const id = file();
    removeDevice(made);
    expect(told(fileIo(made, addProcess(made), id, 'pread'))).toBe('EIO');
  });

  test('io_uring registration of devdax that is unbound answers EFAULT', () => {
    const { made, mapper } = devdax('v6.12');
    const one = mapper();
    expect(touch(made, one, 'io_uring_register')).toBe('ok');
    removeDevice(made, { dax_device: DAX });
    expect(touch(made, one, 'io_uring_register')).toBe('EFAULT');
  });

  test('io_uring registration of a stale entry that stayed writable answers EOPNOTSUPP', () => {
    const { made, mapper, mount } = ext4('v5.10');
    const one = mapper({ touched: 'write' });
    made.run({ type: 'shutdown_mount', mount });
    removeDevice(made);
    expect(touch(made, one, 'io_uring_register')).toBe('EOPNOTSUPP');
  });

  test('gup of the posted code while the pgmap drains is not recorded', () => {
    const { made, mapper } = ext4('force-unmap-v5.10');
    const one = mapper();
    addPin(made, mapper(), PIPE);
    removeDevice(made);
    expect(answered(made, accessCommand(one.mapping, 'direct_io'))).toBe('outcome_unknown');
  });

  test('a livelocked task takes SIGKILL; the host stays oopsed if it was', () => {
    const { made, mapper } = ext4('v5.10');
    const [pmd, pte] = [mapper(), mapper({ small: true }, '/b')];
    removeDevice(made);
    touch(made, pmd, 'pagemap');
    expect(fate(made, pte, 'vmsplice')).toBe('spins; livelocked');
    expect(made.host.tables.hosts.get('h')?.health).toBe('oopsed');
    const outcome = outcomeOf(made.run({ type: 'exit_process', pid: pte.pid }));
    expect(outcome.end).toEqual({ killed_by: 'SIGKILL' });
  });

  test('a file of the generation before owns nothing of the new one', () => {
    const { made, mapper } = ext4('v6.1');
    const one = mapper();
    removeDevice(made);
    made.run({ type: 'bind', dax_device: DEVICE, tenant: 'b' });
    const { data_of } = outcomeOf(made.run(accessCommand(one.mapping, 'read')));
    expect(data_of).toEqual({ generation: 2, tenant: 'b', file: null });
  });

  test.each(['rdma', 'io_uring'] as const)(
    'a process with a transient %s pin that dies of SIGBUS is not guessed about',
    (holder) => {
      const { made, mapper } = devdax('v6.1');
      const one = mapper({ sigbus: 'default' });
      addPin(made, one, { kind: 'transient', holder });
      removeDevice(made, { dax_device: DAX });
      expect(answered(made, accessCommand(one.mapping, 'read'))).toBe('outcome_unknown');
    },
  );

  test('[IMP8] a listing that shows another mode under a removal is left out, and does not stop it', () => {
    const made = machine('v6.1');
    addDevice(made);
    made.run({ type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind', via: 'nd_pmem' });
    const listed = { name: DEVICE, mode: 'devdax', size: null, change: 'updated' } as const;
    expect(refusedOf(made, importing([listed]))).toEqual([`${DEVICE}: dax_device_in_use`]);
    const removal = found([...made.host.tables.removals.keys()][0]);
    expect(answered(made, { type: 'advance_removal', removal })).toBe('ok');
  });
});

describe('a process that stores throughout the removal', () => {
  test('with the default disposition dies at the sync', () => {
    const { made, mapper } = ext4('v6.1');
    const one = mapper({ touched: 'write', activity: 'storing', sigbus: 'default' });
    const { report } = removeDevice(made);
    expect(report.signals).toMatchObject([
      { pid: one.pid, si_code: 'BUS_ADRERR', delivery: 'on-access', killed: true },
    ]);
    expect(processOf(made, one.pid).state).toBe('dead');
  });

  test('oopses on a stale PTE of v7.3', () => {
    const { made, mapper } = ext4('v7.3');
    const one = mapper({ touched: 'write', activity: 'storing', small: true });
    removeDevice(made);
    expect(['oopsed', 'running']).toContain(processOf(made, one.pid).state);
    expect(made.host.tables.mappings.get(one.mapping)?.activity).toBe('idle');
  });

  test('stores no more once it spins in the kernel', () => {
    const { made, mapper } = ext4('v5.10');
    const one = mapper({ small: true });
    addDevice(made, { name: 'pmem1' });
    const other = addMount(made, { dax_device: 'pmem1', path: '/mnt/b' });
    const map = { offset: 0, length: PAGE, flags: ['shared'], prot: 'rw', activity: 'storing' } as const;
    made.run({
      type: 'create_mapping',
      pid: one.pid,
      file: addFile(made, other.id, '/b'),
      ...map,
      populate: 'write',
    });
    removeDevice(made);
    touch(made, one, 'vmsplice');
    expect(removeDevice(made, { dax_device: 'pmem1' }).report.signals).toEqual([]);
  });
});

/** No command makes ext4 err while its device lives: the record is put as the error leaves it. */
describe('[R156] ext4 with errors=remount-ro that had an error before', () => {
  test.each([
    ['v5.10', true, OLD],
    ['v6.1', false, SIGBUS],
  ] as const)('on %s', (kernel, read_only, outcome) => {
    const { made, mapper, mount } = mounted(kernel);
    const one = mapper({ touched: 'write' });
    made.host.tables.mounts.set(mount, { ...mountOf(made, mount), read_only, journal: 'aborted' });
    removeDevice(made);
    expect(touch(made, one, 'write')).toBe(outcome);
  });
});

test('a pin and a mapping of a block device reach no pfn', () => {
  const made = machine('v6.1');
  addDevice(made);
  const one = addMapper(made, { dax_device: DEVICE });
  addPin(made, one, PIPE);
  const decision = made.try({ type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' });
  expect(isRefusal(decision)).toBe(false);
  expect([...made.host.tables.pins.values()][0]?.pfn_ranges).toEqual([]);
});
