import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cases } from '../support/property.ts';
import { permutationsOf } from './support/permutations.ts';
import { hostAfter, printed, stateOf } from './support/played.ts';
import { recordedInventories } from './support/recordings.ts';
import { OBJECT_GAPS, thinned } from './support/thinned.ts';

const UUID = '11111111-2222-4333-8444-555555555591';
const NDCTL = JSON.stringify([
  {
    dev: 'namespace1.0',
    mode: 'devdax',
    map: 'dev',
    size: 1054867456,
    uuid: UUID,
    chardev: 'dax1.0',
    align: 2097152,
  },
]);
const DAXCTL = JSON.stringify([
  {
    chardev: 'dax1.0',
    size: 1054867456,
    target_node: 1,
    align: 2097152,
    mode: 'system-ram',
    online_memblocks: 7,
    total_memblocks: 7,
    movable: true,
  },
]);

function generationAfter(...texts: readonly string[]): unknown {
  const { made } = hostAfter(...texts);
  return [...made.host.tables.dax_devices.values()].map(({ name, mode, generation }) => [
    name,
    mode,
    generation,
  ]);
}

describe('[IMP13] a listing that tells more is no other owner', () => {
  test('ndctl cannot tell system-ram, daxctl can, whichever comes first', () => {
    for (const texts of [
      [NDCTL, DAXCTL],
      [DAXCTL, NDCTL],
      [NDCTL, DAXCTL, NDCTL],
    ]) {
      expect(generationAfter(...texts)).toEqual([['dax1.0', 'system-ram', 1]]);
    }
  });

  test('where daxctl told devdax before, system-ram is another owner', () => {
    const devdax = JSON.stringify([{ chardev: 'dax1.0', size: 1054867456, align: 2097152, mode: 'devdax' }]);
    expect(generationAfter(NDCTL, devdax, DAXCTL)).toEqual([['dax1.0', 'system-ram', 2]]);
  });

  test('another uuid is another owner, the uuid of nothing is none', () => {
    const made = (uuid: string) =>
      JSON.stringify([{ dev: 'namespace0.0', mode: 'raw', size: 4096, uuid, blockdev: 'pmem0' }]);
    const [one, other] = [made(UUID), made(UUID.replaceAll('5', '6'))];
    const nothing = made('00000000-0000-0000-0000-000000000000');
    expect(generationAfter(one, one)).toEqual([['pmem0', 'raw', 1]]);
    expect(generationAfter(one, other)).toEqual([['pmem0', 'raw', 2]]);
    expect(generationAfter(one, nothing, one)).toEqual([['pmem0', 'raw', 1]]);
  });
});

describe('[IMP14] the listings of one moment give one state, in whichever order they come', () => {
  const INVENTORIES = recordedInventories().map((inventory) => ({
    ...inventory,
    texts: [...new Set(inventory.listings.values())],
  }));

  test.each(INVENTORIES.map((inventory) => [inventory.name, inventory.texts] as const))(
    'any two of %s',
    (_name, texts) => {
      for (const [at, text] of texts.entries()) {
        for (const other of texts.slice(at + 1)) {
          expect(stateOf(hostAfter(other, text))).toEqual(stateOf(hostAfter(text, other)));
        }
      }
    },
  );

  test('all of them', () => {
    const shuffled = fc
      .constantFrom(...INVENTORIES)
      .chain(({ texts }) =>
        fc.tuple(fc.shuffledSubarray(texts, { minLength: texts.length }), fc.constant(texts)),
      );
    fc.assert(
      fc.property(shuffled, ([texts, asListed]) => {
        expect(stateOf(hostAfter(...texts))).toEqual(stateOf(hostAfter(...asListed)));
      }),
      cases(300),
    );
  });

  test('[IMP47] of a namespace without its dax device, that alone, and that they are one', () => {
    const uuid = { dev: 'namespace0.0', mode: 'devdax', uuid: UUID };
    const namespace = JSON.stringify([{ ...uuid, size: 8192, raw_uuid: UUID, numa_node: 1 }]);
    const device = JSON.stringify([{ chardev: 'dax0.0', size: 8192, mode: 'devdax' }]);
    const both = JSON.stringify([{ ...uuid, chardev: 'dax0.0' }]);
    const states = permutationsOf([namespace, device, both]).map(thereAfter);
    for (const state of states) expect(state).toEqual(states[0]);
  });

  test('some of them, each with objects left out', () => {
    const told = fc.constantFrom(...INVENTORIES).chain(({ texts }) => {
      const some = fc.shuffledSubarray(texts, {
        minLength: Math.min(2, texts.length),
        maxLength: Math.min(3, texts.length),
      });
      return fc.tuple(some, fc.array(OBJECT_GAPS, { minLength: 3, maxLength: 3 }));
    });
    fc.assert(
      fc.property(told, ([texts, gaps]) => {
        const left = texts.filter((text) => text !== '').map((text, at) => thinned(text, gaps[at]!));
        expect(thereAfter(left)).toEqual(thereAfter([...left].reverse()));
      }),
      cases(200),
    );
  });
});

