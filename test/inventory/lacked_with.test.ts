import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KnownInventory } from '../../src/inventory/known_inventory.ts';
import { listedCard, listedCxlRegion, listedDax } from '../support/listed_cards.ts';
import { cases } from '../support/property.ts';
import { importInto, knownAfter } from './support/host.ts';
import { recorded, recordedInventories } from './support/recordings.ts';
import { OBJECT_GAPS, thinned } from './support/thinned.ts';

const GIB = 2 ** 30;

const namespace = (region: number, at: number) => ({
  dev: `namespace${String(region)}.${String(at)}`,
  mode: 'fsdax',
  map: 'dev',
  size: GIB,
  blockdev: `pmem${String(region)}.${String(at)}`,
});
const region = (at: number) => ({
  dev: `region${String(at)}`,
  size: 4 * GIB,
  available_size: GIB,
  type: 'pmem',
  namespaces: [namespace(at, 1)],
});
const bus = (at: number) => ({
  provider: 'ACPI.NFIT',
  dev: `ndbus${String(at)}`,
  dimms: [{ dev: `nmem${String(at)}` }],
  regions: [region(at)],
});
const text = (...values: unknown[]): string => values.map((value) => JSON.stringify(value)).join('\n');

/** What a listing lacks, and whether a complete one ends just that. */
function lacking(known: KnownInventory, lacks: string): readonly string[] {
  const { absent } = importInto(known, lacks);
  const whole = importInto(known, lacks, true);
  const ended = whole.devices.filter(({ change }) => change === 'gone').map(({ record }) => record.name);
  const gone = whole.host_objects.filter(({ change }) => change === 'gone');
  const missed = absent.filter(({ reason }) => reason === 'not listed');
  const devices = missed.flatMap(({ dax_device: device }) => device ?? []);
  expect(devices.sort()).toEqual(ended.sort());
  const objects = missed.filter(({ kind, dax_device: device }) => device === null && kind !== 'namespace');
  expect(objects.map(({ kind, name }) => `${kind} ${name}`)).toEqual(
    gone.map(({ kind, name }) => `${kind} ${name}`),
  );
  expect(whole.absent).toEqual(absent.filter(({ reason }) => reason !== 'not listed'));
  return absent.map(({ kind, name, dax_device: device, reason }) =>
    [kind, name, ...(device === null ? [] : [device]), ...(reason === 'not listed' ? [] : [reason])].join(
      ' ',
    ),
  );
}

