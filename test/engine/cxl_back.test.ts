import { describe, expect, test } from 'vitest';
import type { CxlPlace } from '../../src/engine/model/device_command.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { answered, SIGBUS, told } from './observe.ts';
import { rigOn } from './rig.ts';
import { create, cxl, DAX, device, finishAll, GONE, memdevs, regions, run } from './cxl_rig.ts';
import { access, accessCommand, addDevice, addMapper, addMount, found, machine, MIB } from './support.ts';

describe('what comes back', () => {
  test.each([
    ['cxl_memdev_not_found', { type: 'bind_cxl_memdev', memdev: 'mem9', driver: 'cxl_mem' }],
    ['EBUSY', { type: 'bind_cxl_memdev', memdev: 'mem0', driver: 'cxl_mem' }],
    ['EBUSY', { type: 'bind_cxl_memdev', memdev: 'mem0', driver: 'cxl_pci' }],
    ['cxl_region_not_found', { type: 'commit_cxl_region', region: 'region9', memdevs: ['mem0'] }],
    ['EBUSY', { type: 'commit_cxl_region', region: 'region0', memdevs: ['mem0'] }],
    ['cxl_region_not_found', { type: 'bind_cxl_region', region: 'region9' }],
    ['EBUSY', { type: 'bind_cxl_region', region: 'region0' }],
  ] as const)('%s of a chain that is up', (code, command) => {
    expect(answered(cxl(), command)).toBe(code);
  });

  test.each([
    ['ENODEV', { type: 'bind_cxl_memdev', memdev: 'mem0', driver: 'cxl_mem' }],
    ['ENXIO', { type: 'commit_cxl_region', region: 'region0', memdevs: ['mem0', 'mem1'] }],
    ['cxl_memdev_not_found', { type: 'commit_cxl_region', region: 'region0', memdevs: ['mem9'] }],
    ['ENODEV', { type: 'commit_cxl_region', region: 'region0', memdevs: ['mem0'] }],
    ['EBUSY', { type: 'commit_cxl_region', region: 'region0', memdevs: ['mem1'] }],
    ['ENXIO', { type: 'bind_cxl_region', region: 'region0' }],
  ] as const)('%s of a chain that is down', (code, command) => {
    const made = cxl();
    made.run(create({}));
    run(made, GONE);
    expect(answered(made, command)).toBe(code);
  });

  test('a region that was only unbound brings its devices back', () => {
    const made = cxl();
    const command = {
      type: 'remove_dax_device',
      dax_device: DAX,
      trigger: 'unbind',
      via: 'cxl_region',
    } as const;
    made.run(command);
    expect(found([...made.host.tables.removals.values()][0]).state).toBe('running');
    made.run({ type: 'advance_removal', removal: found([...made.host.tables.removals.keys()][0]) });
    expect(answered(made, { type: 'bind_cxl_region', region: 'region0' })).toBe('removal_in_progress');
    finishAll(made);
    expect(answered(made, { type: 'bind', dax_device: DAX })).toBe('ENODEV');
    made.run({ type: 'bind_cxl_region', region: 'region0' });
    expect([device(made).state, device(made).parent_bound, device(made).conditions]).toEqual([
      'bound',
      true,
      [],
    ]);
  });

  test('another card: its memdev, the region once its decoders are programmed, and a new owner', () => {
    const made = cxl('v6.1', { tenant: 'a', media_serial: '0x1' });
    made.run({ type: 'record_hotplug_event', action: 'surprise_removal', dax_device: DAX });
    finishAll(made);
    const replace = { type: 'record_hotplug_event', action: 'replace', dax_device: DAX } as const;
    made.run({ ...replace, media: { media_serial: '0x2' }, tenant: 'b' });
    expect([memdevs(made), regions(made), device(made).generation]).toEqual([
      'mem1 enabled',
      'region0 reset disabled',
      2,
    ]);
    expect(device(made).conditions.map(({ type }) => type)).toEqual(['cxl_region_reset', 'medium_replaced']);
    made.run({ type: 'commit_cxl_region', region: 'region0', memdevs: ['mem1'] });
    made.run({ type: 'bind_cxl_region', region: 'region0' });
    expect(device(made).state).toBe('unbound');
    made.run({ type: 'bind', dax_device: DAX, mode: 'devdax' });
    expect([device(made).state, device(made).tenant, device(made).conditions]).toEqual(['bound', 'b', []]);
  });

  test.each([
    ['pmem', 'pmem_size'],
    ['ram', 'ram_size'],
  ] as const)('a card of another size, or of the same: %s', (type, field) => {
    for (const [media, size] of [
      [{ size: 32 * MIB }, 32 * MIB],
      [{}, 64 * MIB],
    ] as const) {
      const made = cxl('v6.12', { cxl: { type } });
      run(made, { type: 'record_hotplug_event', action: 'surprise_removal', dax_device: DAX });
      made.run({ type: 'record_hotplug_event', action: 'replace', dax_device: DAX, media });
      expect(found(made.host.tables.cxl_memdevs.get('mem0'))[field]).toBe(size);
      run(made, GONE);
      expect(memdevs(made)).toBe('mem0 gone');
      made.run({ type: 'record_hotplug_event', action: 'add', dax_device: DAX });
      expect(memdevs(made)).toBe('mem0 enabled');
    }
  });

  test('a card is not replaced in place, nor one that is bound again by the bus', () => {
    const made = cxl();
    run(made, { type: 'remove_dax_device', dax_device: DAX, trigger: 'unbind' });
    const add = { type: 'record_hotplug_event', action: 'add', dax_device: DAX } as const;
    expect(answered(made, add)).toBe('dax_device_in_use');
    run(made, { ...GONE, via: 'cxl_mem' });
    made.run(add);
    expect(memdevs(made)).toBe('mem0 disabled');
    made.run(create({}));
    expect(answered(made, { type: 'bind_cxl_memdev', memdev: 'mem0', driver: 'cxl_mem' })).toBe('ENXIO');
  });

  const replace = { type: 'record_hotplug_event', action: 'replace', dax_device: DAX } as const;

  test('cards of a region of two ways are replaced as they have left, one or both', () => {
    const made = cxl('v6.12', { cxl: { memdevs: [{}, {}] } });
    run(made, { ...GONE, memdev: 'mem1', via: 'cxl_pci' });
    made.run(replace);
    expect(memdevs(made)).toBe('mem0 enabled, mem1 enabled');
    run(made, { ...GONE, memdev: 'mem1', via: 'cxl_pci' });
    made.run({ type: 'reboot' });
    expect(memdevs(made)).toBe('mem0 enabled, mem1 gone');
    run(made, { ...GONE, via: 'cxl_mem' });
    made.run(replace);
    expect(memdevs(made)).toBe('mem0 enabled, mem1 enabled');
  });

  test('a region is as large as its cards let it; a device on it is not cut', () => {
    const made = cxl('v6.12', { cxl: { memdevs: [{}, {}] } });
    run(made, { ...GONE, trigger: 'surprise_removal', memdev: 'mem1' });
    const commit = (...memdevs: string[]) =>
      answered(made, { type: 'commit_cxl_region', region: 'region0', memdevs });
    expect(commit('mem0', 'mem1')).toBe('ENODEV');
    expect(commit('mem0', 'mem0')).toBe('ENXIO');
    made.run({ ...replace, media: { size: 16 * MIB } });
    expect([device(made).size, commit('mem0', 'mem1')]).toEqual([16 * MIB, 'ok']);
    const region = found(made.host.tables.cxl_regions.get('region0'));
    expect(region.size).toBe(32 * MIB);
    run(made, { ...GONE, trigger: 'surprise_removal', memdev: 'mem0' });
    made.run({ ...replace, media: { size: 4 * MIB } });
    made.run({ ...replace, media: { size: 64 * MIB } });
    expect([device(made).size, commit('mem0', 'mem1')]).toEqual([32 * MIB, 'ENOSPC']);
  });

  test('a card without the kind of capacity is no target', () => {
    const made = cxl('v6.12', { cxl: { type: 'ram' } });
    run(made, { ...GONE, via: 'cxl_mem' });
    made.run(create({ memdevs: [{ name: 'mem7' }] }));
    run(made, { ...GONE, memdev: 'mem7', via: 'cxl_pci' });
    made.run({ ...replace, dax_device: 'dax1.0' });
    const commit = { type: 'commit_cxl_region', region: 'region0', memdevs: ['mem7'] } as const;
    expect(answered(made, commit)).toBe('ENOSPC');
    made.run(replace);
    expect(answered(made, { ...commit, memdevs: ['mem0'] })).toBe('ok');
  });

  test('soft-reserved memory is no namespace, whoever asks', () => {
    const made = cxl('v6.12', { provider: 'hmem' });
    run(made, { type: 'remove_dax_device', dax_device: DAX, trigger: 'unbind' });
    expect(answered(made, { type: 'bind', dax_device: DAX, mode: 'fsdax' })).toBe('invalid_field');
  });

  test('a card that is pulled is gone for a device that nothing is bound to as well', () => {
    const made = cxl();
    run(made, { type: 'remove_dax_device', dax_device: DAX, trigger: 'unbind' });
    run(made, { ...GONE, trigger: 'surprise_removal' });
    expect(device(made).media_present).toBe(false);
  });

  test('a locked region without its target binds no driver until it is committed again', () => {
    const made = cxl('v7.3', { cxl: { locked: true } });
    run(made, { ...GONE, via: 'cxl_mem' });
    expect(regions(made)).toBe('region0 commit disabled');
    expect(answered(made, { type: 'bind_cxl_region', region: 'region0' })).toBe('ENXIO');
    expect(answered(made, { type: 'bind', dax_device: DAX })).toBe('ENXIO');
    made.run({ type: 'bind_cxl_memdev', memdev: 'mem0', driver: 'cxl_mem' });
    made.run({ type: 'commit_cxl_region', region: 'region0', memdevs: ['mem0'] });
    made.run({ type: 'bind_cxl_region', region: 'region0' });
    expect(device(made).state).toBe('bound');
  });

  test.each([
    ['/size', { size: 128 * MIB, cxl: { region: 'region0' } }],
    ['/phys_addr', { phys_addr: '0xa90000000', cxl: { region: 'region0' } }],
    ['/cxl/memdevs', { phys_addr: '0xa90000000', size: 128 * MIB, cxl: { memdevs: [{ name: 'mem0' }] } }],
    ['/mode', { phys_addr: '0xa90000000', provider: 'hmem', mode: 'fsdax' }],
    ['/phys_addr', { phys_addr: '0x990000000', mode: 'system-ram', provider: 'e820' }],
    ['/target_node', { phys_addr: '0xa90000000', mode: 'system-ram', target_node: -1 }],
    ['/size', { phys_addr: '0xa90000000', mode: 'system-ram', target_node: 1 }],
  ] as const)('a new device that does not fit: %s', (pointer, more) => {
    const made = cxl('v6.12', { phys_addr: '0x990000000' });
    run(made, { ...GONE, via: 'cxl_mem' });
    made.run(replace);
    const base = { type: 'create_dax_device', name: 'dax5.0', mode: 'devdax', provider: 'CXL' } as const;
    const decision = made.try({ ...base, size: 64 * MIB, ...more });
    expect(isRefusal(decision) && decision.pointer).toBe(pointer);
  });
});

