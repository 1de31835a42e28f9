import { describe, expect, test } from 'vitest';
import { importing, refusedOf } from './importing.ts';
import { ext4 } from './rig.ts';
import { addDevice, addMapper, DEVICE, found, machine, MIB, type Machine } from './support.ts';

const DAX = 'dax0.0';

function importOf(
  made: Machine,
  name: string,
  change: 'updated' | 'gone',
  mode: 'fsdax' | 'system-ram',
): void {
  const device = { name, mode, size: 1024 * MIB, change } as const;
  made.run({ type: 'import_inventory', imported: '', devices: [device], record: {} });
}

test('[IMP16] a device that is listed no more has no driver, and nothing that a driver makes', () => {
  const made = machine('v6.12');
  addDevice(made, { size: 1024 * MIB });
  importOf(made, DEVICE, 'gone', 'fsdax');
  expect(found(made.host.tables.dax_devices.get(DEVICE))).toMatchObject({
    state: 'gone',
    driver: null,
    dax_alive: false,
    pgmap_state: 'none',
    mem_region: 'released',
  });
  importOf(made, DEVICE, 'updated', 'fsdax');
  expect(found(made.host.tables.dax_devices.get(DEVICE))).toMatchObject({
    state: 'bound',
    dax_alive: true,
    pgmap_state: 'live',
    pgmap: 2,
  });
});

test('[IMP16] system-ram that is listed no more has no memory', () => {
  const made = machine('v6.12');
  addDevice(made, { name: DAX, mode: 'system-ram', size: 1024 * MIB });
  expect([...made.host.tables.memory_ranges.values()]).toHaveLength(1);
  importOf(made, DAX, 'gone', 'system-ram');
  expect([...made.host.tables.memory_ranges.values()]).toEqual([]);
  expect(found(made.host.tables.dax_devices.get(DAX))).toMatchObject({ state: 'gone', kmem_state: null });
});

describe('[IMP19] a device that a listing shows no more', () => {
  const gone = (name: string) => importing([{ name, mode: 'fsdax', size: 64 * MIB, change: 'gone' }]);

  test('stays while it is mounted: a removal tells how it went', () => {
    const { made } = ext4('v6.12');
    expect(refusedOf(made, gone(DEVICE))).toEqual([`${DEVICE}: dax_device_in_use`]);
    expect(found(made.host.tables.dax_devices.get(DEVICE))).toMatchObject({ state: 'bound' });
  });

  test('stays while a process maps it', () => {
    const made = machine('v6.12');
    addDevice(made, { name: DAX, mode: 'devdax' });
    addMapper(made, { dax_device: DAX });
    expect(refusedOf(made, gone(DAX))).toEqual([`${DAX}: dax_device_in_use`]);
  });

  test('stays as it is while its removal has not ended', () => {
    const made = machine('v6.12');
    addDevice(made);
    made.run({ type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' });
    const before = made.host.tables.dax_devices.get(DEVICE);
    expect(before).toMatchObject({ state: 'removing' });
    expect(refusedOf(made, gone(DEVICE))).toEqual([]);
    expect(made.host.tables.dax_devices.get(DEVICE)).toBe(before);
  });
});
