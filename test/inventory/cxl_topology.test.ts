import { describe, expect, it } from 'vitest';
import { cxlRegionOfRegion } from '../../src/inventory/cxl_region_of.ts';
import { dependentsOf, memdevsOf } from '../../src/inventory/cxl_topology.ts';
import { isetIdOf } from '../../src/inventory/iset_id.ts';
import { after, deviceOf, importInto, knownAfter } from './support/host.ts';
import { otherListing, recorded } from './support/recordings.ts';

const FULL = 'ndctl list -RBNDMXvi';
const TREE = 'cxl list -vvv';
const KERNELS = ['6.1', '6.12', '7.3'] as const;

describe.each(KERNELS)('two interleaved memdevs on %s', (kernel) => {
  const name = `cxl2.region-devdax@${kernel}`;
  const known = knownAfter(recorded(name, FULL), recorded(name, TREE));

  it('[M168] memdev, endpoint and decoder belong together by name of the host, never by number', () => {
    const links = memdevsOf(known.host, 'region0');
    const endpoints = { '0x1': 'endpoint3', '0x2': 'endpoint2' };
    for (const { serial, endpoint, decoder, host } of links) {
      expect(endpoint).toBe(endpoints[serial as keyof typeof endpoints]);
      expect(decoder).toBe(endpoint!.replace('endpoint', 'decoder').concat('.0'));
      expect(host).toBe(serial === '0x1' ? '0000:0d:00.0' : '0000:0e:00.0');
    }
    expect(links.map(({ position }) => position)).toEqual([0, 1]);
  });

  it('[M133] the nd region is tied to the CXL region by its interleave set', () => {
    expect(cxlRegionOfRegion(known.host, 'region0')).toBe('region0');
    const renamed = knownAfter(
      recorded(name, FULL),
      recorded(name, TREE).replaceAll('"region0"', '"region7"'),
    );
    expect(cxlRegionOfRegion(renamed.host, 'region0')).toBe('region7');
    expect(deviceOf(renamed, 'dax0.0').cxl_region).toBe('region7');
  });

  it('the device has the serials of its memdevs in position order', () => {
    const serials = memdevsOf(known.host, 'region0').map(({ serial }) => serial);
    expect(deviceOf(known, 'dax0.0')).toMatchObject({ media_serial: serials.join(','), provider: 'CXL' });
    expect(serials).toEqual(kernel === '7.3' ? ['0x1', '0x2'] : ['0x2', '0x1']);
  });

  it('pulling either memdev takes everything above it', () => {
    for (const { memdev, endpoint, decoder } of memdevsOf(known.host, 'region0')) {
      expect(dependentsOf(known.host, known.devices, memdev)).toEqual({
        memdev,
        endpoint,
        decoders: [decoder],
        cxl_regions: ['region0'],
        regions: ['region0'],
        namespaces: ['namespace0.0'],
        dax_devices: ['dax0.0'],
      });
    }
  });

  it('[M131] each memdev has its nmem, also where the nmem shows no id', () => {
    const dimms = new Map(memdevsOf(known.host, 'region0').map(({ serial, dimm }) => [serial, dimm]));
    expect(new Set(dimms.values())).toEqual(new Set(['nmem0', 'nmem1']));
    for (const { name: dimm, fields } of known.host.dimms) {
      if (fields['id'] !== undefined) expect(dimms.get(`0x${fields['id'] as string}`)).toBe(dimm);
    }
  });
});

