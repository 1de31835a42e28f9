import { describe, expect, it } from 'vitest';
import { withCurrentState } from '../../src/inventory/current_state.ts';
import { EXPORT_FORMATS } from '../../src/inventory/export_listing.ts';
import {
  after,
  changesOf,
  currentOf,
  deviceOf,
  exportOf,
  importInto,
  knownAfter,
  NOTHING,
} from './support/host.ts';
import { otherListing, recorded } from './support/recordings.ts';

const FULL = 'ndctl list -RBNDMXvi';
const namespace = (fields: object): string =>
  JSON.stringify([
    { dev: 'namespace0.0', mode: 'fsdax', map: 'dev', size: 8192, uuid: 'a', blockdev: 'pmem0', ...fields },
  ]);

describe('two listings of one device', () => {
  it('[M124] ndctl list -N alone does not turn system-ram into devdax', () => {
    const known = knownAfter(recorded('nvdimm.system-ram@6.12', 'daxctl list'));
    const { devices } = importInto(known, recorded('nvdimm.system-ram@6.12', 'ndctl list -N'));
    expect(devices[0]!.record).toMatchObject({ name: 'dax0.0', mode: 'system-ram', driver: 'kmem' });
    expect(devices[0]!.changed_fields).not.toContain('mode');
  });

  it('daxctl turns what ndctl list -N took for devdax into system-ram', () => {
    const known = knownAfter(recorded('nvdimm.system-ram@6.12', 'ndctl list -N'));
    expect(deviceOf(known, 'dax0.0')).toMatchObject({ mode: 'devdax' });
    const { devices } = importInto(known, recorded('nvdimm.system-ram@6.12', 'daxctl list'));
    expect(devices).toMatchObject([
      { change: 'updated', record: { mode: 'system-ram', namespace: 'namespace0.0' } },
    ]);
    expect(devices[0]!.changed_fields).toEqual([
      'mode',
      'driver',
      'numa_node',
      'target_node',
      'memory_blocks',
    ]);
  });

  it('ndctl keeps uuid, label, map and badblocks, daxctl mode, state, mappings and memory blocks', () => {
    const known = knownAfter(
      recorded('nvdimm.system-ram@6.12', FULL),
      recorded('nvdimm.system-ram@6.12', 'daxctl list -RDM'),
    );
    expect(deviceOf(known, 'dax0.0')).toMatchObject({
      mode: 'system-ram',
      phys_addr: '0x101200000',
      map: 'dev',
      uuid: 'b63c6650-9721-46c3-8f90-745d54c0f434',
      memory_blocks: { online: 7, total: 7, movable: true, block_size: 134217728 },
    });
  });

  it('a later listing of the same tool beats an earlier one', () => {
    const known = knownAfter(recorded('nvdimm.system-ram@6.12', 'daxctl list -RDM'));
    const { devices } = importInto(known, recorded('nvdimm.system-ram-offline@6.12', 'daxctl list -RDM'));
    expect(devices).toMatchObject([{ change: 'updated', changed_fields: ['memory_blocks'] }]);
    expect(devices[0]!.record.memory_blocks).toMatchObject({ online: 0, movable: null });
  });

  it('an exact number beats a rounded one, whichever came first', () => {
    const [exact, human] = ['daxctl list -RDM', 'daxctl list -RDMu'].map((command) =>
      recorded('nvdimm.devdax@6.12', command),
    );
    expect(knownAfter(exact!, human!)).toEqual(knownAfter(exact!));
    expect(knownAfter(human!, exact!)).toEqual(knownAfter(exact!));
  });

  it('a rounded number that the exact one contradicts beats it: the device has changed', () => {
    const known = knownAfter(namespace({ size: 1054867456 }));
    const { devices } = importInto(known, namespace({ size: '250.00 MiB (262.14 MB)' }));
    expect(devices[0]!.record).toMatchObject({ size: 262144000, size_is_rounded: true });
  });

  it.each([
    ['dax device', { chardev: 'dax0.0', mode: 'devdax' }],
    ['namespace', { dev: 'namespace0.0', mode: 'devdax', chardev: 'dax0.0' }],
  ])('[IMP71] and so have a namespace and its dax device where one does: %s', (_which, told) => {
    const size = '502.00 MiB (526.39 MB)';
    for (const command of ['ndctl list -RBNDMXv', 'ndctl list -RBNDMXvu']) {
      const before = knownAfter(recorded('nvdimm.devdax@6.12', command));
      const uuid = deviceOf(before, 'dax0.0').uuid!;
      const known = after(before, JSON.stringify([{ uuid, ...told, size }]));
      const { listed, ...device } = deviceOf(known, 'dax0.0');
      expect(device).toMatchObject({ size: 526385152, size_is_rounded: true, phys_addr: null });
      expect([listed.namespace?.['size'], listed.dax_device?.['size']]).toEqual([size, size]);
      const { host, devices } = known;
      const current = devices.map((record) => withCurrentState(host, record, currentOf(record)));
      for (const format of EXPORT_FORMATS) {
        const again = importInto({ host, devices: current }, exportOf(format, known));
        expect(Object.values(changesOf(again))).not.toContain('updated');
      }
    }
  });

  it('a key that flags leave out is kept, one that the tool always prints is not', () => {
    const known = knownAfter(
      namespace({
        numa_node: 1,
        raw_uuid: 'b',
        name: 'alpha',
        badblock_count: 8,
        badblocks: [{ offset: 0, length: 8 }],
      }),
    );
    const { record } = importInto(known, namespace({ badblock_count: 8 })).devices[0]!;
    expect(record).toMatchObject({
      numa_node: 1,
      label: null,
      poisoned_ranges: [{ offset: 0, length: 4096 }],
    });
    expect(record.listed.namespace).toMatchObject({ raw_uuid: 'b' });
  });

  it('badblocks are gone with their count, and unknown when it differs', () => {
    const known = knownAfter(namespace({ badblock_count: 8, badblocks: [{ offset: 0, length: 8 }] }));
    expect(importInto(known, namespace({})).devices[0]!.record.poisoned_ranges).toEqual([]);
    expect(
      importInto(known, namespace({ badblock_count: 16 })).devices[0]!.record.poisoned_ranges,
    ).toBeNull();
  });

  it('another uuid is another content: its raw_uuid is not the old one', () => {
    const known = knownAfter(namespace({ raw_uuid: 'b', numa_node: 1 }));
    const { record } = importInto(known, namespace({ uuid: 'c' })).devices[0]!;
    expect(record.listed.namespace).not.toHaveProperty('raw_uuid');
    expect(record).toMatchObject({ uuid: 'c', numa_node: 1 });
  });

  it("an nd region is its bus's: region0 of another bus takes nothing over", () => {
    const bus = (dev: string, region: object): string =>
      JSON.stringify([{ provider: 'x', dev, regions: [{ dev: 'region0', size: 4096, ...region }] }]);
    const { host } = knownAfter(bus('ndbus0', { numa_node: 1, iset_id: 7 }), bus('ndbus1', {}));
    expect(host.regions).toEqual([
      { name: 'region0', parent: 'ndbus1', fields: { dev: 'region0', size: 4096 } },
    ]);
  });

  it('names that two namespaces swapped follow the listing', () => {
    const two = (one: string, other: string): string =>
      JSON.stringify([
        { dev: 'namespace0.0', mode: 'fsdax', size: 4096, uuid: 'a', blockdev: one },
        { dev: 'namespace1.0', mode: 'fsdax', size: 8192, uuid: 'b', blockdev: other },
      ]);
    const known = after(knownAfter(two('pmem0', 'pmem1')), two('pmem1', 'pmem0'));
    expect(known.devices.map(({ name, uuid, size }) => [name, uuid, size])).toEqual([
      ['pmem0', 'b', 8192],
      ['pmem1', 'a', 4096],
    ]);
  });
});

