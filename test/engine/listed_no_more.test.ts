import { expect, test } from 'vitest';
import { addDevice, DEVICE, found, machine, MIB, type Machine } from './support.ts';

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
