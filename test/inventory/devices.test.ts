import { describe, expect, it } from 'vitest';
import type { InventoryDeviceRecord } from '../../src/inventory/record.ts';
import { changesOf, deviceOf, importInto, knownAfter, NOTHING } from './support/host.ts';
import { otherListing, recorded } from './support/recordings.ts';

const FULL = 'ndctl list -RBNDMXvi';
const only = (name: string, ...commands: readonly string[]): InventoryDeviceRecord => {
  const { devices } = knownAfter(...commands.map((command) => recorded(name, command)));
  expect(devices).toHaveLength(1);
  return devices[0]!;
};
const reasons = (text: string): readonly (readonly string[])[] =>
  importInto(NOTHING, text).skipped.map(({ kind, name, reason }) => [kind, name, reason]);

describe('one device from each topology', () => {
  it('an fsdax namespace is pmem0, of which ndctl never tells the address', () => {
    expect(only('nvdimm.fsdax@6.12', FULL)).toMatchObject({
      name: 'pmem0',
      mode: 'fsdax',
      driver: 'nd_pmem',
      state: 'bound',
      size: 1054867456,
      size_is_rounded: false,
      align: 2097152,
      phys_addr: null,
      numa_node: 0,
      target_node: 1,
      media_serial: '8680-56341200',
      provider: 'ACPI.NFIT',
      map: 'dev',
      bus: 'ndbus0',
      region: 'region0',
      namespace: 'namespace0.0',
      poisoned_ranges: [],
      memory_blocks: null,
    });
  });

  it('a devdax namespace is dax0.0, with the address that daxctl tells', () => {
    expect(only('nvdimm.devdax@6.12', FULL, 'daxctl list -RDM')).toMatchObject({
      name: 'dax0.0',
      mode: 'devdax',
      driver: 'device_dax',
      state: 'bound',
      phys_addr: '0x101200000',
      namespace: 'namespace0.0',
      dax_region_id: 0,
    });
  });

  it.each([
    [0x110000000, '0x100000000'],
    [0x120000000, null],
  ])('[M78] the address of a dax device whose second range begins at %i is %s', (start, phys_addr) => {
    const size = 2 ** 28;
    const range = (from: number) => ({ start: from, end: from + size - 1, size });
    const dax = { chardev: 'dax0.0', size: 2 * size, mode: 'devdax' };
    const text = JSON.stringify([{ ...dax, mappings: [range(0x100000000), range(start)] }]);
    expect(knownAfter(text).devices).toMatchObject([{ name: 'dax0.0', phys_addr }]);
  });

  it('[M121] a mounted fsdax namespace is listed as an unmounted one', () => {
    const { uuid, listed, ...mounted } = only('nvdimm.fsdax-mounted@6.12', FULL);
    const { uuid: otherUuid, listed: otherListed, ...unmounted } = only('nvdimm.fsdax@6.12', FULL);
    expect(mounted).toEqual(unmounted);
    expect([uuid, listed].length).toBe([otherUuid, otherListed].length);
  });

  it('[M126] pmem without a pfn superblock is fsdax with its map in RAM, without uuid and align', () => {
    for (const name of ['e820.raw@6.12', 'virtio-pmem.raw@6.12']) {
      expect(only(name, FULL)).toMatchObject({ mode: 'fsdax', map: 'mem', uuid: null, align: null });
    }
  });

  it('[M127] an NFIT namespace without labels is raw: no map, no uuid, no align', () => {
    expect(only('nvdimm.raw@6.12', FULL)).toMatchObject({
      mode: 'raw',
      driver: 'nd_pmem',
      map: null,
      uuid: null,
      align: null,
      size: 1073741824,
    });
  });

  it('[M129] namespace0.1 in devdax mode is dax0.1 of the dax region with the id 0', () => {
    const known = knownAfter(recorded('nvdimm.two-labelled-namespaces@6.12', FULL));
    expect(deviceOf(known, 'dax0.1')).toMatchObject({
      namespace: 'namespace0.1',
      dax_region_id: 0,
      label: 'beta',
    });
    expect(deviceOf(known, 'pmem0')).toMatchObject({ namespace: 'namespace0.0', label: 'alpha' });
  });

  it.each([
    ['[M130]', 'nvdimm.devdax@6.12', { provider: 'ACPI.NFIT', bus: 'ndbus0', region: 'region0' }],
    ['[M130]', 'nvdimm.devdax@7.3', { provider: 'ACPI.NFIT', bus: 'ndbus0', region: 'region0' }],
    ['[M166]', 'hmem.devdax@6.12', { provider: 'hmem', bus: null, region: null }],
    ['[M166]', 'hmem.devdax@7.3', { provider: 'hmem', bus: null, region: null }],
    ['', 'e820.devdax@6.12', { provider: 'e820', bus: 'ndbus0', region: 'region0' }],
    ['', 'cxl.region-devdax@6.12', { provider: 'CXL', bus: 'ndbus0', region: 'region0' }],
  ])('%s the path of its dax region tells where %s lies', (_, name, expected) => {
    expect(only(name, 'daxctl list -RDM')).toMatchObject(expected);
  });

  it('[M164] a soft-reserved device that nothing binds is unbound', () => {
    expect(only('hmem.no-driver@6.12', 'daxctl list')).toMatchObject({ state: 'unbound', driver: null });
    expect(only('hmem.no-driver@6.1', 'daxctl list')).toMatchObject({ state: 'bound', driver: 'device_dax' });
  });

  it('[M165] virtio-pmem has no numa_node up to 6.1', () => {
    expect(only('virtio-pmem.fsdax@6.1', FULL)).toMatchObject({ numa_node: null, target_node: 0 });
    expect(only('virtio-pmem.fsdax@6.12', FULL)).toMatchObject({ numa_node: 0, target_node: 0 });
  });

  it('[M163] the same machine is the same on every kernel, uuids and paths aside', () => {
    const [first, ...others] = ['5.10', '5.10-force-unmap', '6.1', '6.12', '7.3'].map((kernel) => {
      const {
        uuid: _uuid,
        listed: _listed,
        ...record
      } = only(`nvdimm.system-ram@${kernel}`, FULL, 'daxctl list -RDM');
      return record;
    });
    for (const other of others) expect(other).toEqual(first);
  });
});