describe('what a listing does not show', () => {
  it('without -i, and empty, it says nothing of what it omits', () => {
    const known = knownAfter(recorded('nvdimm.two-labelled-namespaces@6.12', 'ndctl list -N'));
    for (const text of [
      '',
      '[ ]',
      recorded('nvdimm.sector@6.12', 'ndctl list -N').replaceAll(/(namespace|pmem)0/g, '$17'),
    ]) {
      const changes = changesOf(importInto(known, text));
      expect(changes).toEqual(text.includes('namespace7.0') ? { pmem7: 'created' } : {});
    }
  });

  it('[M128] with -i a region shows its seed: a namespace it omits is gone, with the device', () => {
    const known = knownAfter(recorded('nvdimm.two-labelled-namespaces@6.12', FULL));
    const { devices } = importInto(known, recorded('nvdimm.destroyed@6.12', FULL));
    expect(devices.map(({ record, change }) => [record.name, change])).toEqual([
      ['dax0.1', 'gone'],
      ['pmem0', 'gone'],
    ]);
  });

  it('of another region it says nothing', () => {
    const known = knownAfter(recorded('nvdimm2.fsdax@6.12', FULL));
    expect(changesOf(importInto(known, recorded('nvdimm.destroyed@6.12', FULL)))).toEqual({ pmem0: 'gone' });
  });

  it('a disabled region has no devices', () => {
    const known = knownAfter(recorded('nvdimm.devdax@6.12', FULL));
    expect(changesOf(importInto(known, recorded('nvdimm.region-disabled@6.12', FULL)))).toEqual({
      'dax0.0': 'gone',
    });
  });

  it('daxctl shows every dax device: one that it omits is absent, and gone where the listing is complete', () => {
    const listed = (...names: readonly string[]): string =>
      JSON.stringify(names.map((chardev) => ({ chardev, size: 4096, align: 4096, mode: 'devdax' })));
    const known = knownAfter(listed('dax0.0', 'dax1.0'), recorded('nvdimm2.raw@6.12', 'ndctl list -N'));
    const partial = importInto(known, listed('dax1.0'));
    expect(changesOf(partial)).toEqual({ 'dax1.0': 'unchanged' });
    expect(partial.absent).toMatchObject([{ kind: 'dax_device', name: 'dax0.0', dax_device: 'dax0.0' }]);
    const whole = importInto(known, listed('dax1.0'), true);
    expect(changesOf(whole)).toEqual({ 'dax1.0': 'unchanged', 'dax0.0': 'gone' });
    expect(whole.absent).toEqual([]);
  });

  it('daxctl list -R shows regions alone: no device is gone', () => {
    const known = knownAfter(recorded('nvdimm.devdax@6.12', 'ndctl list -N'));
    const regions = '[{"path":"/platform/x/ndbus0/region0/dax0.0","id":0,"size":1054867456,"align":2097152}]';
    const result = importInto(known, regions);
    // On an nd bus other namespaces may have regions of that id: whose it is, its path alone does not say [IMP51].
    expect(result.devices).toEqual([]);
    expect(result.host.dax_regions).toMatchObject([{ name: '/platform/x/ndbus0/region0/dax0.0' }]);
  });

  it('a dax region without a known device is kept for the export', () => {
    const { host } = knownAfter(
      '[{"path":"/platform/hmem.0","id":0,"size":4096,"align":4096,"available_size":4096}]',
    );
    expect(host.dax_regions).toMatchObject([{ name: '/platform/hmem.0' }]);
    const region =
      '[{"path":"/platform/hmem.0","id":0,"size":4096,"align":4096,"devices":[{"chardev":"dax0.0","size":4096,"mode":"devdax"}]}]';
    expect(importInto({ host, devices: [] }, region).host.dax_regions).toEqual([]);
  });

  it('a namespace that holds another kind of device now has lost the old one', () => {
    const known = knownAfter(recorded('nvdimm.fsdax@6.12', FULL));
    expect(changesOf(importInto(known, recorded('nvdimm.devdax@6.12', FULL)))).toEqual({
      'dax0.0': 'created',
      pmem0: 'gone',
    });
    expect(changesOf(importInto(known, recorded('nvdimm.sector@6.12', FULL)))).toEqual({
      pmem0: 'updated',
    });
  });

  it('a dax device that is listed as a seed is gone', () => {
    const known = knownAfter('[{"chardev":"dax0.0","size":4096,"mode":"devdax"}]');
    expect(
      changesOf(importInto(known, '[{"chardev":"dax0.0","size":0,"mode":"devdax","state":"disabled"}]')),
    ).toEqual({
      'dax0.0': 'gone',
    });
  });

  it('reconfigure-device prints the device it changed', () => {
    const known = knownAfter(
      recorded('nvdimm.devdax@7.3', FULL),
      recorded('nvdimm.devdax@7.3', 'daxctl list -RDM'),
    );
    const { devices } = importInto(known, otherListing('daxctl-reconfigure.system-ram@7.3'));
    expect(devices).toMatchObject([
      {
        change: 'updated',
        record: { name: 'dax0.0', mode: 'system-ram', memory_blocks: { online: 7, movable: false } },
      },
    ]);
  });

  it('a first import creates, the same again leaves unchanged', () => {
    const text = recorded('nvdimm2.devdax@6.12', FULL);
    expect(changesOf(importInto(NOTHING, text))).toEqual({ pmem1: 'created', 'dax0.0': 'created' });
    expect(changesOf(importInto(knownAfter(text), text))).toEqual({
      pmem1: 'unchanged',
      'dax0.0': 'unchanged',
    });
  });
});
