import { expect, test } from 'vitest';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { addDevice, addMount, addProcess, machine, MIB } from './support.ts';

test.each([
  ['papr_scm', 'outcome_unknown'],
  ['virtio-pmem', 'kernel_refused'],
  [null, 'granted'],
])('[IMP32] MAP_SYNC on a device whose provider is %s', (provider, expected) => {
  const made = machine('v6.12');
  addDevice(made, { provider });
  const { id: mount } = addMount(made);
  const { id: file } = made.run({ type: 'create_file', mount, path: 'a', size: 4 * MIB });
  const decision = made.try({
    type: 'create_mapping',
    pid: addProcess(made),
    file,
    offset: 0,
    length: 2 * MIB,
    flags: ['shared', 'sync'],
    prot: 'rw',
  });
  expect(isRefusal(decision) ? decision.code : 'granted').toBe(expected);
});
