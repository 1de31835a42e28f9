import { expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { fill, FIRST, NONE_ONLINE, ram, writeKmemState, writeState } from './ram.ts';
import { DAX } from './rig.ts';

test.each(KERNEL_NAMES)(
  '[S44] the state of the whole: shown as written, and errno where it is not: %s',
  (kernel) => {
    const own = ram(kernel, { online: NONE_ONLINE });
    const shown = () => own.made.host.tables.dax_devices.get(DAX)?.kmem_state ?? null;
    if (kernel !== 'v7.3') {
      expect([shown(), writeKmemState(own, 'unplugged')]).toEqual([null, 'ENOENT']);
      return;
    }
    expect([writeKmemState(own, 'unplugged'), shown()]).toEqual(['ok', 'unplugged']);
    expect([writeKmemState(own, 'online_movable'), shown()]).toEqual(['ok', 'online_movable']);
    expect([writeKmemState(own, 'online'), shown(), 'not while it is plugged']).toEqual([
      'EBUSY',
      'online_movable',
      'not while it is plugged',
    ]);
    writeState(own.made, FIRST, 'offline');
    expect(shown(), 'that of a block is not shown').toBe('online_movable');
    fill(own);
    expect([writeKmemState(own, 'unplugged'), shown(), writeKmemState(own, 'online_kernel')]).toEqual([
      'ok',
      'unplugged',
      'ok',
    ]);
  },
);