describe('names and memdevs of other kinds', () => {
  test("a locked region keeps its decoders: its memdev is bound again, and its name is anybody's", () => {
    const made = cxl('v7.3', { cxl: { locked: true, region: 'pool', memdevs: [{ name: 'card' }] } });
    run(made, { ...GONE, memdev: 'card', via: 'cxl_mem' });
    made.run({ type: 'bind_cxl_memdev', memdev: 'card', driver: 'cxl_mem' });
    expect(memdevs(made)).toBe('card enabled');
    made.run(create({}));
    expect(memdevs(made)).toBe('card enabled, mem0 enabled');
  });

  test('a memdev that has lost its region carries another', () => {
    const made = cxl();
    run(made, { type: 'record_hotplug_event', action: 'surprise_removal', dax_device: DAX });
    const media = { media_serial: '0x0' };
    made.run({ type: 'record_hotplug_event', action: 'replace', dax_device: DAX, media });
    expect(answered(made, create({ memdevs: [{ name: 'mem0' }] }))).toBe('ok');
    expect(regions(made)).toBe('region0 reset disabled, region1 commit enabled');
  });
});

test('a comparison takes the chain along, and leaves it as it was', () => {
  const made = cxl();
  const how = { trigger: 'unbind', via: 'cxl_mem', kernels: ['v6.1', 'v7.3'] } as const;
  const comparison = made.ask({ type: 'compare_removals', dax_device: DAX, ...how });
  expect(comparison).toBeDefined();
  expect([memdevs(made), regions(made)]).toEqual(['mem0 enabled', 'region0 commit enabled']);
});