describe('[IMP53] what is absent is what a complete listing ends [IMP17] [IMP18]', () => {
  test('a region without a known bus, and its devices', () => {
    const known = knownAfter(text({ regions: [region(0), region(1)] }));
    expect(lacking(known, text({ regions: [region(0)] }))).toEqual([
      'namespace namespace1.1 pmem1.1',
      'region region1',
    ]);
    expect(lacking(known, text([{ ...region(0), namespaces: [] }]))).toEqual([
      'namespace namespace1.1 pmem1.1',
      'region region1',
    ]);
    expect(lacking(known, text([namespace(0, 1)]))).toEqual(['namespace namespace1.1 pmem1.1']);
  });

  test('a bus, its dimms, its regions and their devices', () => {
    const known = knownAfter(text([bus(0), bus(1)]));
    expect(lacking(known, text([bus(0)]))).toEqual([
      'namespace namespace1.1 pmem1.1',
      'bus ndbus1',
      'dimm nmem1',
      'region region1',
    ]);
    const details = importInto(known, text([{ ...bus(0), dimms: [], regions: [] }])).absent.map(
      ({ name, detail }) => [name, /^it stands on (\w+ \w+)/.exec(detail)?.[1]],
    );
    expect(details).toEqual([
      ['namespace1.1', 'region region1'],
      ['ndbus1', undefined],
      ['nmem1', 'bus ndbus1'],
      ['region1', 'bus ndbus1'],
    ]);
  });

  test('a region of a known bus, and its devices', () => {
    const one = { ...bus(0), regions: [region(0), region(1)] };
    expect(lacking(knownAfter(text([one])), text([bus(0)]))).toEqual([
      'namespace namespace1.1 pmem1.1',
      'region region1',
    ]);
  });

  test('a CXL region, and its dax devices', () => {
    const known = knownAfter(text([listedCxlRegion(0), listedCxlRegion(1)]));
    expect(lacking(known, text([listedCxlRegion(0)]))).toEqual([
      'dax_device dax1.0 dax1.0',
      'cxl_region region1',
    ]);
    expect(lacking(known, text([listedCxlRegion(0, {})]))).toEqual([
      'dax_device dax1.0 dax1.0',
      'cxl_region region1',
    ]);
  });

  test('a CXL bus, and all that is behind it but the cards, which are on PCI', () => {
    const known = knownAfter(
      recorded('cxl.region-devdax@6.12', 'cxl list -vvv'),
      recorded('cxl.region-devdax@6.12', 'ndctl list -RBNDMXvi'),
    );
    const missed = lacking(known, text([{ bus: 'root9' }]));
    expect(missed).toEqual([
      'namespace namespace0.0 dax0.0',
      'region region0',
      'cxl_bus root0',
      'port port1',
      'endpoint endpoint2',
      ...known.host.decoders.map(({ name }) => `decoder ${name}`),
      'cxl_region region0',
    ]);
  });

  test('a dax region of daxctl that has no device', () => {
    const alone = (at: number) => ({ path: `/platform/hmem.${String(at)}`, id: at, size: GIB, align: 4096 });
    const known = knownAfter(text([alone(0), alone(1)]));
    const { absent } = importInto(known, text([alone(0)]));
    expect(absent).toMatchObject([{ kind: 'dax_region', name: '/platform/hmem.1', reason: 'not listed' }]);
    const whole = importInto(known, text([alone(0)]), true);
    expect([whole.absent, whole.host.dax_regions.map(({ name }) => name)]).toEqual([
      [],
      ['/platform/hmem.0'],
    ]);
  });

  test('a memdev, and the devices of the region that has no driver without it', () => {
    const known = knownAfter(text([listedCard(0), listedCard(1)], [listedCxlRegion(0), listedCxlRegion(1)]));
    expect(lacking(known, text([listedCard(0)]))).toEqual(['dax_device dax1.0 dax1.0', 'memdev mem1']);
    const reset = listedCxlRegion(1, { decode_state: 'reset', state: 'disabled', mappings: [] });
    expect(lacking(known, text([listedCard(0), listedCxlRegion(0), reset]))).toEqual([
      'dax_device dax1.0 dax1.0',
      'memdev mem1',
    ]);
  });

  test('but not those of a region that decodes to another memdev now', () => {
    const known = knownAfter(text([listedCard(0), listedCard(1)], [listedCxlRegion(0), listedCxlRegion(1)]));
    const mappings = [{ position: 0, memdev: 'mem0', decoder: 'decoder2.1' }];
    const moved = listedCxlRegion(1, { mappings });
    expect(lacking(known, text([listedCard(0), listedCxlRegion(0), moved]))).toEqual(['memdev mem1']);
  });

  test('decoders of size 0 only where idle ones are listed', () => {
    const decoders = [0, 1, 2].map((at) => ({ decoder: `decoder2.${String(at)}`, size: at * GIB }));
    const known = knownAfter(text(decoders));
    expect(lacking(known, text([decoders[2]]))).toEqual(['decoder decoder2.1']);
    expect(lacking(known, text([decoders[0]]))).toEqual(['decoder decoder2.1', 'decoder decoder2.2']);
    expect(lacking(known, text([{ decoder: 'decoder3.0' }]))).toHaveLength(3);
  });

  test('but no nd region whose CXL region has no driver', () => {
    const known = knownAfter(text({ regions: [region(0), region(1)] }));
    const idle = { ...known, idle_regions: new Set(['region1']) };
    expect(lacking(idle, text([{ ...region(0), namespaces: [] }]))).toEqual([]);
  });
});

