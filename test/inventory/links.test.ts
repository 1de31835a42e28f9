import { describe, expect, test } from 'vitest';
import { deviceOf, knownAfter } from './support/host.ts';

const GIB = 2 ** 30;

const region = (name: string, more: object = {}) => ({
  region: name,
  resource: 64 * GIB,
  size: 4 * GIB,
  type: 'ram',
  decode_state: 'commit',
  mappings: [{ position: 0, memdev: 'mem0', decoder: 'decoder2.0' }],
  ...more,
});
const dax = (more: object = {}) => ({ chardev: 'dax3.0', size: 4 * GIB, mode: 'devdax', ...more });
const nd = (provider: string, more: object, id = '7') => ({
  provider,
  dev: 'ndbus0',
  dimms: [{ dev: 'nmem0', id }],
  regions: [
    {
      dev: 'region3',
      size: 4 * GIB,
      mappings: [{ dimm: 'nmem0', offset: 0, length: 4 * GIB, position: 0 }],
      namespaces: [{ dev: 'namespace3.0', mode: 'fsdax', size: GIB, blockdev: 'pmem3' }],
      ...more,
    },
  ],
});
const THIRD_NAMESPACE = { dev: 'namespace3.0', mode: 'fsdax', size: GIB, blockdev: 'pmem3' };
const MEMDEV = { memdev: 'mem0', pmem_size: 4 * GIB, serial: 7, host: '0000:0d:00.0' };
const link = (name: string, ...listings: readonly object[]) => {
  const { cxl_region, cxl_region_from, provider } = deviceOf(
    knownAfter(...listings.map((listing) => JSON.stringify([listing]))),
    name,
  );
  return { cxl_region, cxl_region_from, provider };
};
const NONE = { cxl_region: null, cxl_region_from: null };
const DERIVED = { cxl_region: 'region3', cxl_region_from: 'derived', provider: 'CXL' };

describe('[IMP30] daxN.M stands on CXL region N', () => {
  test('in whichever order they are listed', () => {
    expect(link('dax3.0', region('region3'), dax())).toEqual(DERIVED);
    expect(link('dax3.0', dax(), region('region3'))).toEqual(DERIVED);
  });

  test.each([
    ['no region has its number', region('region4'), dax()],
    ['it is larger than the region', region('region3', { size: GIB }), dax()],
    ['its address lies outside', region('region3'), dax({ mappings: [{ start: GIB, end: 2 * GIB - 1 }] })],
    ['its path leads elsewhere', region('region3'), { id: 3, path: '/platform/hmem.3', devices: [dax()] }],
  ])('not where %s', (_why, cxl, listed) => {
    expect(link('dax3.0', cxl, listed)).toMatchObject(NONE);
  });

  test('its address is stronger than its number', () => {
    const other = region('region9', { resource: 256 * GIB });
    const listing = [region('region3'), other];
    const known = knownAfter(
      JSON.stringify(listing),
      JSON.stringify([dax({ mappings: [{ start: 256 * GIB, end: 257 * GIB - 1 }] })]),
    );
    expect(deviceOf(known, 'dax3.0')).toMatchObject({ ...DERIVED, cxl_region: 'region9' });
  });
});

describe('[IMP30] nd region N lies on CXL region N', () => {
  const pmem = region('region3', { type: 'pmem' });

  test('on a CXL bus, and where the bus is not told', () => {
    expect(link('pmem3', MEMDEV, pmem, nd('CXL', {}))).toEqual(DERIVED);
    expect(link('pmem3', pmem, THIRD_NAMESPACE)).toEqual(DERIVED);
  });

  test.each([
    ['the bus is another', nd('ACPI.NFIT', {}), pmem],
    ['the sizes differ', nd('CXL', { size: 8 * GIB }), pmem],
    ['the dimm is another card', nd('CXL', {}, '8'), pmem],
    ['it has more dimms', nd('CXL', { mappings: [{ dimm: 'nmem0' }, { dimm: 'nmem1' }] }), pmem],
    ['the CXL region is of ram', nd('CXL', {}), region('region3')],
    [
      'the namespace alone is told, and is larger',
      THIRD_NAMESPACE,
      region('region3', { type: 'pmem', size: GIB - 1 }),
    ],
    [
      'the namespace alone is told, larger as rounded',
      { ...THIRD_NAMESPACE, size: '1024.00 MiB (1073.74 MB)' },
      region('region3', { type: 'pmem', size: '1023.98 MiB (1073.72 MB)' }),
    ],
    [
      'the address of its dax device lies outside',
      {
        ...THIRD_NAMESPACE,
        mode: 'devdax',
        blockdev: undefined,
        daxregion: { devices: [dax({ size: GIB, mappings: [{ start: GIB, end: 2 * GIB - 1 }] })] },
      },
      region('region3', { type: 'pmem' }),
    ],
  ])('not where %s', (_why, bus, cxl) => {
    const name = JSON.stringify(bus).includes('dax3.0') ? 'dax3.0' : 'pmem3';
    expect(link(name, MEMDEV, cxl, bus)).toMatchObject(NONE);
    expect(link(name, bus, MEMDEV, cxl)).toMatchObject(NONE);
  });
});

describe('[IMP31] a dax region inside a CXL region', () => {
  test('is listed there, without a path, whatever its number', () => {
    const daxregion = { id: 5, size: 4 * GIB, devices: [{ ...dax(), chardev: 'dax5.0' }] };
    expect(link('dax5.0', region('region3', { daxregion }))).toEqual({
      ...DERIVED,
      cxl_region_from: 'listed',
    });
  });
});

describe('[IMP32] the provider', () => {
  test.each(['ibm,persistent-memory:ibm,pmemory@44100001', 'nfit_test.0', 'of_pmem', 'ACPI.NFIT'])(
    'is told: %s',
    (provider) => {
      expect(link('pmem3', nd(provider, {}))).toEqual({ ...NONE, provider });
    },
  );

  test('is not made up', () => {
    expect(link('dax3.0', dax())).toEqual({ ...NONE, provider: null });
  });
});
