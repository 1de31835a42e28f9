import { describe, expect, test } from 'vitest';
import { settle } from '../engine/support.ts';
import { permutationsOf } from './support/permutations.ts';
import { hostAfter, importedInto, stateOf, type PlayedHost } from './support/played.ts';

const SIZE = 2 ** 30;
const START = 2 ** 40;
const text = (...objects: readonly object[]) => JSON.stringify(objects);
const told = (region: object, memdev: object) =>
  text(
    { memdevs: [{ memdev: 'mem0', serial: 5, host: '0000:41:00.0', ...memdev }] },
    { regions: [{ ...REGION, ...region }] },
  );
const REGION = {
  region: 'region0',
  resource: START,
  size: SIZE,
  interleave_ways: 1,
  interleave_granularity: 256,
  decode_state: 'commit',
  mappings: [{ position: 0, memdev: 'mem0', decoder: 'decoder2.0' }],
};
const RAM_CARD = told({ type: 'ram' }, { ram_size: SIZE });
const PMEM_CARD = told({ type: 'pmem' }, { pmem_size: SIZE });
const device = (more: object = {}) => ({
  chardev: 'dax0.0',
  size: SIZE,
  target_node: 2,
  align: 2 ** 21,
  mode: 'devdax',
  ...more,
});
const DAX = text(device());
const HMEM = text({ path: '/platform/hmem.0', id: 0, size: SIZE, align: 2 ** 21, devices: [device()] });
const AWAY = device({
  mappings: [{ page_offset: 0, start: 4 * START, end: 4 * START + SIZE - 1, size: SIZE }],
});
const ELSEWHERE = text(AWAY);
const LARGER = text(device({ size: 2 * SIZE }));
const NAMESPACE = {
  dev: 'namespace0.0',
  mode: 'fsdax',
  map: 'dev',
  size: SIZE / 2,
  uuid: '11111111-2222-4333-8444-555555555544',
  sector_size: 512,
  align: 2 ** 21,
  blockdev: 'pmem0',
};
const LEGACY_BUS = text({
  provider: 'e820',
  dev: 'ndbus0',
  regions: [{ dev: 'region0', size: 2 * SIZE, type: 'pmem', namespaces: [NAMESPACE] }],
});
const DAX_ON_REGION_4 = text({
  path: '/platform/ACPI0017:00/root0/decoder0.1/region4/dax_region4',
  id: 4,
  size: SIZE,
  align: 2 ** 21,
  devices: [device()],
});
const REGION_4 = text({
  regions: [{ ...REGION, type: 'ram', region: 'region4', resource: 8 * START, mappings: [] }],
});

const MEMDEV = text({ memdev: 'mem0', serial: 5, host: '0000:41:00.0', pmem_size: SIZE });
const REGION_ALONE = text({ ...REGION, type: 'pmem' });
const OTHER_SET = text({
  provider: 'CXL',
  dev: 'ndbus0',
  regions: [
    {
      dev: 'region0',
      size: SIZE,
      type: 'pmem',
      iset_id: 7,
      mappings: [{ dimm: 'nmem0', offset: 0, length: SIZE, position: 0 }],
      namespaces: [NAMESPACE],
    },
  ],
});

function standingIn({ made }: PlayedHost): readonly (readonly unknown[])[] {
  return [...made.host.tables.dax_devices.values()].map(
    ({ cxl_region, cxl_region_from, provider, media_serial }) => [
      cxl_region,
      cxl_region_from,
      provider,
      media_serial,
    ],
  );
}
const ON_CARD = ['region0', 'derived', 'CXL', '0x5'];