describe('state', () => {
  it('[M122] an unbound fsdax namespace has no size and no block device', () => {
    const text = recorded('nvdimm.fsdax-unbound-while-mounted@6.12', FULL);
    expect(importInto(NOTHING, text).devices.map(({ record }) => record)).toMatchObject([
      { name: 'namespace0.0', mode: 'fsdax', state: 'unbound', driver: null, size: null },
    ]);
  });

  it('[M122] one that was known keeps its name and its size', () => {
    const bound = recorded('nvdimm.fsdax@6.12', FULL);
    const uuids = /"uuid": ?"[0-9a-f-]{36}"/g;
    const uuid = recorded('nvdimm.fsdax@6.12', 'ndctl list -N').match(uuids)![0];
    const unbound = recorded('nvdimm.fsdax-unbound-while-mounted@6.12', FULL).replace(uuids, (found) =>
      found.includes('00000000-0000') ? found : uuid,
    );
    const known = knownAfter(bound, unbound);
    expect(deviceOf(known, 'pmem0')).toMatchObject({ state: 'unbound', driver: null, size: 1054867456 });
    expect(deviceOf(knownAfter(bound, unbound, bound), 'pmem0')).toEqual(
      deviceOf(knownAfter(bound), 'pmem0'),
    );
  });

  it('[M122] one that was not gets its name once it is listed with its block device', () => {
    const known = knownAfter(
      '[{"dev":"namespace0.0","mode":"fsdax","map":"dev","uuid":"a","align":4096,"state":"disabled"}]',
    );
    const text =
      '[{"dev":"namespace0.0","mode":"fsdax","map":"dev","uuid":"a","align":4096,"size":8192,"blockdev":"pmem0"}]';
    expect(importInto(known, text).devices).toMatchObject([
      {
        change: 'updated',
        previous_name: 'namespace0.0',
        record: { name: 'pmem0', size: 8192, state: 'bound' },
      },
    ]);
  });

  it('[M123] a dax device without driver is unbound, whatever its namespace says', () => {
    expect(only('nvdimm.devdax-unbound@6.12', FULL)).toMatchObject({
      mode: 'devdax',
      state: 'unbound',
      driver: null,
    });
    expect(only('nvdimm.devdax-unbound@6.12', 'ndctl list -N', 'daxctl list')).toMatchObject({
      state: 'unbound',
    });
    expect(only('nvdimm.devdax-unbound@6.12', 'daxctl list', 'ndctl list -N')).toMatchObject({
      state: 'unbound',
    });
  });

  it('[M125] system-ram with all blocks offline: movable is not decided', () => {
    expect(only('nvdimm.system-ram-offline@6.12', 'daxctl list')).toMatchObject({
      mode: 'system-ram',
      driver: 'kmem',
      memory_blocks: { online: 0, total: 7, movable: null, block_size: 134217728 },
    });
  });

  it('system-ram memory is of its target node', () => {
    expect(only('nvdimm.system-ram@6.12', FULL)).toMatchObject({ numa_node: 1, target_node: 1 });
    expect(only('nvdimm.devdax@6.12', FULL)).toMatchObject({ numa_node: 0, target_node: 1 });
  });

  it('a block size that 128 MiB does not explain is unknown', () => {
    const text = (total: number): string =>
      `[{"chardev":"dax0.0","size":4294967296,"align":2097152,"mode":"system-ram","online_memblocks":2,"total_memblocks":${total}}]`;
    expect(knownAfter(text(2)).devices[0]!.memory_blocks).toEqual({
      online: 2,
      total: 2,
      movable: null,
      block_size: null,
    });
    expect(knownAfter(text(32)).devices[0]!.memory_blocks!.block_size).toBe(134217728);
  });

  it.each([
    ['[M134]', 'ndctl-NMR.badblocks-fsdax@7.3', [{ offset: 282664 * 512, length: 4096 }]],
    ['[M134]', 'ndctl-NMR.badblocks-fsdax@5.10', [{ offset: 282664 * 512, length: 512 }]],
    ['[M134]', 'ndctl-NMR.badblocks-devdax@6.1', [{ offset: 4136 * 512, length: 4096 }]],
  ])('%s badblocks of %s are bytes from the start of the data', (_, name, ranges) => {
    expect(knownAfter(otherListing(name)).devices[0]!.poisoned_ranges).toEqual(ranges);
  });
});

