import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CurrentDevice, withCurrentState } from '../../src/inventory/current_state.ts';
import { currentInventory } from '../../src/inventory/current_inventory.ts';
import { EXPORT_FORMATS, exportListing } from '../../src/inventory/export_listing.ts';
import type { KnownInventory } from '../../src/inventory/known_inventory.ts';
import { estimated } from '../../src/inventory/printable.ts';
import { EMPTY_HOST, type ListedObject } from '../../src/inventory/record.ts';
import { currentOf, deviceOf, exportOf, importInto, knownAfter, NOTHING, valueOf } from './support/host.ts';
import { otherListing, recorded, recordedInventories } from './support/recordings.ts';
import { cases } from '../support/property.ts';

const FULL = 'ndctl list -RBNDMXvi';
const GIB = 1073741824;

/** The listing of one imported device after the simulator changed it. */
function exportedAs(
  format: 'ndctl' | 'daxctl',
  known: KnownInventory,
  change: Partial<CurrentDevice>,
): string {
  const [record] = known.devices;
  return exportListing(
    format,
    currentInventory(known.host, [{ record: record!, current: currentOf(record!, change) }]),
  );
}

function namespacesIn(text: string): readonly ListedObject[] {
  type Listed = { readonly regions?: readonly Listed[]; readonly namespaces?: readonly ListedObject[] };
  const inside = ({ regions = [], namespaces = [] }: Listed): readonly ListedObject[] => [
    ...namespaces,
    ...regions.flatMap(inside),
  ];
  return [valueOf(text) as Listed | readonly Listed[]].flat().flatMap(inside);
}

const namespaceIn = (text: string): ListedObject =>
  namespacesIn(text).find(({ dev }) => dev === 'namespace0.0')!;

describe('shape', () => {
  it('[M116] nothing to list is empty text', () => {
    expect(exportOf('ndctl', NOTHING)).toBe('');
    expect(exportOf('daxctl', knownAfter(recorded('nvdimm.fsdax@6.12', FULL)))).toBe('');
  });

  it('namespaces of no known region are an array', () => {
    const known = knownAfter(recorded('nvdimm.fsdax@6.12', 'ndctl list -N'));
    expect(valueOf(exportOf('ndctl', known))).toEqual(
      valueOf(recorded('nvdimm.fsdax@6.12', 'ndctl list -N')),
    );
  });

  it('[M120] integers above 2^53 are plain integers', () => {
    const text = exportOf('ndctl', knownAfter(recorded('nvdimm.fsdax@6.12', FULL)));
    expect(text).toMatch(/"iset_id": 52512752653219036,/);
  });

  it('[IMP21] a number that is only known rounded is printed as its estimate', () => {
    const known = knownAfter(recorded('nvdimm.raw@6.12', 'ndctl list -RBNDMXvu'));
    expect(namespaceIn(exportOf('ndctl', known))).toMatchObject({ size: GIB });
    expect(exportOf('ndctl', known)).not.toContain('iB');
  });

  it('a dax device without a namespace is in daxctl only', () => {
    const known = knownAfter(recorded('hmem.devdax@6.12', 'daxctl list -RDM'));
    expect(exportOf('ndctl', known)).toBe('');
    expect(valueOf(exportOf('daxctl', known))).toEqual(
      valueOf(recorded('hmem.devdax@6.12', 'daxctl list -RDM')),
    );
  });

  const namespace = { dev: 'namespace0.0', mode: 'raw', size: 4096, sector_size: 512, blockdev: 'pmem0' };
  const bus = { provider: 'ACPI.NFIT', dev: 'ndbus0' };
  const dimm = { dev: 'nmem0', id: '8089-a2-1809-00000107', handle: 1, phys_id: 29 };
  const region = { dev: 'region0', size: 8192, type: 'pmem' };
  const memdev = { memdev: 'mem0', pmem_size: 4096, serial: 0, host: '0000:36:00.0' };
  const cxlRegion = { region: 'region0', resource: 0, size: 4096, type: 'pmem' };
  it.each([
    ['ndctl', '-D', [dimm]],
    ['ndctl', '-R', [region]],
    ['ndctl', '-B', [bus]],
    ['ndctl', '-RN', { regions: [{ ...region, namespaces: [namespace] }] }],
    ['ndctl', '-DR', { dimms: [dimm], regions: [region] }],
    ['ndctl', '-DN', { dimms: [dimm], namespaces: [namespace] }],
    ['ndctl', '-BN', [{ ...bus, namespaces: [namespace] }]],
    ['ndctl', '-BD', [{ ...bus, dimms: [dimm] }]],
    ['cxl', '-M', [memdev]],
    ['cxl', '-MR', [{ memdevs: [memdev] }, { regions: [cxlRegion] }]],
    [
      'cxl',
      '-Mi',
      [{ 'anon memdevs': [{ ...memdev, memdev: 'mem1', state: 'disabled' }] }, { memdevs: [memdev] }],
    ],
    [
      'cxl',
      '-D',
      [
        { 'root decoders': [{ decoder: 'decoder0.0', pmem_capable: true }] },
        { 'port decoders': [{ decoder: 'decoder1.0', nr_targets: 1 }] },
        { 'endpoint decoders': [{ decoder: 'decoder2.0', mode: 'pmem' }] },
      ],
    ],
    ['cxl', '-EM', [{ endpoint: 'endpoint2', host: 'mem0', memdev }]],
    ['cxl', '-BM', [{ bus: 'root0', provider: 'ACPI.CXL', 'memdevs:root0': [memdev] }]],
    [
      'cxl',
      '-RX',
      [
        {
          ...cxlRegion,
          type: 'ram',
          daxregion: {
            path: '/platform/ACPI0017:00/root0/decoder0.0/region0/dax_region0',
            id: 0,
            size: 4096,
            align: 4096,
            devices: [{ chardev: 'dax0.0', size: 4096, target_node: 2, align: 4096, mode: 'system-ram' }],
          },
        },
      ],
    ],
    ['daxctl', '-RD', [{ id: 0, devices: [{ chardev: 'dax0.0', size: 4096, align: 4096, mode: 'devdax' }] }]],
    ['daxctl', '-R', [{ path: '/platform/hmem.0', id: 0, size: 4096, align: 4096 }]],
  ] as const)('[IMP21] %s list %s comes back as it was', (format, _flags, listing) => {
    const text = JSON.stringify(listing);
    expect(valueOf(exportOf(format, knownAfter(text)))).toEqual(valueOf(text));
  });

  it('a dax device that was listed without its region stands in one of its id', () => {
    const device = { chardev: 'dax3.0', size: 4096, align: 4096, mode: 'devdax' };
    const known = knownAfter(JSON.stringify([device]));
    expect(valueOf(exportOf('daxctl', known))).toEqual([{ id: 3, devices: [device] }]);
  });

  it('a region whose namespace is in no region stands beside the others', () => {
    const known = knownAfter(
      recorded('nvdimm.fsdax@6.12', FULL),
      '[{"dev":"namespace5.0","mode":"raw","size":4096,"blockdev":"pmem5"}]',
    );
    expect(valueOf(exportOf('ndctl', known))).toMatchObject([
      { dev: 'ndbus0', regions: [{ dev: 'region0' }] },
      { namespaces: [{ dev: 'namespace5.0' }] },
    ]);
  });
});