describe('links', () => {
  it.each([
    [[1n], 8589934593n],
    [[2n, 1n], 60129542147n],
    [[1n, 2n], 42949672963n],
  ])('serials %s give the recorded interleave-set id %s', (serials, expected) => {
    expect(isetIdOf(serials.map((serial) => ({ dpa: 0n, serial })))).toBe(expected);
  });

  it('a device that only daxctl lists is tied to its CXL region by its address', () => {
    const name = 'cxl.region-devdax@6.12';
    const known = knownAfter(recorded(name, 'daxctl list -RDM'), recorded(name, TREE));
    expect(deviceOf(known, 'dax0.0')).toMatchObject({ cxl_region: 'region0', media_serial: '0x1' });
  });

  it('a ram region is on the path of its dax region', () => {
    const dax =
      '[{"path":"/platform/ACPI0017:00/root0/decoder0.0/region3/dax_region3","id":3,"size":4096,"devices":[{"chardev":"dax3.0","size":4096,"mode":"system-ram"}]}]';
    const cxl =
      '[{"region":"region3","resource":41070624768,"size":4096,"type":"ram","mappings":[{"position":0,"memdev":"mem0","decoder":"decoder2.0"}]}]';
    const known = knownAfter(
      dax,
      cxl,
      '[{"memdev":"mem0","ram_size":4096,"serial":9,"host":"0000:0d:00.0"}]',
    );
    expect(deviceOf(known, 'dax3.0')).toMatchObject({
      cxl_region: 'region3',
      media_serial: '0x9',
      provider: 'CXL',
    });
    expect(dependentsOf(known.host, known.devices, 'mem0')).toMatchObject({
      dax_devices: ['dax3.0'],
      regions: [],
    });
  });

  it('without -T the decoders tell which memdevs a region has', () => {
    const tree = recorded('cxl2.region@6.12', TREE).replaceAll(/,\s*"mappings":\s*\[[^\]]*\]/g, '');
    const { host } = knownAfter(tree);
    expect(memdevsOf(host, 'region0').map(({ memdev, position }) => [memdev, position])).toEqual([
      ['mem0', null],
      ['mem1', null],
    ]);
  });

  it('a namespace alone is tied to the CXL region of its number: the kernel counts both by one counter', () => {
    const name = 'cxl2.region-devdax@7.3';
    const known = knownAfter(recorded(name, 'ndctl list -N'), recorded(name, TREE));
    expect(deviceOf(known, 'dax0.0')).toMatchObject({
      region: 'region0',
      cxl_region: 'region0',
      cxl_region_from: 'derived',
      media_serial: '0x1,0x2',
    });
  });

  it('[M131] [M132] the swapped names of 6.1 change no link', () => {
    for (const kernel of KERNELS) {
      const name = `cxl.region-devdax@${kernel}`;
      const known = knownAfter(recorded(name, TREE), recorded(name, FULL));
      expect(memdevsOf(known.host, 'region0')).toEqual([
        {
          memdev: 'mem0',
          serial: '0x1',
          host: '0000:0d:00.0',
          endpoint: 'endpoint2',
          decoder: 'decoder2.0',
          position: 0,
          dimm: 'nmem0',
        },
      ]);
    }
  });

  it('a flat list adds to the tree and takes nothing from it', () => {
    const known = knownAfter(recorded('cxl.region@6.12', TREE));
    const { host, host_objects: changes } = importInto(known, recorded('cxl.region@6.12', 'cxl list -RT'));
    expect(host).toEqual(known.host);
    expect(changes).toEqual([{ kind: 'cxl_region', name: 'region0', change: 'unchanged' }]);
  });
});

describe('what a later cxl list changes', () => {
  const bound = knownAfter(recorded('cxl.region@6.1', TREE));

  it('[M152] a disabled memdev has no endpoint and its region no members', () => {
    const { host } = after(bound, otherListing('cxl-vvv.memdev-disabled@6.1'));
    expect(host.memdevs).toMatchObject([{ name: 'mem0', parent: null, fields: { state: 'disabled' } }]);
    expect(host.endpoints).toEqual([]);
    expect(host.cxl_regions[0]!.fields).toMatchObject({ decode_state: 'reset', state: 'disabled' });
    expect(memdevsOf(host, 'region0')).toEqual([]);
    expect(host.decoders.map(({ name }) => name)).toEqual(['decoder1.0', 'decoder0.0']);
  });

  it('[M153] the root window is whole again once the region is reset', () => {
    const window = (text: string) =>
      after(bound, text).host.decoders.find(({ name }) => name === 'decoder0.0')!.fields[
        'max_available_extent'
      ];
    expect(window(otherListing('cxl-vvv.memdev-disabled@6.1'))).toBe(4294967296);
    expect(window(otherListing('cxl-vvv.region-unbound@6.12'))).toBe(3758096384);
  });

  it('an unbound region keeps its decoders and members', () => {
    const { host } = after(bound, otherListing('cxl-vvv.region-unbound@6.12'));
    expect(memdevsOf(host, 'region0')).toHaveLength(1);
    expect(host.cxl_regions[0]!.fields).toMatchObject({ decode_state: 'commit', state: 'disabled' });
  });

  it('a memdev that a whole tree with -i omits is absent, and gone where it is complete', () => {
    const text = otherListing('cxl-vvv.pci-unbound@6.1');
    const partial = importInto(bound, text);
    expect(partial.host.memdevs).toEqual(bound.host.memdevs);
    expect(partial.absent.map(({ name }) => name)).toEqual(['endpoint2', 'mem0', 'decoder2.0']);
    const { host, host_objects: changes } = importInto(bound, text, true);
    expect(host.memdevs).toEqual([]);
    expect(changes).toContainEqual({ kind: 'memdev', name: 'mem0', change: 'gone' });
    expect(changes).toContainEqual({ kind: 'endpoint', name: 'endpoint2', change: 'gone' });
  });

  it('[M154] a memdev that comes back as mem1 is known by its serial', () => {
    const { host } = after(bound, otherListing('cxl-vvv.returned-as-mem1@6.1'));
    expect(host.memdevs).toMatchObject([{ name: 'mem1', fields: { serial: 1, state: 'disabled' } }]);
    const flat = '[{"memdev":"mem1","pmem_size":536870912,"serial":1,"host":"0000:0d:00.0"}]';
    const renamed = after(bound, flat).host;
    expect(renamed.memdevs.map(({ name }) => name)).toEqual(['mem1']);
    expect(memdevsOf(renamed, 'region0')).toMatchObject([
      { memdev: 'mem1', endpoint: 'endpoint2', serial: '0x1' },
    ]);
  });

  it('[M168] memdevs that swap their numbers keep their places', () => {
    const two = knownAfter(recorded('cxl2.region@6.12', TREE));
    const swapped = after(two, recorded('cxl2.no-region@7.3', 'cxl list -u')).host;
    const places = (host: typeof swapped) =>
      memdevsOf(host, 'region0').map(({ serial, endpoint, position }) => [serial, endpoint, position]);
    expect(places(swapped)).toEqual(places(two.host));
    expect(memdevsOf(swapped, 'region0').map(({ memdev }) => memdev)).toEqual(['mem1', 'mem0']);
  });

  it('a name that passed to another memdev takes nothing over', () => {
    const flat = '[{"memdev":"mem0","pmem_size":1073741824,"serial":77,"host":"0000:0d:00.0"}]';
    const { host } = after(bound, flat);
    expect(host.memdevs).toEqual([
      {
        name: 'mem0',
        parent: null,
        fields: { memdev: 'mem0', pmem_size: 1073741824, serial: 77, host: '0000:0d:00.0' },
      },
    ]);
    expect(memdevsOf(host, 'region0')).toEqual([]);
    expect(dependentsOf(host, [], 'mem0')).toMatchObject({ endpoint: null, cxl_regions: [] });
  });

  it('[M167] a listing that shows fewer dports is taken as it is', () => {
    const dports = (kernel: string) =>
      knownAfter(recorded(`cxl.region@${kernel}`, TREE)).host.ports[0]!.fields['nr_dports'];
    expect([dports('6.12'), dports('7.3')]).toEqual([2, 1]);
  });
});