describe('[IMP30] a link that listings gave a device', () => {
  test.each([
    ['path', [DAX, RAM_CARD, HMEM], 'hmem'],
    ['address', [DAX, RAM_CARD, ELSEWHERE], null],
    ['bus', [text(NAMESPACE), PMEM_CARD, LEGACY_BUS], 'e820'],
    ['interleave set', [OTHER_SET, REGION_ALONE, MEMDEV], 'CXL'],
  ])('is taken back by another %s, as if it had come first', (_what, texts, provider) => {
    expect(standingIn(hostAfter(...texts.slice(0, 2)))[0]).toContain('derived');
    const [first, ...others] = permutationsOf(texts).map((order) => stateOf(hostAfter(...order)));
    for (const other of others) expect(other).toEqual(first);
    expect(standingIn(hostAfter(...texts))).toEqual([[null, null, provider, null]]);
  });

  test.each([
    ['the device is', LARGER],
    ['the region is', told({ type: 'ram', size: SIZE / 2 }, { ram_size: SIZE })],
  ])('is taken back by another size: %s', (_what, later) => {
    expect(standingIn(hostAfter(DAX, RAM_CARD, later))).toEqual([[null, null, null, null]]);
  });

  test('gives way to another one, and takes the serial of its card along', () => {
    const texts = [DAX, RAM_CARD, REGION_4, DAX_ON_REGION_4];
    const [first, ...others] = permutationsOf(texts).map((order) => stateOf(hostAfter(...order)));
    for (const other of others) expect(other).toEqual(first);
    expect(standingIn(hostAfter(...texts))).toEqual([['region4', 'listed', 'CXL', null]]);
  });

  test('goes with its region, and with it how it was known, and what follows from it when it comes back', () => {
    const renumbered = RAM_CARD.replace('"region0"', '"region1"');
    const { host } = importedInto(hostAfter(DAX, RAM_CARD), renumbered, true);
    expect(standingIn(host)).toEqual([[null, null, 'CXL', '0x5']]);
    expect(standingIn(importedInto(host, HMEM).host)).toEqual([[null, null, 'hmem', null]]);
  });

  test('pulls the device with its card no more', () => {
    const removed = ({ made }: PlayedHost) => {
      made.run({ type: 'remove_cxl_memdev', memdev: 'mem0', trigger: 'unbind', via: 'cxl_pci' });
      return [...made.host.tables.removals.values()].map(({ dax_device }) => dax_device);
    };
    expect(removed(hostAfter(DAX, RAM_CARD))).toEqual(['dax0.0']);
    expect(removed(hostAfter(DAX, RAM_CARD, HMEM, ELSEWHERE))).toEqual([]);
  });
});

describe('[IMP30] a link that stays', () => {
  test('is one that a request made, whatever a listing derives or contradicts', () => {
    const [plain, elsewhere] = [DAX, HMEM].map((each) =>
      each.replace('dax0.0', 'dax5.0').replace('hmem.0', 'hmem.5').replace('"id":0', '"id":5'),
    ) as [string, string];
    for (const texts of permutationsOf([plain, elsewhere])) {
      const host = hostAfter(RAM_CARD.replaceAll('region0', 'region5'));
      const on = { provider: 'CXL', cxl: { region: 'region5' } };
      host.made.run({ type: 'create_dax_device', name: 'dax5.0', mode: 'devdax', size: SIZE, ...on });
      const after = texts.reduce((now, each) => importedInto(now, each).host, host);
      expect(standingIn(after).map((standing) => standing.slice(0, 3))).toEqual([
        ['region5', 'listed', 'hmem'],
      ]);
    }
  });

  test.each([
    ['none', HMEM, [null, null, 'hmem', null]],
    ['another', DAX_ON_REGION_4, ['region4', 'listed', 'CXL', null]],
  ])('is that of a removal under way, and the next listing tells %s', (_what, text, then) => {
    const host = hostAfter(DAX, RAM_CARD, REGION_4);
    host.made.run({ type: 'remove_dax_device', dax_device: 'dax0.0', trigger: 'unbind' });
    const during = importedInto(host, text).host;
    expect(standingIn(during)).toEqual([ON_CARD]);
    expect(settle(during.made).state).toBe('completed');
    expect(standingIn(importedInto(during, text).host)).toEqual([then]);
  });
});
