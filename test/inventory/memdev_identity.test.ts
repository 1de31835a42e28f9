import { describe, expect, test } from 'vitest';
import { namesOfMemdevs } from '../../src/inventory/rename_memdevs.ts';
import type { ListedObject, ListedRecord } from '../../src/inventory/record.ts';
import { hostAfter } from './support/played.ts';

function memdevs(...fields: readonly ListedObject[]): ListedRecord[] {
  return fields.map((memdev) => ({ name: memdev['memdev'] as string, parent: null, fields: memdev }));
}

describe('[IMP15] which known memdev a listed one is', () => {
  const cases: readonly [string, readonly ListedObject[], readonly ListedObject[], object][] = [
    [
      'the one at its address, where all serials are 0',
      [
        { memdev: 'mem0', serial: 0, host: '0000:c2:00.0' },
        { memdev: 'mem1', serial: 0, host: '0000:c3:00.0' },
      ],
      [
        { memdev: 'mem1', serial: 0, host: '0000:c2:00.0' },
        { memdev: 'mem0', serial: 0, host: '0000:c3:00.0' },
      ],
      { mem0: 'mem1', mem1: 'mem0' },
    ],
    [
      'the one at its address, where two have one serial',
      [
        { memdev: 'mem0', serial: 5, host: '0000:c2:00.0' },
        { memdev: 'mem1', serial: 5, host: '0000:c3:00.0' },
      ],
      [{ memdev: 'mem4', serial: 5, host: '0000:c3:00.0' }],
      { mem4: 'mem1' },
    ],
    [
      'not one of the same serial at another address',
      [{ memdev: 'mem0', serial: 5, host: '0000:c2:00.0' }],
      [{ memdev: 'mem1', serial: 5, host: '0000:c3:00.0' }],
      {},
    ],
    [
      'not another card in the same slot',
      [{ memdev: 'mem0', serial: 5, host: '0000:c2:00.0' }],
      [{ memdev: 'mem0', serial: 6, host: '0000:c2:00.0' }],
      {},
    ],
    [
      'the one of its serial, where no address is told',
      [
        { memdev: 'mem0', serial: 5, host: '0000:c2:00.0' },
        { memdev: 'mem1', serial: 6, host: '0000:c3:00.0' },
      ],
      [
        { memdev: 'mem0', serial: 6 },
        { memdev: 'mem1', serial: 5 },
      ],
      { mem0: 'mem1', mem1: 'mem0' },
    ],
    [
      'the one of its name, where two have one serial and no address is told',
      [
        { memdev: 'mem0', serial: 5 },
        { memdev: 'mem1', serial: 5 },
      ],
      [
        { memdev: 'mem1', serial: 5 },
        { memdev: 'mem2', serial: 5 },
      ],
      { mem1: 'mem1' },
    ],
  ];

  test.each(cases)('%s', (_what, known, listed, names) => {
    expect(Object.fromEntries(namesOfMemdevs(memdevs(...known), memdevs(...listed)))).toEqual(names);
  });
});

test('[IMP15] memdevs that have swapped their numbers keep what the model knows of each card', () => {
  const card = (memdev: string, host: string) => ({ memdev, pmem_size: 268435456, serial: 0, host });
  const before = JSON.stringify([card('mem0', '0000:36:00.0'), card('mem1', '0000:37:00.0')]);
  const after = JSON.stringify([card('mem1', '0000:36:00.0'), card('mem2', '0000:37:00.0')]);
  const uids = (...texts: readonly string[]) => {
    const { cxl_memdevs } = hostAfter(...texts).made.host.tables;
    return [...cxl_memdevs.values()].map(({ name, pci, uid }) => [pci, name, uid]);
  };
  const [first, second] = uids(before);
  expect(uids(before, after)).toEqual([
    [first![0], 'mem1', first![2]],
    [second![0], 'mem2', second![2]],
  ]);
});
