import { expect, test } from 'vitest';
import { deviceOf } from '../../src/engine/model/lookup.ts';
import type { ImportedDevice } from '../../src/engine/model/host_command.ts';
import { assessHost } from '../../src/engine/questions/assess.ts';
import type { IdleVerdicts } from '../../src/engine/questions/idle.ts';
import { addDevice, DEVICE, machine, MIB, removeDevice, type Machine } from './support.ts';

function list(made: Machine, shown: Partial<ImportedDevice>): void {
  const { size } = deviceOf(made.host, DEVICE);
  const device: ImportedDevice = { name: DEVICE, mode: 'devdax', size, change: 'updated', ...shown };
  made.run({ type: 'import_inventory', imported: '', devices: [device], record: {} });
}

test('[M124] a dax device that a listing shows without dax_pmem is another one when it is back', () => {
  const made = machine('v6.12');
  addDevice(made, { mode: 'devdax' });
  const shown = () => {
    const { state, parent_bound, instance } = deviceOf(made.host, DEVICE);
    return { state, parent_bound, instance };
  };
  list(made, { state: 'unbound', parent_bound: false });
  expect(shown()).toEqual({ state: 'unbound', parent_bound: false, instance: 2 });
  list(made, { state: 'bound' });
  list(made, { state: 'unbound' });
  expect(shown()).toEqual({ state: 'unbound', parent_bound: true, instance: 2 });
});

test('[M66] leaked memory under a device that is listed in another mode is never remembered as idle', () => {
  const made = machine('v6.12');
  addDevice(made, { mode: 'system-ram', size: 512 * MIB, phys_addr: '0x100000000', target_node: 1 });
  removeDevice(made);
  list(made, { state: 'unbound' });
  expect([deviceOf(made.host, DEVICE).mode, made.host.tables.memory_ranges.size]).toEqual(['devdax', 1]);
  const remembered: IdleVerdicts = new Map();
  expect(assessHost(made.host, remembered)).toEqual(assessHost(made.host, new Map()));
  expect(remembered.size).toBe(0);
});
