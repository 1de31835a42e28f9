import { describe, expect, it } from 'vitest';
import { NAME_KEYS } from '../../src/inventory/field_table.ts';
import { printLossless } from '../../src/inventory/lossless.ts';
import { isRefusal, readListings } from '../../src/inventory/parse.ts';
import type { ListedObject, ListedValue } from '../../src/inventory/record.ts';
import { importInto, NOTHING, valueOf } from './support/host.ts';
import { recordedInventories } from './support/recordings.ts';

const MEMDEV = { memdev: 'mem0', ram_size: 2 ** 30, serial: 1, host: '0000:41:00.0' };
const REGION = { region: 'region0', resource: 2 ** 40, size: 2 ** 30, type: 'ram', interleave_ways: 1 };
const DECODER = { decoder: 'decoder0.0', resource: 2 ** 40, size: 2 ** 36, volatile_capable: true };
const DIMM = { dev: 'nmem0', id: 'cdab-0a-07e0-ffffffff', handle: 0, phys_id: 0 };
const NAMESPACE = { dev: 'namespace0.0', mode: 'raw', size: 2 ** 30, blockdev: 'pmem0' };
const PORT = { port: 'port1', host: 'pci0000:0c', depth: 1 };
const BUS = { bus: 'root0', provider: 'ACPI.CXL' };
const DAX = { chardev: 'dax0.0', size: 2 ** 30, target_node: 1, align: 2 ** 21, mode: 'devdax' };

/** What refers to an object of a listing, or says of it what no listing does; a group of such. */
const REFERENCES: readonly (readonly [string, ListedObject, ListedObject])[] = [
  ['a fwctl device', { fwctl: 'fwctl0', memdev: 'mem0' }, MEMDEV],
  ['one that says where it is', { fwctl: 'fwctl0', memdev: 'mem0', host: '0000:41:00.0' }, MEMDEV],
  ['one by another order of keys', { memdev: 'mem0', state: 'disabled', fwctl: 'fwctl0' }, MEMDEV],
  ['a group of them', { fwctls: [{ fwctl: 'fwctl0', memdev: 'mem0' }] }, MEMDEV],
  ['a group of those that have what memdevs have', { fwctls: [{ fwctl: 'fwctl0', ...MEMDEV }] }, MEMDEV],
  ['poison of a memdev', { offset: 0, length: 64, source: 'Injected', memdev: 'mem0' }, MEMDEV],
  ['poison of a region', { region: 'region0', offset: 0, length: 64 }, REGION],
  ['an extent of a region', { extents: [{ region: 'region0', offset: 0, size: 4096 }] }, REGION],
  ['a mapping of a region', { position: 0, memdev: 'mem0', decoder: 'decoder0.0' }, DECODER],
  ['mappings of a region', { mappings: [{ position: 0, memdev: 'mem0', decoder: 'decoder2.0' }] }, MEMDEV],
  ['dports of a bus', { dport: 'pci0000:0c', alias: 'ACPI0016:00', id: 12, bus: 'root0' }, BUS],
  ['targets of a decoder', { target: 'pci0000:0c', position: 0, id: 12, decoder: 'decoder0.0' }, DECODER],
  ['events of a port', { port: 'port1', errors: 3 }, PORT],
  ['labels of a dimm (read-labels)', { dev: 'nmem0', index: [{ seq: 1 }], label: [] }, DIMM],
  [
    'the info block of a namespace (read-infoblock)',
    {
      dev: 'namespace0.0',
      signature: 'NVDIMM_PFN_INFO',
      uuid: '1',
      parent_uuid: '0',
      flags: 0,
      version: '1.4',
      dataoff: 0,
      npfns: 9,
      mode: 'pmem',
      start_pad: 0,
      end_trunc: 0,
      align: 4096,
    },
    NAMESPACE,
  ],
  ['a user of a dax device', { chardev: 'dax0.0', pid: 7 }, DAX],
];

function reading(value: ListedValue) {
  const read = readListings(printLossless(value));
  if (isRefusal(read)) throw new Error(read.detail);
  return read;
}
const itemsOf = (value: ListedValue) =>
  reading(value).listings.flatMap(({ items }) =>
    items.map(({ kind, name, fields }) => ({ kind, name, fields })),
  );