/** The state without devices that are gone: one that was known by its namespace before its own name leaves such a trace. */
function thereAfter(texts: readonly string[]): unknown {
  return stateOf(hostAfter(...texts), (record) => !('state' in record && record.state === 'gone'));
}

describe('[IMP51] a dax region that is listed alone, and its devices, in either order', () => {
  const dax = (chardev: string) => ({
    chardev,
    size: 2 ** 30,
    target_node: 0,
    align: 2 ** 21,
    mode: 'devdax',
  });
  const region = (path: string) => JSON.stringify([{ path, id: 0, size: 2 ** 31, align: 2 ** 21 }]);
  const HMEM = region('/platform/hmem.0');
  const CXL = region('/platform/ACPI0017:00/root0/decoder0.0/region0/dax_region0');
  const [ONE, OTHER] = ['dax0.0', 'dax0.1'].map((name) => JSON.stringify([dax(name)])) as [string, string];
  const BOTH = JSON.stringify([dax('dax0.0'), dax('dax0.1')]);
  const OLD = JSON.stringify([{ id: 0, size: 2 ** 31, align: 2 ** 21 }]);
  const WITHIN = JSON.stringify([{ id: 0, size: 2 ** 31, align: 2 ** 21, devices: [dax('dax0.0')] }]);
  const devices = (...texts: readonly string[]) => [
    ...hostAfter(...texts).made.host.tables.dax_devices.values(),
  ];

  test.each([
    ['one device', [HMEM, ONE]],
    ['two devices', [HMEM, BOTH]],
    ['two devices, one by one', [HMEM, ONE, OTHER]],
  ])('%s of one region', (_name, texts) => {
    for (const order of [texts, [...texts].reverse(), [...texts.slice(1), texts[0]!]]) {
      expect(new Set(devices(...order).map(({ provider }) => provider))).toEqual(new Set(['hmem']));
      const [only, ...others] = JSON.parse(printed(hostAfter(...order), 'daxctl')) as {
        path: string;
        devices: [];
      }[];
      expect([only?.path, only?.devices.length, others]).toEqual([
        '/platform/hmem.0',
        devices(...order).length,
        [],
      ]);
    }
  });

  test.each([
    ['alone, and its devices without it', [OLD, ONE, OTHER]],
    ['alone, and its device within it', [OLD, WITHIN]],
    ['alone, and some of its devices within it', [OLD, WITHIN, OTHER]],
    ['alone, and its devices with a path', [OLD, HMEM, BOTH]],
    ['alone, and another of its id around a device', [OLD, WITHIN.replace('2147483648', '1073741824'), BOTH]],
  ])('a region without a path %s: no order tells whose it is', (_name, texts) => {
    const [first, ...others] = permutationsOf(texts).map((order) => stateOf(hostAfter(...order)));
    for (const other of others) expect(other).toEqual(first);
  });

  test('a region without a path is exported as it was told, until one says as much', () => {
    const exported = (...texts: readonly string[]) =>
      JSON.parse(printed(hostAfter(...texts), 'daxctl')) as object;
    const [old] = JSON.parse(OLD) as object[];
    expect(exported(OLD)).toEqual([old]);
    expect(exported(OLD, ONE)).toEqual([{ id: 0, devices: [dax('dax0.0')] }, old]);
    expect(exported(OLD, WITHIN)).toEqual([{ ...old, devices: [dax('dax0.0')] }]);
    const rounded = JSON.stringify([{ ...old, size: '2.00 GiB (2.15 GB)' }]);
    expect(exported(WITHIN, rounded)).toEqual([{ ...old, devices: [dax('dax0.0')] }]);
  });

  test('a path through a CXL region tells that region', () => {
    const cxl = JSON.stringify([
      { region: 'region0', resource: 2 ** 36, size: 2 ** 31, type: 'ram', interleave_ways: 1 },
    ]);
    for (const order of [
      [cxl, CXL, ONE],
      [cxl, ONE, CXL],
      [ONE, CXL, cxl],
    ]) {
      expect(devices(...order)).toMatchObject([{ cxl_region: 'region0', cxl_region_from: 'listed' }]);
    }
  });
});