describe('a reboot', () => {
  test('binds what is committed, and leaves what was reset', () => {
    const made = cxl();
    made.run(create({}));
    run(made, { ...GONE, via: 'cxl_mem' });
    made.run({ type: 'reboot' });
    expect([memdevs(made), regions(made), device(made).state, device(made, 'dax1.0').state]).toEqual([
      'mem0 enabled, mem1 enabled',
      'region0 reset disabled, region1 commit enabled',
      'unbound',
      'bound',
    ]);
    expect(device(made).conditions.map(({ type }) => type)).toEqual(['cxl_region_reset']);
  });

  test('into a kernel without drivers/cxl finds no driver', () => {
    const made = cxl();
    made.run({ type: 'reboot', kernel: 'v5.10' });
    expect([memdevs(made), regions(made), device(made).state]).toEqual([
      'mem0 disabled',
      'region0 commit disabled',
      'unbound',
    ]);
  });
});

describe('an access to what nothing decodes', () => {
  function ext4(kernel: KernelName, shut: boolean, place: CxlPlace = {}) {
    const made = machine(kernel);
    addDevice(made, { provider: 'CXL', cxl: place });
    const mount = addMount(made).id;
    const one = rigOn(made, mount).mapper({ touched: 'write' });
    if (shut) made.run({ type: 'shutdown_mount', mount });
    return { made, one };
  }

  test('a store through an entry that stayed writable is refused, a load is not', () => {
    const { made, one } = ext4('v6.12', true);
    run(made, GONE);
    expect(answered(made, accessCommand(one.mapping, 'write'))).toBe('outcome_unknown');
    expect(access(made, one.mapping, 'read').data_of).toBeNull();
  });

  test('a card that is pulled is no other than one that is unbound, but under a locked region', () => {
    const pulled = { ...GONE, trigger: 'surprise_removal' } as const;
    const open = ext4('v7.3', false);
    run(open.made, pulled);
    expect(told(access(open.made, open.one.mapping, 'write'))).toBe(SIGBUS);
    expect(access(open.made, open.one.mapping, 'read').data_of).toBeNull();
    const locked = ext4('v7.3', false, { locked: true });
    run(locked.made, pulled);
    expect(answered(locked.made, accessCommand(locked.one.mapping, 'read'))).toBe('outcome_unknown');
  });

  test('gup through an entry to what is system RAM now is refused; a read shows its owner', () => {
    const made = machine('v6.12');
    addDevice(made, { size: 256 * MIB });
    const one = rigOn(made, addMount(made).id).mapper();
    run(made, { type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' });
    made.run({ type: 'bind', dax_device: 'pmem0', mode: 'system-ram', tenant: 'b' });
    expect(answered(made, accessCommand(one.mapping, 'direct_io'))).toBe('outcome_unknown');
    const memory = { dax_device: 'pmem0', flags: ['private'], length: 32 * MIB } as const;
    addMapper(made, { ...memory, touched: 'write' });
    expect(access(made, one.mapping, 'read').data_of?.tenant).toBe('b');
  });

  test('munmap of stale PTEs over new struct pages says what was logged (R162)', () => {
    const made = machine('v7.3');
    addDevice(made);
    const rig = rigOn(made, addMount(made).id);
    const one = rig.mapper({ small: true });
    run(made, { type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' });
    made.run({ type: 'bind', dax_device: 'pmem0' });
    const { kernel_log } = made.run({ type: 'munmap', mapping: one.mapping });
    expect(kernel_log).toHaveLength(60);
  });
});