describe('the current state', () => {
  const fsdax = knownAfter(recorded('nvdimm.fsdax@6.12', FULL));
  const devdax = knownAfter(
    recorded('nvdimm.devdax@6.12', FULL),
    recorded('nvdimm.devdax@6.12', 'daxctl list -RDM'),
  );
  const ram = knownAfter(
    recorded('nvdimm.system-ram@6.12', FULL),
    recorded('nvdimm.system-ram@6.12', 'daxctl list -RDM'),
  );

  it('[M122] an unbound fsdax device is listed as the recorded one: no size, no block device', () => {
    const shown = namespaceIn(exportedAs('ndctl', fsdax, { state: 'unbound' }));
    const recordedOne = namespaceIn(
      exportOf('ndctl', knownAfter(recorded('nvdimm.fsdax-unbound-while-mounted@6.12', FULL))),
    );
    expect(Object.keys(shown).sort()).toEqual(Object.keys(recordedOne).sort());
    expect(shown).toMatchObject({ state: 'disabled', mode: 'fsdax' });
  });

  it('an unbound raw or memory-mode namespace keeps its size', () => {
    const raw = knownAfter(recorded('nvdimm.raw@6.12', FULL));
    expect(namespaceIn(exportedAs('ndctl', raw, { state: 'unbound' }))).toMatchObject({
      size: GIB,
      state: 'disabled',
    });
    const virtio = knownAfter(recorded('virtio-pmem.raw@7.3', FULL));
    const shown = namespaceIn(exportedAs('ndctl', virtio, { state: 'unbound' }));
    expect([shown]).toEqual(valueOf(otherListing('ndctl-NMDiv.virtio-pmem-unbound@7.3')));
  });

  it('[M123] an unbound dax device is disabled, its namespace is not', () => {
    const shown = namespaceIn(exportedAs('ndctl', devdax, { state: 'unbound' }));
    expect(shown).not.toHaveProperty('state');
    expect(shown['daxregion']).toMatchObject({
      devices: [{ chardev: 'dax0.0', mode: 'devdax', state: 'disabled' }],
    });
    const [region] = valueOf(exportedAs('daxctl', devdax, { state: 'unbound' })) as ListedObject[];
    const [asRecorded] = valueOf(
      recorded('nvdimm.devdax-unbound@6.12', 'daxctl list -RDM'),
    ) as ListedObject[];
    expect(region).toEqual(asRecorded);
  });

  it('without dax_pmem there is no dax device', () => {
    const change = { state: 'unbound', parent_bound: false } as const;
    expect(exportedAs('daxctl', devdax, change)).toBe('');
    const shown = namespaceIn(exportedAs('ndctl', devdax, change));
    expect(shown).toMatchObject({ mode: 'devdax', state: 'disabled' });
    expect(shown).not.toHaveProperty('daxregion');
    expect(shown).not.toHaveProperty('size');
  });

  it('[M124] system-ram is shown while kmem is bound, and by the dax device alone', () => {
    const blocks = { online: 7, total: 7, movable: true };
    const [region] = valueOf(
      exportedAs('daxctl', devdax, { mode: 'system-ram', memory_blocks: blocks }),
    ) as ListedObject[];
    const [asRecorded] = valueOf(recorded('nvdimm.system-ram@6.12', 'daxctl list -RDM')) as ListedObject[];
    expect(region).toEqual(asRecorded);
    expect(namespaceIn(exportedAs('ndctl', devdax, { mode: 'system-ram' }))['mode']).toBe('devdax');

    const unbound = valueOf(exportedAs('daxctl', ram, { state: 'unbound' })) as ListedObject[];
    expect(unbound).toEqual(valueOf(recorded('nvdimm.system-ram-unbound@6.12', 'daxctl list -RDM')));
  });

  it('a device given to another mode keeps its namespace, not its uuid', () => {
    const shown = namespaceIn(exportedAs('ndctl', fsdax, { mode: 'devdax', map: 'dev' }));
    expect(shown).toEqual({
      dev: 'namespace0.0',
      mode: 'devdax',
      map: 'dev',
      size: 1054867456,
      align: 2097152,
      numa_node: 0,
      target_node: 1,
      daxregion: {
        id: 0,
        devices: [{ chardev: 'dax0.0', mode: 'devdax', size: 1054867456, align: 2097152 }],
      },
    });
    expect(namespaceIn(exportedAs('ndctl', devdax, { mode: 'fsdax' }))).toMatchObject({
      mode: 'fsdax',
      blockdev: 'pmem0',
    });
    expect(namespaceIn(exportedAs('ndctl', fsdax, { mode: 'raw', align: null }))).toEqual({
      dev: 'namespace0.0',
      mode: 'raw',
      size: 1054867456,
      blockdev: 'pmem0',
      numa_node: 0,
      target_node: 1,
    });
  });

  it('a device in sector mode has the disk pmem0s, and is unchanged when it comes back', () => {
    const [record] = fsdax.devices;
    const current = currentOf(record!, { mode: 'sector' });
    const now = currentInventory(fsdax.host, [{ record: record!, current }]);
    const text = exportListing('ndctl', now);
    expect(namespaceIn(text)).toMatchObject({ mode: 'sector', blockdev: 'pmem0s' });
    expect(importInto(now, text).devices).toMatchObject([{ change: 'unchanged' }]);
  });

  it('poison is shown in sectors, with its dimms as long as it is what was imported', () => {
    const known = knownAfter(otherListing('ndctl-NMR.badblocks-fsdax@7.3'));
    const listed = { badblock_count: 8, badblocks: [{ offset: 282664, length: 8, dimms: ['nmem0'] }] };
    const ranges = known.devices[0]!.poisoned_ranges!;
    expect(namespaceIn(exportedAs('ndctl', known, { badblocks: ranges }))).toMatchObject(listed);
    const more = [...ranges, { offset: 0, length: 4096 }];
    expect(namespaceIn(exportedAs('ndctl', known, { badblocks: more }))).toMatchObject({
      badblock_count: 16,
      badblocks: [
        { offset: 0, length: 8 },
        { offset: 282664, length: 8, dimms: ['nmem0'] },
      ],
    });
    expect(namespaceIn(exportedAs('ndctl', known, { badblocks: [] }))).not.toHaveProperty('badblocks');
  });

  it('a device that is gone is not listed', () => {
    expect(namespacesIn(exportedAs('ndctl', fsdax, { state: 'gone' })).map(({ dev }) => dev)).toEqual([
      'namespace0.1',
    ]);
    expect(exportedAs('daxctl', devdax, { state: 'gone' })).toBe('');
  });

  it('a device that was not imported is listed with what is known of it', () => {
    const pmem = {
      name: 'pmem3.1',
      mode: 'fsdax',
      state: 'bound',
      size: GIB,
      align: 2097152,
      phys_addr: null,
      numa_node: 0,
      target_node: null,
      provider: 'ACPI.NFIT',
      map: null,
      parent_bound: true,
      on_nd_bus: true,
      is_present: true,
      memory_blocks: null,
      badblocks: [],
    } as const;
    const dax = {
      ...pmem,
      on_nd_bus: false,
      name: 'dax4.0',
      mode: 'devdax',
      phys_addr: '0x100000000',
    } as const;
    const devices = [pmem, dax].map((current) => ({ record: null, current }));
    const now = currentInventory(EMPTY_HOST, devices);
    expect(valueOf(exportListing('ndctl', now))).toEqual([
      { dev: 'namespace3.1', mode: 'fsdax', size: GIB, align: 2097152, numa_node: 0, blockdev: 'pmem3.1' },
    ]);
    const mappings = [{ page_offset: 0, start: 4294967296, end: 5368709119, size: GIB }];
    expect(valueOf(exportListing('daxctl', now))).toEqual([
      { id: 4, devices: [{ chardev: 'dax4.0', mode: 'devdax', size: GIB, align: 2097152, mappings }] },
    ]);
  });

  it('devices of one dynamic region share it', () => {
    const text = JSON.stringify([
      {
        path: '/platform/hmem.0',
        id: 0,
        size: 8192,
        align: 4096,
        devices: ['dax0.0', 'dax0.1'].map((chardev) => ({
          chardev,
          size: 4096,
          align: 4096,
          mode: 'devdax',
        })),
      },
    ]);
    expect(valueOf(exportOf('daxctl', knownAfter(text)))).toEqual(valueOf(text));
  });
});

