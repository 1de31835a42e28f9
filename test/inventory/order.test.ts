import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cases } from '../support/property.ts';
import { hostAfter, stateOf } from './support/played.ts';
import { recordedInventories } from './support/recordings.ts';

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
});
