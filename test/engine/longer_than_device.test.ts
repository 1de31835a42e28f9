import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { shape, SIGBUS, touch } from './observe.ts';
import { devdax } from './rig.ts';
import { MIB } from './support.ts';

const SIZE = 4 * MIB;

describe.each(KERNEL_NAMES)('%s', (kernel) => {
  test.each([
    ['4 KiB', 4096 as const, SIZE, 1024],
    ['2 MiB', 2097152 as const, SIZE, 1024],
    ['2 MiB, its end within an entry', 2097152 as const, SIZE + MIB, 1024],
  ])(
    '[D3] a device-dax of entries of %s is mapped beyond its end, and what lies there is SIGBUS',
    (_, align, size, pages) => {
      const { made, mapper } = devdax(kernel, { align, size });
      const one = mapper({ length: 4 * SIZE, touched: 'none' });
      expect(touch(made, one, 'read', { pages: pages + 1 })).toBe(SIGBUS);
      expect(shape(made, one)).toBe(align === 4096 ? '1024 pte' : '2 pmd');
      expect([pages - 1, pages, 4 * 1024 - 1].map((page) => touch(made, one, 'write', { page }))).toEqual([
        'ok',
        SIGBUS,
        SIGBUS,
      ]);
    },
  );

  test('[D3] nor is an offset behind the end refused', () => {
    const { made, mapper } = devdax(kernel, { size: SIZE });
    expect(touch(made, mapper({ offset: 2 * SIZE, touched: 'none' }), 'read')).toBe(SIGBUS);
  });
});
