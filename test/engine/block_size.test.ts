import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ImportedDevice } from '../../src/engine/model/host_command.ts';
import { hostRecord } from '../../src/engine/model/transaction.ts';
import { importing, leftOutOf } from './importing.ts';
import { addMapper, machine, MIB, removeDevice, type Machine } from './support.ts';

const GIB = 1024 * MIB;

type Counts = NonNullable<ImportedDevice['memory_blocks']>;

function memory(at: number, size: number, memory_blocks: Counts, phys_addr?: string): ImportedDevice {
  const address = phys_addr === undefined ? {} : { phys_addr };
  const name = `dax${String(at)}.0`;
  return { name, mode: 'system-ram', target_node: 1, size, change: 'created', ...address, memory_blocks };
}

const counted = (at: number, size: number, total: number, phys_addr?: string) =>
  memory(at, size, { online: total, total, movable: true }, phys_addr);
const uncounted = (at: number, size: number) =>
  memory(at, size, { online: null, total: null, movable: true });

function after(listings: readonly (readonly ImportedDevice[])[], made = machine('v6.12')): Machine {
  for (const listing of listings) {
    expect(leftOutOf(made, importing(listing)).filter(({ reason }) => reason === 'refused')).toEqual([]);
  }
  return made;
}

/** MiB of a block of the host, then the count and MiB of each device's. */
function sizesOf({ host }: Machine): readonly unknown[] {
  const ranges = [...host.tables.memory_ranges.values()].map(({ id, block_bytes, nr_pages, blocks }) => {
    const nr_blocks = (nr_pages * 4096) / block_bytes;
    expect(blocks.reduce((sum, run) => sum + run.nr_blocks, 0)).toBe(nr_blocks);
    return `${id}: ${String(nr_blocks)} of ${String(block_bytes / MIB)}`;
  });
  return [hostRecord(host).memory_block_bytes / MIB, ...ranges.sort()];
}

const BIG = 1598128390144;

describe('[IMP34] the block size of a machine, in whichever order its memory is listed', () => {
  test.each([
    [
      'an odd count',
      [counted(0, 8 * GIB, 3), counted(1, 1006 * MIB, 7)],
      [128, 'dax0.0: 3 of 2048', 'dax1.0: 7 of 128'],
    ],
    [
      '743 and 7',
      [counted(0, BIG, 743), counted(1, 1006 * MIB, 7)],
      [128, 'dax0.0: 743 of 2048', 'dax1.0: 7 of 128'],
    ],
    [
      '16 and 512',
      [counted(0, 32 * GIB, 16), counted(1, 64 * GIB, 512)],
      [128, 'dax0.0: 16 of 2048', 'dax1.0: 512 of 128'],
    ],
    [
      'one odd count among several',
      [counted(0, 32 * GIB, 16), counted(1, 64 * GIB, 32), counted(2, 64 * GIB, 511)],
      [2048, 'dax0.0: 16 of 2048', 'dax1.0: 32 of 2048', 'dax2.0: 511 of 128'],
    ],
    [
      'one that nobody counted',
      [uncounted(0, 32 * GIB), counted(1, 32 * GIB, 16)],
      [2048, 'dax0.0: 16 of 2048', 'dax1.0: 16 of 2048'],
    ],
    [
      'one too small for a block of it',
      [uncounted(0, 1006 * MIB), counted(1, 32 * GIB, 16)],
      [2048, 'dax0.0: 1 of 512', 'dax1.0: 16 of 2048'],
    ],
    [
      'a count of no size',
      [counted(0, 8 * GIB, 6), counted(1, 32 * GIB, 16)],
      [2048, 'dax0.0: 6 of 1024', 'dax1.0: 16 of 2048'],
    ],
  ])('%s', (_about, devices, sizes) => {
    expect(sizesOf(after(devices.map((device) => [device])))).toEqual(sizes);
    expect(sizesOf(after(devices.toReversed().map((device) => [device])))).toEqual(sizes);
    expect(sizesOf(after([devices]))).toEqual(sizes);
  });

  test('any counts of any devices: none is left out, and the order changes nothing', () => {
    const device = fc.record({
      mib: fc.integer({ min: 128, max: 20_000 }),
      bytes: fc.constantFrom(128, 256, 512, 1024, 2048),
      odd: fc.constantFrom(0, 0, 0, 1, -1),
      isCounted: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(device, { minLength: 1, maxLength: 4 }), fc.nat(), (drawn, turn) => {
        const devices = drawn.map(({ mib, bytes, odd, isCounted }, at) => {
          const total = Math.max(1, Math.floor(mib / bytes) + odd);
          return isCounted ? counted(at, mib * MIB, total) : uncounted(at, mib * MIB);
        });
        const by = turn % devices.length;
        const turned = [...devices.slice(by), ...devices.slice(0, by)].toReversed();
        const made = after(devices.map((one) => [one]));
        expect(sizesOf(made)).toEqual(sizesOf(after(turned.map((one) => [one]))));
        expect(sizesOf(made)).toHaveLength(devices.length + 1);
      }),
      { numRuns: 300 },
    );
  });
});

test('[IMP34] what the host was given stays where no count says another', () => {
  const given = () => machine('v6.12', 0, { memory_block_bytes: 2 * GIB });
  expect(sizesOf(after([[counted(0, 8 * GIB, 6)]], given()))).toEqual([2048, 'dax0.0: 6 of 1024']);
  const within = counted(0, 2560 * MIB, 1, '0x1020000000');
  expect(sizesOf(after([[within]], given()))).toEqual([2048, 'dax0.0: 1 of 1024']);
  expect(sizesOf(after([[counted(0, 3 * GIB, 1)]], given()))).toEqual([2048, 'dax0.0: 1 of 2048']);
  expect(sizesOf(after([[counted(0, 1024 * MIB, 1), counted(1, 5 * GIB, 9)]]))).toEqual([
    512,
    'dax0.0: 1 of 512',
    'dax1.0: 9 of 512',
  ]);
});

describe('[IMP34] memory that is there when the size is learnt', () => {
  test.each(['is used', 'has leaked'])('is not cut anew where it %s', (how) => {
    const made = after([[uncounted(0, 32 * GIB)]]);
    const memory = { dax_device: 'dax0.0', flags: ['private'], length: 4 * MIB, touched: 'write' } as const;
    if (how === 'is used') addMapper(made, memory);
    else removeDevice(made, { dax_device: 'dax0.0' });
    expect(made.host.tables.memory_ranges.get('dax0.0')?.leaked).toBe(how === 'has leaked');
    expect(sizesOf(after([[counted(1, 32 * GIB, 16)]], made))).toEqual([
      2048,
      'dax0.0: 256 of 128',
      'dax1.0: 16 of 2048',
    ]);
  });

  test('keeps what is known of its blocks, from the first on', () => {
    const made = after([[uncounted(0, 32 * GIB)]]);
    for (const block of [3, 200]) offline(made, block);
    after([[counted(1, 32 * GIB, 16)]], made);
    const { blocks } = made.host.tables.memory_ranges.get('dax0.0')!;
    expect(blocks.map(({ first, nr_blocks, state }) => [first, nr_blocks, state])).toEqual([
      [0, 3, 'online_movable'],
      [3, 1, 'offline'],
      [4, 12, 'online_movable'],
    ]);
  });
});

function offline(made: Machine, at: number): void {
  const { base_pfn, block_bytes } = made.host.tables.memory_ranges.get('dax0.0')!;
  const block = base_pfn / (block_bytes / 4096) + at;
  made.run({ type: 'patch_memory_block', dax_device: 'dax0.0', block, state: 'offline' });
}