describe('an nd region whose interleave set cannot be computed', () => {
  const bus = (...sizes: readonly number[]): string =>
    JSON.stringify([
      {
        provider: 'CXL',
        dev: 'ndbus0',
        regions: sizes.map((size, index) => ({ dev: `region${index + 4}`, size, iset_id: 5 })),
      },
    ]);
  const cxl = (...sizes: readonly number[]): string =>
    JSON.stringify(
      sizes.map((size, index) => ({ region: `region${index}`, resource: 0, size, decode_state: 'commit' })),
    );

  it('is tied to the CXL region of its number, whatever others have its size', () => {
    const { host } = knownAfter(bus(4096, 8192), cxl(8192, 4096, 8192, 8192, 4096, 8192));
    expect([cxlRegionOfRegion(host, 'region4'), cxlRegionOfRegion(host, 'region5')]).toEqual([
      'region4',
      'region5',
    ]);
  });

  it('is tied to none where no region has its number, or another size', () => {
    expect(cxlRegionOfRegion(knownAfter(bus(4096), cxl(4096)).host, 'region4')).toBeNull();
    const sizes = cxl(1, 1, 1, 1, 8192);
    expect(cxlRegionOfRegion(knownAfter(bus(4096), sizes).host, 'region4')).toBeNull();
  });

  it('is tied to none whose set is another, nor on a bus that is not CXL', () => {
    const tree = recorded('cxl.region@6.12', TREE).replaceAll('"region0"', '"region4"');
    const { size } = knownAfter(tree).host.cxl_regions[0]!.fields;
    expect(cxlRegionOfRegion(knownAfter(bus(size as number), tree).host, 'region4')).toBeNull();
    const nfit = bus(4096).replace('CXL', 'ACPI.NFIT');
    const regions = cxl(1, 1, 1, 1, 4096);
    expect(cxlRegionOfRegion(knownAfter(nfit, regions).host, 'region4')).toBeNull();
    expect(cxlRegionOfRegion(knownAfter(bus(4096), regions).host, 'region4')).toBe('region4');
  });
});

describe('a memdev without a serial', () => {
  it('[M168] is known by its PCI address', () => {
    const flat = (memdev: string): string =>
      JSON.stringify([{ memdev, pmem_size: 4096, serial: 0, host: '0000:0d:00.0' }]);
    expect(after(knownAfter(flat('mem0')), flat('mem3')).host.memdevs.map(({ name }) => name)).toEqual([
      'mem3',
    ]);
  });
});
