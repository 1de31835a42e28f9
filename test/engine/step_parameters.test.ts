import { expect, test } from 'vitest';
import { addDevice, addMapper, addPin, DEVICE, machine, PIPE, settle } from './support.ts';

/** Removes a devdax whose listed mode can change: nobody maps it. No step has run yet. */
function begun(kernel: 'v5.10' | 'force-unmap') {
  const made = machine(kernel);
  addDevice(made, { mode: 'devdax' });
  const mapper = addMapper(made, { dax_device: DEVICE, touched: 'write' });
  addPin(made, mapper, PIPE);
  made.run({ type: 'munmap', mapping: mapper.mapping });
  made.run({ type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind', via: 'device_dax' });
  return made;
}

test('a step runs with the parameters that its removal began with, whatever a listing says meanwhile', () => {
  const made = begun('v5.10');
  const listed = { name: DEVICE, mode: 'raw', size: null, change: 'updated' } as const;
  made.run({ type: 'import_inventory', imported: '', devices: [listed], record: {} });
  expect(made.host.tables.dax_devices.get(DEVICE)).toMatchObject({ mode: 'raw', state: 'removing' });
  const drain = settle(made).steps.find(({ name }) => name === 'pgmap_drain');
  expect(drain).toMatchObject({ state: 'done', result: { waits_for: 'page_refs' } });
});

test('a wish that is turned on while a removal runs is none of its own', () => {
  const made = begun('force-unmap');
  made.run({ type: 'patch_host', proposed: { devdax_memory_failure: true } });
  const waiting = settle(made);
  expect(waiting.steps.map(({ name }) => name)).not.toContain('dev_pagemap_failure');
  expect(waiting).toMatchObject({ state: 'waiting', waiting_on: [{ holder: 'vmsplice' }] });
});
