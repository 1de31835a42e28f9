import { describe, expect, test } from 'vitest';
import { answered, shape, SIGBUS, touch } from './observe.ts';
import { fill, offlineAll, ram, RECORDED } from './ram.ts';
import { cached, DAX, devdax, ext4, rmapbt } from './rig.ts';
import {
  accessCommand,
  addDevice,
  addFile,
  addMapper,
  addMount,
  addPin,
  addProcess,
  DEVICE,
  found,
  machine,
  MIB,
  pinCommand,
  PIPE,
  removeDevice,
} from './support.ts';

describe('corners that a random fleet meets only by chance', () => {
  test('a block device: a private store copies, a shared store stays, what another cached is found', () => {
    const made = machine('v6.1');
    addDevice(made);
    const [owner, copier, late] = [{}, { flags: ['private'] as const }, {}].map((more) =>
      addMapper(made, { dax_device: DEVICE, touched: 'none', ...more }),
    );
    touch(made, found(owner), 'write');
    touch(made, found(owner), 'write');
    touch(made, found(copier), 'write');
    removeDevice(made);
    expect([touch(made, found(late), 'read'), touch(made, found(late), 'read', { page: 1 })]).toEqual([
      'ok',
      SIGBUS,
    ]);
    expect(shape(made, found(copier))).toBe('1 anon');
  });

  test('a private store to a cached page copies it', () => {
    const { made, mapper } = cached('v6.1');
    const one = mapper({ flags: ['private'] });
    touch(made, one, 'write');
    expect(shape(made, one)).toBe('511 pte 1 anon');
  });

  test('a PTE run ends where a PMD fits again, a PMD run where it does not', () => {
    const { made, mapper, file } = ext4('v6.1');
    file('/a', 6 * MIB);
    const first = mapper({ length: 2 * MIB, offset: 2 * MIB, small: true, touched: 'read' });
    const whole = mapper({ length: 6 * MIB });
    expect([shape(made, first), shape(made, whole)]).toEqual(['512 pte', '512 pte 2 pmd']);
  });

  test('MAP_POPULATE of more than the memory holds is refused: what reclaim does is not modelled', () => {
    const { made } = ram('v6.12');
    const pid = addProcess(made);
    const base = {
      type: 'create_mapping',
      pid,
      dax_device: DAX,
      offset: 0,
      flags: ['private'],
      prot: 'rw',
    } as const;
    expect(answered(made, { ...base, length: 897 * MIB, populate: 'write' })).toBe('outcome_unknown');
    expect(answered(made, { ...base, length: 896 * MIB, populate: 'write' })).toBe('ok');
  });

  test('MAP_POPULATE for writing does not return on a frozen file system', () => {
    const { made, mapper, file } = rmapbt('v7.3', 0, 4);
    const { pid } = mapper();
    mapper({}, '/b');
    removeDevice(made);
    const base = {
      type: 'create_mapping',
      pid,
      file: file(),
      offset: 2 * MIB,
      length: 2 * MIB,
      prot: 'rw',
    } as const;
    expect(answered(made, { ...base, flags: ['shared'], populate: 'write' })).toBe('dax_device_busy');
  });

  test('[M69] a new device over the leaked range of one that is gone names its address', () => {
    const { made } = ram('v6.12');
    removeDevice(made, { dax_device: DAX });
    const devices = [{ name: DAX, mode: 'devdax', size: null, change: 'gone' }] as const;
    made.run({ type: 'import_inventory', imported: '', record: {}, devices });
    const next = { type: 'create_dax_device', ...RECORDED, name: 'dax1.0' } as const;
    expect(made.try(next)).toMatchObject({ code: 'kernel_refused', errno: 'EBUSY', pointer: '/phys_addr' });
  });

  test('[R165] memory that is gone serves no fault and no file call while its device is stuck alive', () => {
    const { made, mapper, file } = rmapbt('v7.3', 0, 4);
    const one = mapper({ touched: 'none' });
    mapper({}, '/b');
    expect(removeDevice(made, { trigger: 'surprise_removal' }).state).toBe('stuck');
    const call = { pid: one.pid, file: file(), offset: 0, length: 4096 } as const;
    expect([
      answered(made, accessCommand(one.mapping, 'read')),
      answered(made, { type: 'file_io', kind: 'pread', ...call }),
      shape(made, one),
    ]).toEqual(['outcome_unknown', 'outcome_unknown', 'none']);
  });

  test('a removal that has ended advances no further', () => {
    const { made } = ext4('v6.1');
    const { id } = removeDevice(made);
    expect(made.run({ type: 'advance_removal', removal: id })).toMatchObject({ state: 'completed' });
  });

  test('a pin of another device is no hazard of this one', () => {
    const { made } = ext4('v6.1');
    addDevice(made, { name: 'pmem1' });
    const other = addMount(made, { dax_device: 'pmem1', path: '/mnt/b' });
    addPin(made, addMapper(made, { file: addFile(made, other.id, '/b') }), PIPE);
    expect(removeDevice(made).hazards).toEqual([]);
  });

  test('memory that is gone is not read through a page that was never mapped', () => {
    const { made, mapper } = ext4('v6.1');
    const one = mapper({ touched: 'none' });
    removeDevice(made, { trigger: 'surprise_removal' });
    expect(touch(made, one, 'read')).toBe(SIGBUS);
  });

  test.each(['vmsplice', 'copy_out', 'madvise_hwpoison'] as const)(
    '%s, and a pin, of a page that nobody knows the place of are refused',
    (kind) => {
      const own = ram('v5.10');
      const one = fill(own, { flags: ['shared'], touched: 'none' });
      offlineAll(own.made);
      expect([
        answered(own.made, accessCommand(one.mapping, kind)),
        answered(own.made, pinCommand(one, PIPE)),
      ]).toEqual(['outcome_unknown', 'outcome_unknown']);
    },
  );

  test('io_uring registration of devdax, mprotect of a live entry', () => {
    const { made, mapper } = devdax('v5.10');
    const one = mapper();
    expect([touch(made, one, 'io_uring_register'), touch(made, one, 'mprotect')]).toEqual([
      'EOPNOTSUPP',
      'ok',
    ]);
  });

  test('populate faults everything in', () => {
    const { made, mapper } = devdax('v6.1');
    expect(shape(made, mapper({ touched: 'none', populate: 'write' }))).toBe('1 pmd');
    const pid = addProcess(made);
    const map = {
      type: 'create_mapping',
      dax_device: DAX,
      offset: 0,
      length: 2 * MIB,
      flags: ['shared'],
      prot: 'r',
    } as const;
    expect(answered(made, { ...map, pid, populate: 'read' })).toBe('ok');
  });

  test('munmap leaves pins of other mappings alone', () => {
    const { made, mapper } = ext4('v6.1');
    const [one, other] = [mapper(), mapper()];
    addPin(made, one, PIPE);
    made.run({ type: 'munmap', mapping: other.mapping });
    expect([...made.host.tables.pins.values()].map(({ mapping }) => mapping)).toEqual([one.mapping]);
  });
});
