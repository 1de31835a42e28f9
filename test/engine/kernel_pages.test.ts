import { describe, expect, test } from 'vitest';
import { isRefusal, type Refusal } from '../../src/engine/model/refusal.ts';
import { KERNEL_NAMES, type KernelName, type MemoryBlockState } from '../../src/engine/model/vocabulary.ts';
import { advice } from './imagine.ts';
import { answered } from './observe.ts';
import { blocksOf, FIRST, NONE_ONLINE, ram, rangeOf, writeKmemState, writeState, type Ram } from './ram.ts';
import { DAX } from './rig.ts';
import { found } from './support.ts';

/** System RAM of a host that is known by listings, its first block online in one state. */
function listed(kernel: KernelName, state: MemoryBlockState): Ram {
  const own = ram(kernel, { online: NONE_ONLINE });
  own.made.run({ type: 'import_inventory', devices: [], record: {}, imported: '' });
  expect(writeState(own.made, FIRST, state)).toBe('ok');
  return own;
}

function tell({ made }: Ram, kernel_pages: boolean | null, block = FIRST): string {
  return answered(made, { type: 'patch_memory_block', dax_device: DAX, block, kernel_pages });
}

function offline({ made }: Ram): Refusal {
  const block = { type: 'patch_memory_block', dax_device: DAX, block: FIRST, state: 'offline' } as const;
  const decision = made.try(block);
  if (!isRefusal(decision)) throw new Error('it went offline');
  return decision;
}

describe('[KM6] offline of a block', () => {
  test.each(['online', 'online_kernel'] as const)('that is %s on a listed host is a chance', (state) => {
    const own = listed('v6.12', state);
    expect(offline(own)).toMatchObject({
      code: 'outcome_unknown',
      possible: [{ outcome: 'EBUSY' }, { outcome: 'offline' }],
    });
    expect(found(rangeOf(own)).blocks[0]).toMatchObject({ state, kernel_pages: null });
    expect(tell(own, false)).toBe('ok');
    expect(writeState(own.made, FIRST, 'offline')).toBe('ok');
    expect(tell(own, true), 'nothing is in a block that is offline').toBe('invalid_field');
    expect(tell(own, false)).toBe('ok');
    expect(blocksOf(own)).toBe(blocksOf(ram('v6.12', { online: NONE_ONLINE })));
  });

  test('in ZONE_MOVABLE goes, for the kernel puts nothing there', () => {
    expect(writeState(listed('v6.12', 'online_movable').made, FIRST, 'offline')).toBe('ok');
  });

  test('that is told to hold kernel pages is EBUSY, on any host', () => {
    const own = ram('v6.1', { online: [[FIRST, 'online_kernel']] });
    expect(tell(own, true)).toBe('ok');
    expect(offline(own)).toMatchObject({ code: 'kernel_refused', errno: 'EBUSY' });
    expect(tell(own, null)).toBe('ok');
    expect(offline(own).code).toBe('outcome_unknown');
  });

  test.each(KERNEL_NAMES)('[S43] of %s is a chance on a host that is made up as well', (kernel) => {
    const own = ram(kernel, { online: [[FIRST, 'online_kernel']] });
    expect(offline(own)).toMatchObject({
      code: 'outcome_unknown',
      possible: [{ outcome: 'EBUSY' }, { outcome: 'offline' }],
    });
  });

  test('and telling at once is one request', () => {
    const own = listed('v6.12', 'online');
    const block = { type: 'patch_memory_block', dax_device: DAX, block: FIRST } as const;
    expect(answered(own.made, { ...block, kernel_pages: false, state: 'offline' })).toBe('ok');
  });

  test('keeps neighbours apart that are told differently', () => {
    const own = listed('v6.12', 'online');
    writeState(own.made, FIRST + 1, 'online');
    expect(found(rangeOf(own)).blocks).toHaveLength(2);
    tell(own, true, FIRST + 1);
    expect(found(rangeOf(own)).blocks.map(({ kernel_pages }) => kernel_pages)).toEqual([null, true, false]);
  });
});

test('[M84] unplugged is a chance where the memory is in zone Normal, and all of it stays', () => {
  const own = listed('v7.3', 'online');
  expect(writeKmemState(own, 'unplugged')).toBe('outcome_unknown');
  tell(own, true);
  expect(writeKmemState(own, 'unplugged')).toBe('EBUSY');
  expect(found(rangeOf(own)).blocks[0]).toMatchObject({ state: 'online' });
  tell(own, false);
  expect(writeKmemState(own, 'unplugged')).toBe('ok');
});

test('[ADV9] [ADV14] what helps before a removal says that the offline may be refused, and what is left then', () => {
  const offlines = ({ made }: Ram) => advice(made).find(({ action }) => action === 'offline_memory_blocks');
  const advise = (own: Ram) => offlines(own)?.detail;
  const own = listed('v6.12', 'online');
  expect(advise(own)).toMatch(/EBUSY.*: no request offlines a block until .*"kernel_pages": false/);
  expect(offlines(own)).toMatchObject({
    calls: null,
    ...{ state_then: 'completed', verdict_then: 'undetermined' },
    possible: [
      { outcome: 'EBUSY', state_then: 'completed', verdict_then: 'leaked' },
      { outcome: 'offline', state_then: 'completed', verdict_then: 'contained' },
    ],
  });
  tell(own, true);
  expect(advise(own)).toBeUndefined();
  tell(own, false);
  expect(advise(own)).toBe('offline these blocks before the removal');
  expect(offlines(own)?.calls).not.toBeNull();
});
