import { describe, expect, test } from 'vitest';
import { answered } from './observe.ts';
import { rigOn } from './rig.ts';
import { create, cxl, DAX, device, finishAll, GONE, memdevs, regions, run } from './cxl_rig.ts';
import { addDevice, addMount, found, machine, MIB } from './support.ts';

describe('what a device of provider CXL stands on', () => {
  test('is made where nothing is said: the next memdev and region', () => {
    const made = cxl();
    made.run(create({}));
    expect([memdevs(made), regions(made)]).toEqual([
      'mem0 enabled, mem1 enabled',
      'region0 commit enabled, region1 commit enabled',
    ]);
  });

  test('is a region that is there, until it is down', () => {
    const made = cxl();
    expect(answered(made, create({ region: 'region0' }))).toBe('ok');
    run(made, GONE);
    expect(answered(made, create({ region: 'region0' }, { name: 'dax2.0' }))).toBe('ENODEV');
  });

  test('is ram for system-ram, where the kernel has such regions', () => {
    const types = (['v6.1', 'v6.12'] as const).map((kernel) => {
      const made = cxl(kernel, { mode: 'system-ram', size: 256 * MIB });
      return found([...made.host.tables.cxl_regions.values()][0]).type;
    });
    expect(types).toEqual(['pmem', 'ram']);
  });

  test.each([
    ['invalid_field', 'of another provider', create({}, { provider: 'ACPI.NFIT' })],
    [
      'invalid_field',
      'with memdevs for a region that has them',
      create({ region: 'region0', memdevs: [{}] }),
    ],
    ['invalid_field', 'fsdax on a ram region', create({ type: 'ram' }, { mode: 'fsdax' })],
    ['invalid_field', 'the same memdev twice', create({ memdevs: [{ name: 'mem7' }, { name: 'mem7' }] })],
    ['EBUSY', 'a memdev of another region', create({ memdevs: [{ name: 'mem0' }] })],
  ])('%s: %s', (code, _what, command) => {
    expect(answered(cxl(), command)).toBe(code);
  });

  test('is no memdev without a driver, but one that was left', () => {
    const made = cxl();
    run(made, { ...GONE, via: 'cxl_mem' });
    expect(answered(made, create({ memdevs: [{ name: 'mem0' }] }))).toBe('ENODEV');
    made.run(create({ memdevs: [{ name: 'mem5', serial: '0x5', pci: '0000:0e:00.0' }] }));
    const { serial, pci, nmem } = found(made.host.tables.cxl_memdevs.get('mem5'));
    expect([serial, pci, nmem]).toEqual(['0x5', '0000:0e:00.0', 'nmem5']);
  });
});

describe('a memdev that goes', () => {
  test('takes every bound device of its region; the last removal lets it go', () => {
    const made = cxl();
    made.run(create({ region: 'region0' }));
    made.run(create({ region: 'region0' }, { name: 'dax2.0', state: 'unbound' }));
    const taken = made.run(GONE);
    expect(taken.removals.map(({ dax_device }) => dax_device)).toEqual([DAX, 'dax1.0']);
    expect(answered(made, GONE)).toBe('removal_in_progress');
    const [first] = made.host.tables.removals.values();
    while (found(made.host.tables.removals.get(found(first).id)).state === 'running') {
      made.run({ type: 'advance_removal', removal: found(first).id });
    }
    expect(memdevs(made)).toBe('mem0 enabled');
    finishAll(made);
    expect(memdevs(made)).toBe('mem0 gone');
  });

  test('goes at once where no device is bound, and tells those that are not', () => {
    const made = cxl('v6.12', { state: 'unbound' });
    const taken = made.run(GONE);
    expect([taken.removals, memdevs(made), regions(made)]).toEqual([
      [],
      'mem0 gone',
      'region0 reset disabled',
    ]);
    expect(device(made).conditions.map(({ type }) => type)).toEqual(['cxl_region_reset']);
    expect(answered(made, { type: 'bind', dax_device: DAX })).toBe('ENXIO');
  });

  test.each([
    ['cxl_memdev_not_found', { ...GONE, memdev: 'mem9' }],
    ['ENODEV', GONE],
    ['ENODEV', { ...GONE, memdev: 'mem1', via: 'cxl_mem' } as const],
  ])('%s', (code, command) => {
    const made = cxl();
    run(made, GONE);
    made.run(create({}));
    run(made, { ...GONE, memdev: 'mem1', via: 'cxl_mem' });
    expect(answered(made, command)).toBe(code);
  });

  test('cxl disable-memdev of one that no region uses', () => {
    const made = cxl();
    run(made, { type: 'remove_dax_device', dax_device: DAX, trigger: 'unbind', via: 'cxl_mem' });
    made.run({ ...GONE, via: 'cxl_pci' });
    made.run({ type: 'bind_cxl_memdev', memdev: 'mem0', driver: 'cxl_pci' });
    expect(answered(made, { ...GONE, via: 'cxl_disable_memdev' })).toBe('ENODEV');
  });

  test('is refused where a device says no: files in use before an orderly removal', () => {
    const made = machine('v6.12');
    addDevice(made, { provider: 'CXL' });
    rigOn(made, addMount(made).id).mapper();
    expect(answered(made, { ...GONE, trigger: 'orderly_removal' })).toBe('EBUSY');
  });
});

describe('one device that goes with the chain', () => {
  test.each([
    ['invalid_field', 'a device of another bus', { name: DAX, provider: 'ACPI.NFIT' }],
    ['dax_device_not_found', 'none', { name: 'dax9.0' }],
  ] as const)('%s: %s', (code, _what, more) => {
    const made = cxl('v6.12', more);
    const command = {
      type: 'remove_dax_device',
      dax_device: DAX,
      trigger: 'unbind',
      via: 'cxl_mem',
    } as const;
    expect(answered(made, command)).toBe(code);
  });

  test('takes its siblings, and is refused without a memdev', () => {
    const made = cxl();
    made.run(create({ region: 'region0' }));
    const command = {
      type: 'remove_dax_device',
      dax_device: DAX,
      trigger: 'unbind',
      via: 'cxl_region',
    } as const;
    expect(made.run(command).dax_device).toBe(DAX);
    expect([...made.host.tables.removals.values()].map(({ dax_device }) => dax_device)).toEqual([
      DAX,
      'dax1.0',
    ]);
    finishAll(made);
    run(made, GONE);
    expect(answered(made, { ...command, via: 'cxl_mem' })).toBe('ENODEV');
  });

  test('is not removed where a sibling is being removed, or is not bound', () => {
    const made = cxl();
    made.run(create({ region: 'region0' }));
    made.run({ type: 'remove_dax_device', dax_device: 'dax1.0', trigger: 'unbind' });
    const command = {
      type: 'remove_dax_device',
      dax_device: DAX,
      trigger: 'unbind',
      via: 'cxl_pci',
    } as const;
    expect(answered(made, command)).toBe('removal_in_progress');
    finishAll(made);
    run(made, { type: 'remove_dax_device', dax_device: DAX, trigger: 'unbind' });
    expect(answered(made, command)).toBe('dax_device_not_bound');
  });
});
