import { describe, expect, test } from 'vitest';
import type { PatchMemoryBlock } from '../../src/engine/model/device_command.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import type { MemoryBlockState } from '../../src/engine/model/vocabulary.ts';
import { blocksOf, FIRST, NONE_ONLINE, ram, tellNoKernelPages, writeState, type Ram } from './ram.ts';
import { DAX } from './rig.ts';

const BLOCK = { type: 'patch_memory_block', dax_device: DAX, block: FIRST } as const;

/** System RAM, its first block in one state. */
function first(state: MemoryBlockState): Ram {
  return ram('v6.12', { online: state === 'offline' ? NONE_ONLINE : [[FIRST, state]] });
}

/** Tells it of the first block; the pointer of what is refused, else what the block then shows. */
function tell({ made }: Ram, told: Partial<PatchMemoryBlock>): unknown {
  const decision = made.try({ ...BLOCK, ...told });
  if (isRefusal(decision)) return decision.pointer;
  const { zone, removable, valid_zones, kernel_pages } = decision.answer.memory_block;
  return { zone, removable, valid_zones, kernel_pages };
}

/** What the offline of it may come to, or comes to. */
function offline({ made }: Ram): string {
  const decision = made.try({ ...BLOCK, state: 'offline' });
  if (!isRefusal(decision)) return 'ok';
  return decision.errno ?? decision.possible!.map(({ outcome }) => outcome).join(' or ');
}

describe('[KM27] of a block that is online', () => {
  test('a zone of the kernel makes its offline a chance, until its pages are told', () => {
    for (const valid_zones of ['Normal', 'DMA']) {
      const own = first('online_movable');
      const kernel = { zone: 'Normal', removable: null, valid_zones, kernel_pages: null };
      expect(tell(own, { valid_zones })).toEqual(kernel);
      expect(offline(own)).toBe('EBUSY or offline');
      expect(tell(own, { kernel_pages: false })).toEqual({ ...kernel, kernel_pages: false });
      expect(offline(own)).toBe('ok');
    }
  });

  test('ZONE_MOVABLE lets it go, whatever it was thought to be in', () => {
    const own = first('online_kernel');
    tell(own, { kernel_pages: null });
    expect(offline(own)).toBe('EBUSY or offline');
    expect(tell(own, { valid_zones: 'Movable' })).toMatchObject({ zone: 'Movable' });
    expect(offline(own)).toBe('ok');
  });

  test('more zones than one never go offline', () => {
    const own = first('online');
    expect(tell(own, { valid_zones: 'none' })).toMatchObject({ zone: null, valid_zones: 'none' });
    expect(offline(own)).toBe('EINVAL');
    expect(blocksOf(own)).toMatch(/^1 online, /);
  });

  test('removable 0 makes it a chance in any zone, and 1 says nothing', () => {
    const own = first('online_movable');
    expect(tell(own, { removable: true })).toMatchObject({ removable: true, kernel_pages: null });
    tell(own, { kernel_pages: false });
    expect(offline(first('online_movable'))).toBe('ok');
    expect(tell(own, { removable: false })).toMatchObject({ removable: false, kernel_pages: null });
    expect(offline(own)).toBe('EBUSY or EINVAL or offline');
    expect(tell(own, { removable: false, kernel_pages: true })).toMatchObject({ kernel_pages: true });
    expect(offline(own)).toBe('EBUSY');
  });

  test('where it might be brought is not what the kernel prints', () => {
    expect(tell(first('online'), { valid_zones: 'Normal Movable' })).toBe('/valid_zones');
  });
});

describe('[KM27] of a block that is offline', () => {
  test('the first zone that is told is where `online` brings it, and is forgotten then', () => {
    for (const [valid_zones, zone] of [
      ['Movable Normal', 'Movable'],
      ['Normal Movable', 'Normal'],
    ] as const) {
      const own = first('offline');
      expect(tell(own, { valid_zones })).toEqual({
        zone: null,
        removable: null,
        valid_zones,
        kernel_pages: false,
      });
      expect(writeState(own.made, FIRST, 'online')).toBe('ok');
      expect(tell(own, { kernel_pages: false })).toMatchObject({ zone, valid_zones: zone });
    }
  });

  test('it is in some zone, and nothing is in it', () => {
    expect(tell(first('offline'), { valid_zones: 'none' })).toBe('/valid_zones');
    expect(tell(first('offline'), { kernel_pages: true })).toBe('/kernel_pages');
    expect(tell(first('offline'), { kernel_pages: null })).toMatchObject({ kernel_pages: false });
  });
});

test('[KM27] what is told of one block is told of no other', () => {
  const { made } = ram('v6.12');
  made.run({ ...BLOCK, block: FIRST + 2, removable: false });
  const { blocks } = made.host.tables.memory_ranges.get(DAX)!;
  expect(blocks.map(({ first: at, nr_blocks, removable }) => [at, nr_blocks, removable])).toEqual([
    [0, 2, undefined],
    [2, 1, false],
    [3, 4, undefined],
  ]);
});

test('[KM27] and once daxctl brings it online, or kmem is bound by it, what was told is told no more', () => {
  const own = first('offline');
  tell(own, { valid_zones: 'Movable Normal', removable: true });
  own.made.run({ type: 'online_memory', dax_device: DAX, no_movable: true });
  expect(tell(own, { kernel_pages: false })).toMatchObject({ zone: 'Movable', removable: null });
  expect(tell({ ...own }, { removable: true })).toMatchObject({ removable: true });
  tellNoKernelPages(own.made);
  own.made.run({ type: 'offline_memory', dax_device: DAX });
  expect(tell(own, { kernel_pages: false })).toMatchObject({
    zone: null,
    removable: null,
    valid_zones: null,
  });
});
