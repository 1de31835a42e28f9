import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { answered, shape, SIGBUS, touch } from './observe.ts';
import { cached, ext4, mounted, xfs, type Rig } from './rig.ts';
import { addProcess, DEVICE, found, mappingOf, MIB, removeDevice, type Mapper } from './support.ts';

/** The first page behind the 4 MiB of the file. */
const BEHIND = { page: 1024 };
const LAST = { page: 1023 };

/** 8 MiB of a file of 4 MiB. */
const long = (rig: Rig, flags: readonly ('shared' | 'private')[] = ['shared']): Mapper =>
  rig.mapper({ length: 8 * MIB, flags, touched: 'none' });

describe.each(KERNEL_NAMES)('[A14] %s', (kernel) => {
  test.each([
    ['ext4', ext4],
    ['xfs', xfs],
    ['the page cache', cached],
  ] as const)('a file of %s is mapped beyond its end, and SIGBUS lies there', (_, make) => {
    for (const flags of [['shared'], ['private']] as const) {
      const rig = make(kernel);
      const one = long(rig, flags);
      expect([touch(rig.made, one, 'read', BEHIND), touch(rig.made, one, 'write', BEHIND)]).toEqual([
        SIGBUS,
        SIGBUS,
      ]);
      expect([touch(rig.made, one, 'write', LAST), touch(rig.made, one, 'read', LAST)]).toEqual(['ok', 'ok']);
      removeDevice(rig.made);
      expect([touch(rig.made, one, 'read', BEHIND), touch(rig.made, one, 'write', BEHIND)]).toEqual([
        SIGBUS,
        SIGBUS,
      ]);
    }
  });

  test('MAP_POPULATE comes to the end; a copy of an inode that ends within 2 MiB stays within it', () => {
    const rig = ext4(kernel);
    const populated = rig.mapper({ length: 8 * MIB, populate: 'write', touched: 'none' });
    expect(shape(rig.made, populated)).toBe('2 pmd');
    const copied = rig.mapper(
      { length: 8 * MIB, flags: ['private'], populate: 'write', touched: 'none' },
      '/b',
    );
    expect(mappingOf(rig.made, copied.mapping).present).toMatchObject({ pmd: 0, anon: 1024 });
  });

  test('a block device, too', () => {
    const { made } = mounted(kernel);
    const pid = addProcess(made);
    const map = {
      type: 'create_mapping',
      pid,
      dax_device: DEVICE,
      offset: 0,
      prot: 'rw',
      flags: ['shared'],
    } as const;
    const size = found(made.host.tables.dax_devices.get(DEVICE)).size;
    made.run({ ...map, length: size + MIB });
    const one: Mapper = { pid, mapping: found([...made.host.tables.mappings.keys()].at(-1)) };
    expect([
      touch(made, one, 'read', { page: size / 4096 }),
      touch(made, one, 'read', { page: size / 4096 - 1 }),
    ]).toEqual([SIGBUS, 'ok']);
    made.run({ type: 'open_file', pid, dax_device: DEVICE, flags: ['rdwr'] });
    const open_file = found([...made.host.tables.open_files.keys()].at(-1));
    removeDevice(made);
    expect(answered(made, { ...map, length: MIB })).toBe('ENOENT');
    expect(answered(made, { type: 'open_file', pid, dax_device: DEVICE, flags: ['rdwr'] })).toBe('ENOENT');
    const { dax_device: _, ...through } = map;
    expect(answered(made, { ...through, open_file, length: MIB })).toBe('outcome_unknown');
  });
});