describe('[IMP37] what merely refers to an object is not that object', () => {
  it.each(REFERENCES)('%s', (_, reference, object) => {
    const alone = itemsOf([object]);
    expect(alone).toHaveLength(1);
    expect(itemsOf([reference, object])).toEqual(alone);
    expect(itemsOf([object, reference])).toEqual(alone);
    const { skipped, is_whole } = reading([object, reference]);
    expect(skipped).toMatchObject([{ kind: 'value', reason: 'unknown object' }]);
    expect(skipped[0]!.pointer).toMatch(/^\/1(\/|$)/);
    expect(is_whole).toBe(false);
    expect(importInto(NOTHING, printLossless([reference])).devices).toEqual([]);
  });
});

/** The objects at the top of a listing that are named. */
const named = recordedInventories().flatMap(({ listings }) =>
  [...listings.values()].filter((text) => text !== '').flatMap((text) => topOf(valueOf(text))),
);

function topOf(value: ListedValue): readonly ListedObject[] {
  const members = (Array.isArray(value) ? value : [value]) as readonly ListedObject[];
  return members.filter((member) =>
    reading([member]).listings.some(({ items }) => items[0]?.pointer === '/0'),
  );
}

const kindIn = (object: ListedObject) => itemsOf([object])[0]?.kind;

describe('every recorded object', () => {
  it('there are some of each kind that is listed alone', () => {
    const kinds = new Set(named.map(kindIn));
    const top = ['bus', 'namespace', 'dax_region', 'dax_device', 'cxl_bus', 'memdev', 'cxl_region'] as const;
    expect(kinds).toEqual(new Set(top));
  });

  it('is of its kind also with its keys sorted, and with some that a later tool prints', () => {
    for (const object of named) {
      const later = { ...object, a_new_key: 1, zone: 'x' };
      const sorted = Object.fromEntries(
        Object.entries(later).sort(([one], [other]) => (one < other ? -1 : 1)),
      );
      expect([kindIn(later), kindIn(sorted)]).toEqual([kindIn(object), kindIn(object)]);
    }
  });

  it('is alone where something else refers to it, before or behind', () => {
    for (const object of named) {
      const { key } = NAME_KEYS[kindIn(object)!];
      if (key === 'id') continue;
      const reference = { user: 'user0', [key]: object[key], pid: 7 };
      expect([itemsOf([reference, object]), itemsOf([object, reference])]).toEqual([
        itemsOf([object]),
        itemsOf([object]),
      ]);
    }
  });
});

it.each([
  ['a decoder by the region on it', { ...DECODER, decoder: null, region: 'region0' }, REGION],
  ['an endpoint', { endpoint: 5, host: 'mem0', depth: 2, memdev: 'mem0' }, MEMDEV],
  ['a namespace by its chardev', { ...NAMESPACE, dev: 7, mode: 'devdax', chardev: 'dax0.0' }, DAX],
])(
  '[IMP38] an object whose name cannot be read is not taken for what it refers to: %s',
  (_, nameless, object) => {
    expect(itemsOf([nameless, object])).toEqual(itemsOf([object]));
  },
);

const BARE = { memdev: 'mem0', serial: 5, host: '0000:0d:00.0' };
it.each([
  ['with sizes of a kind that is not known', { ...BARE, dc0_size: 2 ** 31 }],
  ['with nothing but such', { memdev: 'mem0', dynamic_ram_a_size: 2 ** 31, dc1_size: 0 }],
  ['without any', BARE],
  ['without any, with what a later tool prints', { ...BARE, a_new_key: 1 }],
  ['of which only the name is told', { memdev: 'mem0' }],
])('[IMP44] a memdev %s is one, alone and in its list', (_, object) => {
  for (const listed of [object, { memdevs: [object] }, { 'anon memdevs': [object] }]) {
    expect(itemsOf([listed])).toEqual([{ kind: 'memdev', name: 'mem0', fields: object }]);
  }
});

it('[IMP37] what stands in a list of a kind is of it, whatever it says of itself', () => {
  const later = { memdev: 'mem0', one: 1, two: 2, three: 3 };
  expect(itemsOf([{ memdevs: [later] }])).toEqual([{ kind: 'memdev', name: 'mem0', fields: later }]);
  expect(itemsOf([later])).toEqual([]);
});