describe('[IMP54] what another object of a listing tells is there stays, complete or not', () => {
  test('a region of a namespace', () => {
    const known = knownAfter(text([bus(0), bus(1)]));
    expect(lacking(known, text([{ dev: 'ndbus0' }], [namespace(1, 1)]))).toEqual([
      'namespace namespace0.1 pmem0.1',
      'bus ndbus1 still told',
    ]);
    expect(lacking(known, text([region(0)], [namespace(1, 1)]))).toEqual(['region region1 still told']);
  });

  test('a device that is listed as its namespace, or as its dax device', () => {
    const devdax = {
      ...namespace(0, 1),
      mode: 'devdax',
      blockdev: undefined,
      daxregion: { id: 0, devices: [listedDax(0)] },
    };
    const known = knownAfter(text([devdax], [listedDax(3)]));
    const { chardev } = listedDax(0);
    const named = { ...devdax, daxregion: undefined, chardev };
    expect(lacking(known, text([named], [listedDax(3)]))).toEqual([]);
    expect(lacking(known, text([{ ...named, chardev: undefined }], [listedDax(3)]))).toEqual([
      'dax_device dax0.0 dax0.0 still told',
    ]);
    expect(lacking(known, text([namespace(9, 0)], [listedDax(0)]))).toEqual([
      'namespace namespace0.1 dax0.0 still told',
      'dax_device dax3.0 dax3.0',
    ]);
  });

  test.each([
    ['its endpoint', [{ endpoint: 'endpoint3', host: 'mem1' }]],
    ['a region with it', [listedCxlRegion(1)]],
    ['a region that decodes', [listedCxlRegion(1, { mappings: undefined })]],
    ['a region with a driver', [listedCxlRegion(1, { mappings: undefined, decode_state: undefined })]],
    ['a device on its region', [listedDax(1)]],
  ])('a memdev by %s', (_, other) => {
    const known = knownAfter(text([listedCard(0), listedCard(1)], [listedCxlRegion(1)]));
    expect(lacking(known, text([listedCard(0)], other))).toEqual(['memdev mem1 still told']);
  });

  test('a CXL region by a device on it, or by a decoder', () => {
    const known = knownAfter(text([listedCxlRegion(0), listedCxlRegion(1)]));
    expect(lacking(known, text([listedCxlRegion(0, {})], [listedDax(1), listedDax(0)]))).toEqual([
      'cxl_region region1 still told',
    ]);
    const decoder = { decoder: 'decoder3.0', size: GIB, region: 'region1' };
    expect(lacking(known, text([listedCxlRegion(0), decoder]))).toEqual(['cxl_region region1 still told']);
  });
});

test('[IMP17] [IMP18] of any recorded listing with any gaps', () => {
  const machines = recordedInventories().filter(({ listings }) => listings.size > 0);
  const drawn = fc.constantFrom(...machines).chain(({ listings }) => {
    const texts = [...listings.values()].filter((listing) => listing.length > 4);
    return fc.record({ texts: fc.constant(texts), thin: fc.constantFrom(...texts), gaps: OBJECT_GAPS });
  });
  fc.assert(
    fc.property(drawn, ({ texts, thin, gaps }) => {
      const known = knownAfter(...texts);
      const lacks = thinned(thin, gaps);
      if (!/[{]/.test(lacks)) return;
      const [part, whole] = [importInto(known, lacks), importInto(known, lacks, true)];
      const missed = part.absent.filter(({ reason }) => reason === 'not listed');
      const goneIn = ({ devices, host_objects: objects }: typeof part) => [
        ...devices.filter(({ change }) => change === 'gone').map(({ record }) => record.name),
        ...objects.filter(({ change }) => change === 'gone').map(({ kind, name }) => `${kind} ${name}`),
      ];
      const told = missed
        .filter(({ kind, dax_device: device }) => device !== null || !/namespace|dax_/.test(kind))
        .map(({ kind, name, dax_device: device }) => device ?? `${kind} ${name}`);
      expect(new Set(goneIn(whole))).toEqual(new Set([...goneIn(part), ...told]));
    }),
    cases(150),
  );
});