describe('what is skipped', () => {
  it('[M128] seeds', () => {
    expect(reasons(recorded('nvdimm.destroyed@6.12', FULL)).slice(-2)).toEqual([
      ['namespace', 'namespace0.1', 'seed'],
      ['namespace', 'namespace0.0', 'seed'],
    ]);
    expect(reasons('[{"chardev":"dax1.1","size":0,"mode":"devdax","state":"disabled"}]')).toEqual([
      ['dax_device', 'dax1.1', 'seed'],
    ]);
  });

  it('buses, dimms, regions: not a dax device', () => {
    expect(reasons(recorded('nvdimm.region-disabled@6.12', FULL))).toEqual([
      ['bus', 'ndbus0', 'not a dax device'],
      ['dimm', 'nmem0', 'not a dax device'],
      ['region', 'region0', 'not a dax device'],
    ]);
  });

  it('everything of CXL, which is kept as topology', () => {
    const {
      skipped,
      devices,
      host_objects: kept,
    } = importInto(NOTHING, recorded('cxl.region@6.12', 'cxl list -vvv'));
    expect(devices).toEqual([]);
    expect(skipped.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['memdev', 'decoder', 'cxl_region', 'port']),
    );
    expect(skipped.every(({ reason, detail }) => reason === 'not a dax device' && detail !== '')).toBe(true);
    expect(kept.every(({ change }) => change === 'created')).toBe(true);
    expect(kept).toHaveLength(skipped.length);
  });

  it('namespaces of blk regions', () => {
    const text =
      '{"regions":[{"dev":"region2","type":"blk","size":4096,"namespaces":[{"dev":"namespace2.0","mode":"raw","size":4096,"blockdev":"ndblk2.0"}]}]}';
    expect(reasons(text)).toContainEqual(['namespace', 'namespace2.0', 'blk']);
  });

  it('modes that are not known', () => {
    expect(reasons('[{"dev":"namespace0.0","mode":"zoned","size":4096}]')).toEqual([
      ['namespace', 'namespace0.0', 'unknown mode'],
    ]);
    expect(reasons('[{"dev":"namespace0.0","size":4096}]')).toEqual([
      ['namespace', 'namespace0.0', 'unknown mode'],
    ]);
    expect(reasons('[{"chardev":"dax0.0","size":4096,"mode":"famfs"}]')).toEqual([
      ['dax_device', 'dax0.0', 'unknown mode'],
    ]);
  });

  it('the dax device of a namespace that is skipped, and the namespace of a device that is', () => {
    const region = (mode: string, daxMode: string): string =>
      JSON.stringify([
        {
          dev: 'namespace0.0',
          mode,
          size: 4096,
          daxregion: { id: 0, size: 4096, devices: [{ chardev: 'dax0.0', size: 4096, mode: daxMode }] },
        },
      ]);
    for (const text of [region('zoned', 'devdax'), region('devdax', 'famfs')]) {
      expect(importInto(NOTHING, text).devices).toMatchObject([
        { record: { name: 'dax0.0', mode: 'unknown' } },
      ]);
      expect(reasons(text)).toEqual([
        ['namespace', 'namespace0.0', 'unknown mode'],
        ['dax_region', '0', 'not a dax device'],
        ['dax_device', 'dax0.0', 'unknown mode'],
      ]);
      const known = knownAfter(region('devdax', 'devdax'));
      expect(importInto(known, text).devices).toMatchObject([
        { change: 'updated', record: { name: 'dax0.0', mode: 'unknown' } },
      ]);
    }
  });

  it('[M119] rounded sizes, which stand in only where nothing else is known', () => {
    const human = recorded('nvdimm.raw@6.12', 'ndctl list -RBNDMXvu');
    const alone = importInto(NOTHING, human);
    expect(alone.devices[0]!.record).toMatchObject({ size: 1073741824, size_is_rounded: true });
    expect(alone.skipped.at(-1)).toMatchObject({ kind: 'size', name: 'pmem0', reason: 'rounded' });
    expect(alone.skipped.at(-1)!.detail).toContain('nothing else is known');

    const known = knownAfter(recorded('nvdimm.raw@6.12', 'ndctl list -N'));
    const later = importInto(known, human);
    expect(later.devices[0]!.record).toMatchObject({ size: 1073741824, size_is_rounded: false });
    expect(later.skipped.at(-1)!.detail).toContain('is known exactly');
    const exact = importInto(knownAfter(human), recorded('nvdimm.raw@6.12', 'ndctl list -N'));
    expect(changesOf(exact), 'the estimate was right').toEqual({ pmem0: 'unchanged' });
    expect(exact.devices[0]!.record).toMatchObject({ size_is_rounded: false });
  });

  it('[M119] no size that daxctl -u tells in hex beside it', () => {
    expect(only('nvdimm.devdax@6.12', 'daxctl list -RDMu')).toMatchObject({
      size: 1054867456,
      size_is_rounded: false,
    });
    expect(reasons(recorded('nvdimm.devdax@6.12', 'daxctl list -RDMu'))).not.toContainEqual(
      expect.arrayContaining(['rounded']),
    );
  });
});
