import { expect, test } from 'vitest';
import { ram, verdict } from './ram.ts';
import { DAX } from './rig.ts';
import { addDevice, addMapper, addPin, DEVICE, machine, PIPE, settle, type Machine } from './support.ts';

/** Removes a devdax that nobody maps any more. No step has run yet. */
function begun() {
  const made = machine('force-unmap');
  addDevice(made, { mode: 'devdax' });
  const mapper = addMapper(made, { dax_device: DEVICE, touched: 'write' });
  addPin(made, mapper, PIPE);
  made.run({ type: 'munmap', mapping: mapper.mapping });
  made.run({ type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind', via: 'device_dax' });
  return made;
}

test('a proposed parameter that is turned on while a removal runs is none of its own', () => {
  const made = begun();
  made.run({ type: 'patch_host', proposed: { devdax_memory_failure: true } });
  const waiting = settle(made);
  expect(waiting.steps.map(({ name }) => name)).not.toContain('dev_pagemap_failure');
  expect(waiting).toMatchObject({ state: 'waiting', waiting_on: [{ holder: 'vmsplice' }] });
});

/** Removes system RAM with the parameter as it is first, turned after so many steps. */
function turned(first: boolean, steps: 0 | 1): string {
  const { made } = ram('force-unmap');
  const set = (kmem_memory_failure: boolean) =>
    made.run({ type: 'patch_host', proposed: { kmem_memory_failure } });
  set(first);
  made.run({ type: 'remove_dax_device', dax_device: DAX, trigger: 'unbind' });
  for (let step = 0; step < steps; step += 1) advance(made);
  set(!first);
  return verdict(settle(made));
}

function advance(made: Machine): void {
  const [removal] = [...made.host.tables.removals.values()].slice(-1);
  made.run({ type: 'advance_removal', removal: removal!.id });
}

test.each([0, 1] as const)(
  '[FU11] what is proposed for system RAM is what it was at the start, also when it is turned after %d steps',
  (steps) => {
    expect(turned(false, steps)).toBe('completed, leaked, 0 signals');
    expect(turned(true, steps)).toBe('completed, contained, 0 signals');
  },
);
