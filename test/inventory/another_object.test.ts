import { describe, expect, test } from 'vitest';
import type { ListedObject } from '../../src/inventory/record.ts';
import { deviceOf, knownAfter } from './support/host.ts';

const UUID = '11111111-2222-4333-8444-555555555561';
const devdax: ListedObject = {
  dev: 'namespace0.0',
  mode: 'devdax',
  map: 'dev',
  size: 2 ** 30,
  uuid: UUID,
  chardev: 'dax0.0',
  align: 2 ** 21,
};
const ram: ListedObject = {
  chardev: 'dax0.0',
  size: 2 ** 30,
  align: 2 ** 21,
  mode: 'system-ram',
  online_memblocks: 8,
  total_memblocks: 8,
  mappings: [{ page_offset: 0, start: 2 ** 33, end: 2 ** 33 + 2 ** 30 - 1, size: 2 ** 30 }],
};
const text = (object: ListedObject): string => JSON.stringify([object]);
const known = [text(devdax), text(ram)];

describe('[IMP22] another object under a known name', () => {
  test('a namespace of another size has a dax device of another size, at a place that is not told', () => {
    const grown = knownAfter(...known, text({ ...devdax, size: 2 ** 31 }));
    expect(deviceOf(grown, 'dax0.0')).toMatchObject({
      size: 2 ** 31,
      mode: 'system-ram',
      phys_addr: null,
      memory_blocks: { online: null, total: null },
    });
  });

  test('a dax device of another size has a namespace of that size', () => {
    const grown = knownAfter(...known, text({ ...ram, size: 2 ** 31, mappings: [] }));
    expect(deviceOf(grown, 'dax0.0').listed.namespace).toMatchObject({ size: 2 ** 31 });
  });

  test('a namespace of another uuid has another dax device, of which only the name is told', () => {
    const other = knownAfter(...known, text({ ...devdax, uuid: UUID.replace('6', '7') }));
    expect(deviceOf(other, 'dax0.0')).toMatchObject({ mode: 'devdax', phys_addr: null });
    expect(deviceOf(other, 'dax0.0').listed.dax_device).not.toHaveProperty('mode');
  });

  test('a region of another interleave set, and a dimm of another id, keep nothing of the former one', () => {
    const region = { dev: 'region0', size: 4096, type: 'pmem', iset_id: 1, numa_node: 1 };
    const { host } = knownAfter(text(region), text({ dev: 'region0', size: 8192, type: 'pmem', iset_id: 2 }));
    expect(host.regions).toMatchObject([{ fields: { iset_id: 2 } }]);
    expect(host.regions[0]!.fields).not.toHaveProperty('numa_node');
    const dimm = { dev: 'nmem0', id: '8089-a2-1809-00000107', security: 'locked' };
    const replaced = knownAfter(text(dimm), text({ dev: 'nmem0', id: '8089-a2-1809-00000108' })).host;
    expect(replaced.dimms.map(({ fields }) => fields)).toEqual([
      { dev: 'nmem0', id: '8089-a2-1809-00000108' },
    ]);
    const same = knownAfter(text(dimm), text({ dev: 'nmem0' })).host;
    expect(same.dimms[0]!.fields).toMatchObject({ security: 'locked' });
  });
});
