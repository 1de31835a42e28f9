import { describe, expect, test } from 'vitest';
import { hostAfter, printed, stateOf } from './support/played.ts';

const SIZE = 2 ** 36;

/** An nd region over nmem0 of that id, and the CXL region over the card of that serial, as ndctl and cxl list them. */
function listed(id: string, serial: string): readonly [ndctl: string, cxl: string] {
  const ndctl = [
    {
      provider: 'CXL',
      dev: 'ndbus0',
      dimms: [{ dev: 'nmem0', id }],
      regions: [
        {
          dev: 'region7',
          size: SIZE,
          type: 'pmem',
          mappings: [{ dimm: 'nmem0', offset: 0, length: SIZE, position: 0 }],
          namespaces: [{ dev: 'namespace7.0', mode: 'raw', size: SIZE, blockdev: 'pmem7' }],
        },
      ],
    },
  ];
  const cxl = `[{"memdevs":[{"memdev":"mem0","pmem_size":${String(SIZE)},"serial":${serial},"host":"0000:0c:00.0"}]},
    {"regions":[{"region":"region7","resource":45365592064,"size":${String(SIZE)},"type":"pmem","interleave_ways":1,
    "interleave_granularity":256,"decode_state":"commit","mappings":[{"position":0,"memdev":"mem0","decoder":"decoder3.0"}]}]}]`;
  return [JSON.stringify(ndctl), cxl];
}

describe('[M131] the id of a CXL nmem is the serial of its card in decimal', () => {
  test.each([
    ['9', '9', '0x9'],
    ['4660', '4660', '0x1234'],
    ['-2', '18446744073709551614', '0xfffffffffffffffe'],
    ['18446744073709551614', '18446744073709551614', '0xfffffffffffffffe'],
    ['-2', '-2', '0xfffffffffffffffe'],
  ])('%s of serial %s', (id, serial, media_serial) => {
    const [ndctl, cxl] = listed(id, serial);
    for (const texts of [
      [ndctl, cxl],
      [cxl, ndctl],
    ]) {
      const { tables } = hostAfter(...texts).made.host;
      expect(tables.dax_devices.get('pmem7')).toMatchObject({ cxl_region: 'region7', media_serial });
      expect(tables.cxl_memdevs.get('mem0')).toMatchObject({ nmem: 'nmem0', serial: media_serial });
    }
  });

  test('another one is another card', () => {
    const [ndctl, cxl] = listed('4661', '4660');
    const { tables } = hostAfter(cxl, ndctl).made.host;
    expect(tables.dax_devices.get('pmem7')).toMatchObject({ cxl_region: null, media_serial: '0x1235' });
    expect(tables.cxl_memdevs.get('mem0')).toMatchObject({ nmem: null });
  });
});

test('[IMP22, IMP39] an interleave set is the same in whatever notation, and keeps what was told of its region', () => {
  const region = (iset_id: string, more: string) =>
    `[{"dev":"region2","size":268435456000,"type":"pmem","iset_id":${iset_id}${more}}]`;
  const full = ',"numa_node":1,"badblock_count":1,"badblocks":[{"offset":8,"length":1}]';
  const namespace = '[{"dev":"namespace2.0","mode":"raw","size":268435456000,"blockdev":"pmem2"}]';
  const told = region('-3280912044938415054', full);
  const alone = hostAfter(told, namespace);
  expect(alone.made.host.tables.dax_devices.get('pmem2')?.badblocks).toEqual([{ offset: 8, length: 1 }]);
  for (const same of ['15165832028771136562', '"0xd277dbe0ce253432"']) {
    const again = region(same, ',"badblock_count":1');
    expect(stateOf(hostAfter(told, namespace, again)).records).toEqual(stateOf(alone).records);
    expect(stateOf(hostAfter(told, namespace, again))).toEqual(stateOf(hostAfter(again, namespace, told)));
  }
  const other = hostAfter(told, namespace, region('15165832028771136563', ''));
  expect(printed(other, 'ndctl')).not.toContain('numa_node');
});
