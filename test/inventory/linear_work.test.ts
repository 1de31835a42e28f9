import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listedCxl } from '../../src/app/listed_cxl.ts';
import { cxlRegionAt } from '../../src/inventory/cxl_region_by_address.ts';
import { cxlRegionOf, cxlRegionOfRegion } from '../../src/inventory/cxl_region_of.ts';
import { importListing } from '../../src/inventory/import_listing.ts';
import { isetIdOf } from '../../src/inventory/iset_id.ts';
import { toCount, toU64 } from '../../src/inventory/number.ts';
import {
  EMPTY_HOST,
  type InventoryHostRecord,
  type ListedObject,
  type ListedRecord,
} from '../../src/inventory/record.ts';
import { countReads } from './support/counted.ts';
import { knownAfter } from './support/host.ts';
import { cases } from '../support/property.ts';

const FEW = 30;
const MANY = 120;
const GIB = 2 ** 30;

/** How many times the reads are those of a quarter of the records: 4 where the work is linear, 16 where squared. */
function growth(readsOf: (records: number) => number): number {
  return readsOf(MANY) / readsOf(FEW);
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

function table(count: number, name: string, parent: string | null, fieldsOf: (at: number) => ListedObject) {
  return numbers(count).map(
    (at): ListedRecord => ({ name: name + String(at), parent, fields: fieldsOf(at) }),
  );
}

/** Memdevs with an endpoint, a decoder, a CXL and an nd region each; `told`: the decoders say where theirs begin. */
function fleetOf(count: number, told = true): InventoryHostRecord {
  const iset_id = (at: number): string => `0x${isetIdOf([{ dpa: 0n, serial: BigInt(at + 1) }]).toString(16)}`;
  return {
    ...EMPTY_HOST,
    buses: [{ name: 'ndbus0', parent: null, fields: { provider: 'CXL' } }],
    memdevs: table(count, 'mem', null, (at) => ({ memdev: `mem${String(at)}`, serial: at + 1 })),
    endpoints: table(count, 'endpoint', null, (at) => ({ host: `mem${String(at)}` })),
    decoders: table(count, 'decoder', null, (at) => ({
      region: `region${String(at)}`,
      ...(told ? { dpa_resource: 0 } : {}),
    })).map((record, at) => ({ ...record, parent: `endpoint${String(at)}` })),
    cxl_regions: table(count, 'region', null, (at) => ({
      resource: at * GIB,
      size: GIB,
      mappings: [{ position: 0, memdev: `mem${String(at)}`, decoder: `decoder${String(at)}` }],
    })),
    regions: table(count, 'region', 'ndbus0', (at) => ({
      size: GIB,
      iset_id: iset_id(at),
      mappings: [{ position: 0, offset: 0, dimm: `nmem${String(at)}` }],
    })),
    dimms: table(count, 'nmem', 'ndbus0', (at) => ({ id: String(at + 1) })),
  };
}

describe('work on a listing grows with what it lists, not with its square:', () => {
  test.each([true, false])('memdevs and regions of `cxl list`, decoders told: %s', (told) => {
    const host = fleetOf(FEW, told);
    expect(listedCxl(host).memdevs.map(({ nmem }) => nmem)).toEqual(host.dimms.map(({ name }) => name));
    expect(growth((count) => countReads(fleetOf(count, told), listedCxl))).toBeLessThan(5);
  });

  test('memdevs of regions that show no mappings', () => {
    const bare = (count: number): InventoryHostRecord => {
      const host = fleetOf(count);
      const cxl_regions = host.cxl_regions.map(
        ({ fields: { mappings: _mappings, ...fields }, ...region }) => ({
          ...region,
          fields,
        }),
      );
      return { ...host, cxl_regions };
    };
    expect(listedCxl(bare(FEW)).regions.map(({ mappings }) => mappings.length)).toEqual(Array(FEW).fill(1));
    expect(growth((count) => countReads(bare(count), listedCxl))).toBeLessThan(5);
  });

  test.each([
    [
      'its nd region',
      (host: InventoryHostRecord, at: number) => cxlRegionOfRegion(host, `region${String(at)}`),
    ],
    [
      'its address',
      (host: InventoryHostRecord, at: number) => {
        const dax_device = { mappings: [{ start: at * GIB + 1 }] };
        const parts = { namespace: null, dax_region: null, dax_device };
        return cxlRegionOf(host, parts, null)?.cxl_region;
      },
    ],
  ])('the CXL region of every device, by %s', (_by, regionOf) => {
    const regionsOf = (count: number) => (host: InventoryHostRecord) =>
      numbers(count).map((at) => regionOf(host, at));
    expect(regionsOf(FEW)(fleetOf(FEW))).toEqual(numbers(FEW).map((at) => `region${String(at)}`));
    expect(growth((count) => countReads(fleetOf(count), regionsOf(count)))).toBeLessThan(5);
  });

  test('dax regions listed without their devices', () => {
    const factor = growth((count) => {
      const devices = numbers(count).map((at) => ({
        chardev: `dax${String(at)}.0`,
        size: GIB,
        mode: 'devdax',
      }));
      const regions = numbers(count).map((at) => ({
        path: `/platform/hmem.${String(at)}`,
        id: at,
        size: GIB,
      }));
      return countReads(knownAfter(JSON.stringify(devices)), (known) =>
        importListing(known, JSON.stringify(regions)),
      );
    });
    expect(factor).toBeLessThan(5);
  });
});

test('an address lies in the first listed of the regions that hold it, however they overlap', () => {
  const region = fc.record({ resource: fc.nat(40), size: fc.nat(15) });
  fc.assert(
    fc.property(fc.array(region, { maxLength: 12 }), (listed) => {
      const regions = table(listed.length, 'region', null, (at) => listed[at]!);
      for (const address of numbers(60).map(BigInt)) {
        const first = regions.find(({ fields }) => holds(fields, address));
        expect(cxlRegionAt(regions, address)).toBe(first ?? null);
      }
    }),
    cases(),
  );
});

function holds({ resource, size }: ListedObject, address: bigint): boolean {
  const start = toU64(resource)!;
  return address >= start && address < start + BigInt(toCount(size)!);
}
