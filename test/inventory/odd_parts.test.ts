import { describe, expect, test } from 'vitest';
import { hostAfter, importedInto, printed } from './support/played.ts';

const DAX = (chardev: string) => ({ chardev, size: 2 ** 30, target_node: 1, align: 2 ** 21, mode: 'devdax' });
const REGION = (at: number) => ({
  dev: `region${String(at)}`,
  size: 2 ** 30,
  type: 'pmem',
  namespaces: [
    { dev: `namespace${String(at)}.0`, mode: 'raw', size: 2 ** 30, blockdev: `pmem${String(at)}` },
  ],
});
const NDCTL = { regions: [REGION(0), REGION(1)] };
const DAXCTL = [0, 1].map((id) => ({
  path: `/platform/hmem.${String(id)}`,
  id,
  devices: [DAX(`dax${String(id)}.0`)],
}));
const ODD = [null, -1, 7, 'x', true, {}, [7], [null], [{}]];

describe('[IMP18] [IMP38] a complete listing of which a part is odd ends nothing', () => {
  test.each(ODD.map((odd) => [JSON.stringify(odd), odd] as const))(
    '%s for what stands in an object',
    (_text, odd) => {
      const cases = [
        [NDCTL, { regions: [{ ...REGION(0), namespaces: odd }, REGION(1)] }],
        [DAXCTL, [{ ...DAXCTL[0], devices: odd }, DAXCTL[1]]],
      ] as const;
      for (const [whole, spoilt] of cases) {
        const { host, answer } = importedInto(hostAfter(JSON.stringify(whole)), JSON.stringify(spoilt), true);
        expect([...host.made.host.tables.dax_devices.values()].map(({ state }) => state)).toEqual([
          'bound',
          'bound',
        ]);
        expect(answer.devices.filter(({ change }) => change === 'gone')).toEqual([]);
      }
    },
  );
});

describe('[IMP38] a word or an address that is none is told, not read, and printed as it was', () => {
  const region = { region: 'region3', resource: 2 ** 36, size: 2 ** 30, type: 'ram', decode_state: 'commit' };
  const card = { memdev: 'mem9', ram_size: 2 ** 30, serial: 1, host: '0000:0c:00.0' };

  test.each([
    ['resource', -1, { resource: null }],
    ['resource', 1.5, { resource: null }],
    ['decode_state', 'resetting', {}],
    ['size', -4096, { size: null }],
    ['interleave_ways', -1, { interleave_ways: null }],
  ])('%s: %s', (key, value, shown) => {
    const listing = [{ memdevs: [card] }, { regions: [{ ...region, [key]: value }] }];
    const { host, answer } = importedInto(hostAfter(), JSON.stringify(listing));
    expect(answer.skipped.filter(({ reason }) => reason === 'invalid value')).toMatchObject([
      { kind: 'cxl_region', name: 'region3', reason: 'invalid value', pointer: `/1/regions/0/${key}` },
    ]);
    expect(host.made.host.tables.cxl_regions.get('region3')).toMatchObject(shown);
    expect(JSON.parse(printed(host, 'cxl'))).toEqual(listing);
  });
});

describe('[IMP36] an array that begins with an odd value', () => {
  const odd = (chardev: string, by: unknown): string => JSON.stringify([by, DAX(chardev)]);
  const names = (text: string): string[] => [...hostAfter(text).made.host.tables.dax_devices.keys()];

  test.each([3, -1, 1.5, null, true, false])('%s is a document, wherever it stands', (by) => {
    expect(names(odd('dax0.0', by))).toEqual(['dax0.0']);
    expect(names(`a warning\n${odd('dax0.0', by)}`)).toEqual(['dax0.0']);
    expect(names(`${odd('dax0.0', 'x')}\n${odd('dax1.0', by)}`)).toEqual(['dax0.0', 'dax1.0']);
  });

  test('and the time of a kernel log before one is none', () => {
    expect(names(`[   12.345678] nd_pmem: up\n[12] more\n${odd('dax0.0', 3)}`)).toEqual(['dax0.0']);
  });
});
