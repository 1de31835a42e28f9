import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import type { ImportedCxl, ImportedDevice } from '../../src/engine/model/host_command.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { importing, leftOutOf } from './importing.ts';
import { DAX, device, GONE, memdevs, regions, run } from './cxl_rig.ts';
import { DEVICE, found, machine, MIB } from './support.ts';

describe('a listing', () => {
  const memdev = {
    name: 'mem0',
    serial: '0x1',
    pci: null,
    pmem_size: MIB,
    ram_size: 0,
    numa_node: null,
    state: 'enabled',
    nmem: 'nmem0',
    previous_name: null,
  } as const;
  const region = {
    name: 'region0',
    type: 'pmem',
    type_as_listed: null,
    resource: '0x990000000',
    size: MIB,
    interleave_ways: 1,
    interleave_granularity: null,
    state: 'enabled',
    decode_state: 'commit',
    mappings: [{ position: 0, memdev: 'mem0', decoder: 'decoder2.0' }],
  } as const;
  const listed: ImportedDevice = {
    name: DAX,
    mode: 'devdax',
    size: 64 * MIB,
    provider: 'CXL',
    change: 'created',
    cxl_region: 'region0',
  };
  const gone = { memdevs: [], regions: [] };
  const chain: ImportedCxl = { memdevs: [memdev], regions: [region], gone };
  const imports = (devices: readonly ImportedDevice[], more = {}): Command => ({
    type: 'import_inventory',
    imported: '',
    devices,
    record: null,
    ...more,
  });

  test('brings the chain, and again what it says now', () => {
    const made = machine('v6.12');
    made.run(imports([listed], { cxl: chain }));
    expect([memdevs(made), regions(made), device(made).cxl_region]).toEqual([
      'mem0 enabled',
      'region0 commit enabled',
      'region0',
    ]);
    run(made, GONE);
    const same = { ...chain, memdevs: [{ ...memdev, previous_name: 'mem0' }] };
    made.run(imports([{ ...listed, change: 'updated' }], { cxl: same }));
    expect([memdevs(made), regions(made)]).toEqual(['mem0 enabled', 'region0 commit enabled']);
  });

  test('of a region that is reset, without its targets', () => {
    const made = machine('v6.12');
    const down = { ...region, state: 'disabled', decode_state: 'reset', mappings: [] } as const;
    made.run(imports([{ ...listed, state: 'unbound' }], { cxl: { ...chain, regions: [down] } }));
    const decision = made.try({ type: 'bind', dax_device: DAX });
    expect(isRefusal(decision) && [decision.errno, decision.detail.slice(0, 26)]).toEqual([
      'ENXIO',
      'region0 decodes to nothing',
    ]);
  });

  test('of ndctl alone does not tell the region; a later one does', () => {
    const made = machine('v6.12');
    made.run(imports([listed]));
    expect(device(made).cxl_region).toBeNull();
    const { cxl_region: _region, ...silent } = listed;
    made.run(imports([{ ...silent, change: 'updated' }], { cxl: chain }));
    expect(device(made).cxl_region).toBeNull();
    made.run(imports([{ ...listed, change: 'updated' }]));
    expect(device(made).cxl_region).toBe('region0');
  });

  test('that shows a device no more leaves it untold', () => {
    const made = machine('v6.12');
    made.run(imports([listed], { cxl: chain }));
    made.run(imports([{ ...listed, change: 'gone' }]));
    run(made, GONE);
    expect([device(made).state, device(made).conditions]).toEqual(['gone', []]);
  });

  test('of a card under another number is of the same memdev, and of one that is gone says so', () => {
    const made = machine('v6.12');
    made.run(imports([listed], { cxl: chain }));
    run(made, GONE);
    const before = found(made.host.tables.cxl_memdevs.get('mem0'));
    const moved = { ...memdev, name: 'mem1', previous_name: 'mem0' };
    made.run(imports([], { cxl: { memdevs: [moved], regions: [], gone } }));
    const [mem1, ...others] = made.host.tables.cxl_memdevs.values();
    expect([mem1, others]).toMatchObject([{ name: 'mem1', uid: before.uid, left_region: 'region0' }, []]);
    made.run(
      imports([], { cxl: { memdevs: [], regions: [], gone: { memdevs: ['mem1', 'mem7'], regions: [] } } }),
    );
    expect(memdevs(made)).toBe('mem1 gone');
  });

  test('of a region no more: it is forgotten once nothing that is there stands on it', () => {
    const made = machine('v6.12');
    made.run(imports([listed], { cxl: chain }));
    const without = { memdevs: [], regions: [], gone: { memdevs: [], regions: ['region0', 'region7'] } };
    made.run(imports([], { cxl: without }));
    expect([regions(made), device(made).cxl_region]).toEqual(['region0 commit enabled', 'region0']);
    made.run(imports([{ ...listed, change: 'gone' }], { cxl: without }));
    expect([regions(made), device(made).cxl_region]).toEqual(['', null]);
  });

  test('[M95] on a kernel without drivers/cxl: each object of CXL is left out, and no other', () => {
    const made = machine('v5.10');
    const at = { document: 0, pointer: '/1' };
    const shown = {
      ...chain,
      memdevs: [{ ...memdev, listed_at: at }],
      regions: [{ ...region, listed_at: { document: 0, pointer: '/2' } }],
    };
    const other: ImportedDevice = { name: DEVICE, mode: 'fsdax', size: 64 * MIB, change: 'created' };
    expect(leftOutOf(made, importing([listed, other], { cxl: shown }))).toMatchObject([
      { kind: 'memdev', name: 'mem0', code: 'kernel_refused', ...at },
      { kind: 'cxl_region', name: 'region0', code: 'kernel_refused', document: 0, pointer: '/2' },
      { kind: 'dax_device', name: DAX, code: 'kernel_refused', document: null, pointer: '' },
    ]);
    expect([memdevs(made), regions(made)]).toEqual(['', '']);
    expect([...made.host.tables.dax_devices.values()].map(({ name }) => name)).toEqual([DEVICE]);
  });
});
