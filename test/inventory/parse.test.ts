import { describe, expect, it } from 'vitest';
import type { Listing } from '../../src/inventory/listing.ts';
import { isRefusal, LISTING_LENGTH_MAX, readListings } from '../../src/inventory/parse.ts';
import { importInto, knownAfter, NOTHING, refusalOf } from './support/host.ts';
import { otherListing, recorded } from './support/recordings.ts';

function parsed(text: string): Listing {
  const reading = readListings(text);
  if (isRefusal(reading)) throw new Error(reading.detail);
  const [listing] = reading.listings;
  return listing!;
}
const shapeOf = (text: string): readonly string[] =>
  parsed(text).items.map(({ kind, name, parent }) => `${kind} ${name} in ${parent ?? '-'}`);

describe('what a listing is', () => {
  it.each(['', '\n', '[ ]', '[\n]\n', '[]'])('[M116] [M117] %j is an empty listing', (text) => {
    expect(importInto(NOTHING, text)).toMatchObject({ format: 'empty', devices: [], skipped: [] });
  });

  it('[M118] takes the single object of -u', () => {
    expect(shapeOf(recorded('nvdimm.fsdax@6.12', 'ndctl list -RBNDMXvu'))).toEqual([
      'bus ndbus0 in -',
      'dimm nmem0 in ndbus0',
      'region region0 in ndbus0',
      'namespace namespace0.0 in region0',
    ]);
  });

  it('takes an object of lists, with several kinds and no bus', () => {
    expect(shapeOf(otherListing('ndctl-NMDiv.fsdax-disabled@6.12'))).toEqual([
      'dimm nmem0 in -',
      'namespace namespace0.1 in region0',
      'namespace namespace0.0 in region0',
    ]);
    expect(parsed(otherListing('ndctl-NMR.badblocks-fsdax@7.3')).format).toBe('ndctl');
  });

  it('[M152] takes an array with one object per kind', () => {
    const listing = parsed(otherListing('cxl-vvv.memdev-disabled@6.1'));
    expect(listing.format).toBe('cxl');
    expect(listing.items.map(({ kind }) => kind)).toContain('memdev');
    expect(listing.items.map(({ kind }) => kind)).toContain('cxl_region');
  });

  it('takes the single object that create-namespace and create-region print', () => {
    expect(shapeOf(otherListing('ndctl-create-namespace.devdax@6.12'))).toEqual([
      'namespace namespace0.0 in region0',
      'dax_region 0 in namespace0.0',
      'dax_device dax0.0 in namespace0.0',
    ]);
    expect(shapeOf(otherListing('cxl-create-region.two@7.3'))).toEqual(['cxl_region region0 in -']);
  });

  it('tells cxl objects by their keys: an endpoint has a memdev, a decoder has a region', () => {
    const kinds = parsed(recorded('cxl.region@6.12', 'cxl list -vvv')).items.map(({ kind }) => kind);
    expect(kinds).toEqual([
      'cxl_bus',
      'port',
      'endpoint',
      'memdev',
      'decoder',
      'decoder',
      'decoder',
      'cxl_region',
    ]);
  });

  it('[M129] tells two dax regions with one id apart', () => {
    const both = [0, 1].map((index) => ({
      path: `/platform/ACPI0012:00/ndbus0/region0/dax0.${index}`,
      id: 0,
      size: 262144000,
      align: 2097152,
      devices: [{ chardev: `dax0.${index}`, size: 262144000, align: 2097152, mode: 'devdax' }],
    }));
    const { devices } = importInto(NOTHING, JSON.stringify(both));
    expect(devices.map(({ record }) => [record.name, record.listed.dax_region?.['path']])).toEqual([
      ['dax0.0', both[0]!.path],
      ['dax0.1', both[1]!.path],
    ]);
  });
});

describe('numbers and unknown keys', () => {
  it('[M120] keeps an iset_id above 2^53', () => {
    const exact = { $number: '52512752653219036' };
    for (const command of ['ndctl list -RBNDMXv', 'ndctl list -RBNDMXvu']) {
      expect(knownAfter(recorded('nvdimm.fsdax@6.12', command)).host.regions[0]!.fields['iset_id']).toEqual(
        exact,
      );
    }
  });

  it('keeps a serial of 64 bits', () => {
    const { host } = knownAfter(
      '[{"memdev":"mem0","pmem_size":1024,"serial":18446744073709551615,"host":"0000:0d:00.0"}]',
    );
    expect(host.memdevs[0]!.fields['serial']).toEqual({ $number: '18446744073709551615' });
  });

  it('[M119] reads hex strings, zero as "0"', () => {
    const { host } = knownAfter(recorded('nvdimm.system-ram@6.12', 'ndctl list -RBNDMXvu'));
    expect(host.dimms[0]!.fields).toMatchObject({ handle: 1, phys_id: 0 });
    expect(host.regions[0]!.fields).toMatchObject({
      size: 1073741824,
      align: 16777216,
      available_size: 0,
      mappings: [{ dimm: 'nmem0', offset: 0, length: 1073741824, position: 0 }],
    });
  });

  it('keeps keys that it does not know, whatever they hold', () => {
    const text =
      '[{"dev":"namespace0.0","mode":"raw","size":4096,"blockdev":"pmem0","new":{"deep":[1.50,null,-0]},"__proto__":{"a":1}}]';
    const { namespace } = knownAfter(text).devices[0]!.listed;
    expect(namespace!['new']).toEqual({ deep: [{ $number: '1.50' }, null, { $number: '-0' }] });
    expect(Object.keys(namespace!)).toContain('__proto__');
    expect(({} as { a?: number }).a).toBeUndefined();
  });
});

describe('misuse', () => {
  it('refuses ten million characters without reading them', () => {
    const text = `"${'x'.repeat(10_000_000)}"`;
    expect(refusalOf(text)).toMatchObject({ code: 'too_large' });
    expect(refusalOf(`${' '.repeat(LISTING_LENGTH_MAX)}1`).code).toBe('too_large');
  });

  it('reads a listing of many devices at a steady pace', () => {
    const many = Array.from({ length: 4000 }, (_, index) => ({
      dev: `namespace${index}.0`,
      mode: 'raw',
      size: 1073741824,
      blockdev: `pmem${index}`,
    }));
    expect(importInto(NOTHING, JSON.stringify(many)).devices).toHaveLength(4000);
  });
});