describe('[IMP4] importing an export of any state changes nothing', () => {
  const INVENTORIES = recordedInventories();
  const change: fc.Arbitrary<Partial<CurrentDevice>> = fc.record(
    {
      mode: fc.constantFrom('fsdax', 'devdax', 'system-ram', 'raw', 'sector'),
      state: fc.constantFrom('bound', 'removing', 'unbound'),
      size: fc.integer({ min: 1, max: 2 ** 30 }).map((pages) => pages * 4096),
      align: fc.constantFrom(4096, 2097152, GIB),
      phys_addr: fc.bigInt({ min: 0n, max: 2n ** 52n }).map((page) => `0x${(page * 4096n).toString(16)}`),
      numa_node: fc.nat(7),
      map: fc.constantFrom('dev', 'mem'),
      parent_bound: fc.boolean(),
      is_present: fc.boolean(),
      target_node: fc.integer({ min: -1, max: 7 }),
      memory_blocks: fc.record({ online: fc.nat(9), total: fc.nat(9), movable: fc.option(fc.boolean()) }),
      badblocks: fc.array(fc.record({ offset: fc.nat(64).map((n) => n * 512), length: fc.constant(4096) }), {
        maxLength: 3,
      }),
    },
    { requiredKeys: [] },
  );

  it('whatever was imported and whatever the simulator made of it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...INVENTORIES),
        fc.infiniteStream(fc.boolean()),
        fc.infiniteStream(change),
        fc.constantFrom(...EXPORT_FORMATS),
        (inventory, chosen, changes, format) => {
          const known = knownAfter(...[...inventory.listings.values()].filter(() => chosen.next().value));
          const states = known.devices.map((record) => ({
            record,
            current: currentOf(record, changes.next().value as Partial<CurrentDevice>),
          }));
          const now = currentInventory(known.host, states);
          const result = importInto(now, exportListing(format, now));
          expect(result.devices.filter(({ change: what }) => what !== 'unchanged')).toEqual([]);
          expect(result.host_objects.filter(({ change: what }) => what !== 'unchanged')).toEqual([]);
          const namespaces = ({ host }: Pick<KnownInventory, 'host'>) =>
            host.namespaces.map(({ fields }) => estimated(fields));
          expect(namespaces(result)).toEqual(namespaces(known));
        },
      ),
      cases(2000),
    );
  });

  it('the current state is a fixed point, and an untouched device is as it was imported', () => {
    for (const inventory of INVENTORIES) {
      const { host, devices } = knownAfter(...inventory.listings.values());
      for (const record of devices) {
        expect(withCurrentState(host, record, currentOf(record))).toEqual(record);
        expect(JSON.parse(JSON.stringify(record))).toEqual(record);
      }
    }
    const known = knownAfter(recorded('nvdimm.devdax@6.12', FULL));
    const changed = withCurrentState(
      known.host,
      deviceOf(known, 'dax0.0'),
      currentOf(known.devices[0]!, { state: 'unbound' }),
    );
    expect(withCurrentState(known.host, changed, currentOf(changed))).toEqual(changed);
  });
});
