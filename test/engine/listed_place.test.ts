import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ImportedDevice } from '../../src/engine/model/host_command.ts';
import { importing, leftOutOf } from './importing.ts';
import { addMapper, addProcess, machine, type Machine } from './support.ts';

const GIB = 2 ** 30;

function listed(name: string, size: number, phys_addr?: string): ImportedDevice {
  const at = phys_addr === undefined ? {} : { phys_addr };
  return { name, mode: 'devdax', size, change: 'created', ...at };
}

function imports(made: Machine, devices: readonly ImportedDevice[]): string {
  const left = leftOutOf(made, importing(devices)).filter(({ reason }) => reason === 'refused');
  return left.length === 0 ? 'imported' : left.map(({ code, detail }) => `${code}: ${detail}`).join();
}

function places({ host }: Machine): (readonly [base_pfn: number, end: number])[] {
  return [...host.tables.dax_devices.values()]
    .map(({ base_pfn, size }) => [base_pfn, base_pfn + size / 4096] as const)
    .sort(([base], [other]) => base - other);
}

describe('[IMP2] addresses that no listing tells', () => {
  test('any sizes of any devices, listed again with any others, are imported, and lie apart', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 2 ** 36 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(sizes, { minLength: 1, maxLength: 4 }), (listings) => {
        const made = machine('v6.12');
        for (const pages of listings) {
          const devices = pages.map((nr, at) => listed(`dax${String(at)}.0`, nr * 4096));
          expect(imports(made, devices)).toBe('imported');
          const now = places(made);
          for (const [at, [, end]] of now.entries()) expect(end).toBeLessThanOrEqual(now[at + 1]?.[0] ?? end);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('a device in use that grew stays where it is', () => {
    const made = machine('v6.12');
    imports(made, [listed('dax0.0', GIB), listed('dax0.1', GIB)]);
    const pid = addProcess(made);
    made.run({
      type: 'create_mapping',
      pid,
      dax_device: 'dax0.0',
      offset: 0,
      length: 2 ** 21,
      flags: ['shared'],
      prot: 'rw',
    });
    const before = made.host.tables.dax_devices.get('dax0.0')?.base_pfn;
    expect(imports(made, [listed('dax0.0', 64 * GIB)])).toBe('imported');
    expect(made.host.tables.dax_devices.get('dax0.0')).toMatchObject({ base_pfn: before, size: 64 * GIB });
    expect(imports(made, [listed('dax0.0', 80 * 1024 * GIB)])).toBe(
      'dax_device_in_use: dax0.0 is in use, and the range overlaps dax0.1',
    );
  });

  const GIB_PAGES = GIB / 4096;
  const at = (gib: number): string => `0x${(gib * GIB).toString(16)}`;

  test.each([
    ['one that grew to where another was', [0, 2], [2, 1]],
    ['two that changed places', [1, 1], [0, 1]],
    ['one that is where another was, which is behind it', [1, 1], [2, 1]],
  ] as const)('%s in one listing are both where that tells', (_what, one, other) => {
    const made = machine('v6.12');
    const known = [listed('dax0.0', GIB, at(0x8)), listed('dax0.1', GIB, at(0x9))];
    expect(leftOutOf(made, importing(known))).toEqual([]);
    const now = [one, other].map(([begin, gib], index) => ({
      ...listed(`dax0.${String(index)}`, gib * GIB, at(8 + begin)),
      change: 'updated' as const,
    }));
    expect(leftOutOf(made, importing(now))).toEqual([]);
    expect([...made.host.tables.dax_devices.values()].map(({ base_pfn, size }) => [base_pfn, size])).toEqual(
      [one, other].map(([begin, gib]) => [(8 + begin) * GIB_PAGES, gib * GIB]),
    );
  });

  test('one in use that grew to where another was is taken once that is elsewhere', () => {
    const made = machine('v6.12');
    imports(made, [listed('dax0.0', GIB, at(8)), listed('dax0.1', GIB, at(9))]);
    addMapper(made, { dax_device: 'dax0.0' });
    const now = [listed('dax0.0', 2 * GIB, at(8)), listed('dax0.1', GIB, at(10))];
    expect(imports(made, now)).toBe('imported');
    expect(places(made)).toEqual([
      [8 * GIB_PAGES, 10 * GIB_PAGES],
      [10 * GIB_PAGES, 11 * GIB_PAGES],
    ]);
  });

  test('one that has more than its name lets it have lies behind all others', () => {
    const made = machine('v6.12');
    const size = 100 * 1024 * GIB;
    expect(imports(made, [listed('dax0.1', GIB)])).toBe('imported');
    expect(imports(made, [listed('dax0.0', size), listed('dax0.1', GIB)])).toBe('imported');
    expect(places(made).map(([base]) => base)).toEqual([2 ** 40 + 2 ** 34, 2 ** 40 + 2 ** 51]);
  });

  test.each([undefined, null])(
    'one that grew to where another is, and is told no address (%s), has none',
    (told) => {
      const made = machine('v6.12');
      imports(made, [listed('dax0.0', GIB, at(8)), listed('dax0.1', GIB, at(9))]);
      const grown = { ...listed('dax0.0', 2 * GIB), change: 'updated' as const };
      expect(imports(made, [told === null ? { ...grown, phys_addr: null } : grown])).toBe('imported');
      expect(made.host.tables.dax_devices.get('dax0.0')).toMatchObject({ phys_addr: null, size: 2 * GIB });
    },
  );

  test('one of unknown address that grew beyond what its name lets it have lies behind all others', () => {
    const made = machine('v6.12');
    imports(made, [listed('dax0.0', GIB), listed('dax0.1', GIB)]);
    const grown = { ...listed('dax0.0', 80 * 1024 * GIB), change: 'updated' as const };
    expect(leftOutOf(made, importing([grown]))).toEqual([]);
    expect(places(made).map(([base]) => base)).toEqual([2 ** 40 + 2 ** 34, 2 ** 40 + 2 ** 51]);
  });

  test('one that is larger than any is refused alone', () => {
    const made = machine('v6.12');
    const devices = [listed('dax0.0', 2 ** 53 - 4096), listed('dax0.1', GIB), listed('dax1.0', 2 ** 52)];
    expect(imports(made, devices)).toBe(
      'out_of_range: no device is larger than 2^52 bytes: physical addresses have 52 bits',
    );
    expect(places(made)).toHaveLength(2);
  });

  test('of two that are told at one address the later has none, and enters', () => {
    const made = machine('v6.12');
    expect(imports(made, [listed('dax0.0', GIB, '0x100000000'), listed('dax1.0', GIB, '0x120000000')])).toBe(
      'imported',
    );
    expect(made.host.tables.dax_devices.get('dax0.0')?.phys_addr).toBe('0x100000000');
    expect(made.host.tables.dax_devices.get('dax1.0')?.phys_addr).toBeNull();
    expect(imports(made, [listed('dax2.0', GIB, '0x200000000')])).toBe('imported');
    expect(imports(made, [listed('dax2.0', GIB, '0x100000000')])).toBe('imported');
    expect(made.host.tables.dax_devices.get('dax2.0')?.phys_addr).toBeNull();
  });
});

describe('[IMP34] memory blocks as counted', () => {
  const counted = (size: number, total: number) => ({
    ...listed('dax0.0', size),
    mode: 'system-ram' as const,
    target_node: 1,
    memory_blocks: { online: 1, total, movable: true },
  });

  test.each([
    ['as many as fit', 8 * GIB, 8, 2 ** 30, 8],
    ['as no size gives: the largest with room', 8 * GIB, 6, 2 ** 30, 6],
    ['more than there is room for', GIB, 100, 2 ** 27, 8],
  ])('%s', (_about, size, total, block_bytes, nr_blocks) => {
    const made = machine('v6.12');
    expect(imports(made, [counted(size, total)])).toBe('imported');
    const range = made.host.tables.memory_ranges.get('dax0.0');
    expect(range).toMatchObject({ block_bytes, nr_pages: (nr_blocks * block_bytes) / 4096 });
  });
});

describe('[IMP60] memory blocks that no listing counts', () => {
  const ram = (memory_blocks: ImportedDevice['memory_blocks']) => ({
    ...listed('dax0.0', 8 * GIB),
    mode: 'system-ram' as const,
    target_node: 1,
    ...(memory_blocks === undefined ? {} : { memory_blocks }),
  });
  const blocksOf = (made: Machine) => made.host.tables.memory_ranges.get('dax0.0')?.blocks;
  const untold = { online: null, total: null, movable: null };

  test('are online, in the zone that movable tells, or in one that nobody told', () => {
    for (const [movable, state, zone] of [
      [null, 'online', null],
      [false, 'online', 'Normal'],
      [true, 'online_movable', 'Movable'],
    ] as const) {
      const made = machine('v6.12');
      imports(made, [ram({ ...untold, movable })]);
      expect(blocksOf(made)).toEqual([{ first: 0, nr_blocks: 64, state, zone, kernel_pages: null }]);
    }
  });

  test('stay as they are known where a listing counts them no more, and are as counted where it does again', () => {
    const made = machine('v6.12');
    imports(made, [ram({ online: 3, total: 8, movable: true })]);
    const known = blocksOf(made);
    imports(made, [ram(untold)]);
    expect(blocksOf(made)).toEqual(known);
    imports(made, [ram(undefined)]);
    expect(blocksOf(made)).toEqual(known);
    imports(made, [ram({ online: 4, total: 8, movable: true })]);
    expect(blocksOf(made)).toMatchObject([{ nr_blocks: 4 }, { nr_blocks: 4, state: 'offline' }]);
  });

  test('where not even that is told, the online policy made them', () => {
    const made = machine('v6.12');
    imports(made, [ram(undefined)]);
    expect(blocksOf(made)).toMatchObject([{ nr_blocks: 64, zone: 'Normal' }]);
  });
});
