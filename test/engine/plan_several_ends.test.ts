import { expect, test } from 'vitest';
import {
  addDevice,
  addFile,
  addMapper,
  addMount,
  addPin,
  DEVICE,
  emptyMachine,
  MIB,
  PIPE,
  removeDevice,
  type Machine,
  type Mapper,
} from './support.ts';

/** RHEL 9.4: its version says nothing of what it does. */
const RHEL_9 = '5.14.0-427.13.1.el9_4.x86_64';

test('[PLAN7] an exit that helps whatever the facts are, and comes to several ends, is not planned', () => {
  const made = emptyMachine('v6.12');
  made.run({ type: 'create_host', name: 'h', kernel_release: '6.18.9' });
  addDevice(made);
  const file = addFile(made, addMount(made).id, '/f');
  const old = addMapper(made, { file, touched: 'write' });
  const { pid } = addMapper(made, { file, touched: 'none' });
  made.run({ type: 'unlink', file });
  removeDevice(made);
  made.run({ type: 'bind', dax_device: DEVICE });
  made.run({ type: 'exit_process', pid: old.pid });
  addDevice(made, { name: 'pmem1' });
  const other = addFile(made, addMount(made, { dax_device: 'pmem1', path: '/mnt/b' }).id, '/g');
  const how = { offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw', populate: 'write' } as const;
  made.run({ type: 'create_mapping', pid, file: other, ...how });
  made.run({ type: 'patch_host', kernel_release: RHEL_9 });
  expect(made.try({ type: 'exit_process', pid })).toMatchObject({ code: 'undetermined' });
  const plan = made.ask({ type: 'plan_removals', trigger: 'unbind', dax_devices: ['pmem1'] });
  expect(plan.order).toEqual([]);
});

test.each([
  [
    'comes to several ends',
    (made: Machine, mapper: Mapper) => {
      addPin(made, mapper, PIPE);
      removeDevice(made, { trigger: 'surprise_removal' });
    },
  ],
  [
    'returns whatever the facts are, and leaves not the same',
    (made: Machine) => {
      removeDevice(made);
      made.run({ type: 'bind', dax_device: DEVICE });
    },
  ],
] as const)('[PLAN7] an exit that %s is not planned', (_, lose) => {
  const made = emptyMachine('v6.12');
  made.run({ type: 'create_host', name: 'h', kernel_release: '6.12.0' });
  addDevice(made);
  const mapper = addMapper(made, { file: addFile(made, addMount(made).id, '/f'), touched: 'write' });
  lose(made, mapper);
  addDevice(made, { name: 'pmem1' });
  const file = addFile(made, addMount(made, { dax_device: 'pmem1', path: '/mnt/b' }).id, '/g');
  const how = { offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw', populate: 'write' } as const;
  made.run({ type: 'create_mapping', pid: mapper.pid, file, ...how });
  made.run({ type: 'patch_host', kernel_release: RHEL_9 });
  expect(made.try({ type: 'exit_process', pid: mapper.pid })).toMatchObject({ code: 'undetermined' });
  const { order, left } = made.ask({ type: 'plan_removals', trigger: 'unbind', dax_devices: ['pmem1'] });
  expect(order).toEqual([]);
  expect(left).toMatchObject([{ dax_device: 'pmem1', state: 'undetermined', verdict: 'undetermined' }]);
});
