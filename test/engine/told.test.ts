import { expect, test } from 'vitest';
import type { DaxDevice } from '../../src/engine/model/host.ts';
import { assessHost } from '../../src/engine/questions/assess.ts';
import type { IdleVerdicts } from '../../src/engine/questions/idle.ts';
import { assess } from './imagine.ts';
import { devdax, ext4 } from './rig.ts';
import { addDevice, addMapper, DEVICE, found, machine, MIB, type Machine } from './support.ts';

const NOT_TOLD = ['not_told', null];
const TOLD = ['told', '2026-01-01T00:00:00Z'];

function told(made: Machine, name = DEVICE): (string | null)[] {
  const { holders, told_at } = found(made.host.tables.dax_devices.get(name));
  const [assessed] = assess(made).filter(({ dax_device }) => dax_device === name);
  const survey = made.ask({ type: 'survey_holders', dax_device: name });
  expect([assessed?.holders, assessed?.told_at]).toEqual([holders, told_at]);
  expect([survey.holders, survey.told_at]).toEqual([holders, told_at]);
  return [holders, told_at];
}

test('[TOLD1] a device that was only imported or created has nothing told of its users', () => {
  const made = machine('v6.12');
  addDevice(made);
  const listed = { name: 'pmem1', mode: 'fsdax', size: 64 * MIB, change: 'created' } as const;
  made.run({ type: 'import_inventory', imported: '', devices: [listed], record: {} });
  expect([told(made), told(made, 'pmem1')]).toEqual([NOT_TOLD, NOT_TOLD]);
  expect(assess(made).map(({ verdict }) => verdict)).toEqual(['contained', 'contained']);
});

test('[TOLD1] a mount tells, and so does a mapping of the node', () => {
  expect(told(ext4('v6.12').made)).toEqual(TOLD);
  const { made, mapper } = devdax('v6.12');
  expect(told(made, 'dax0.0')).toEqual(NOT_TOLD);
  mapper();
  expect(told(made, 'dax0.0')).toEqual(TOLD);
});

test('[TOLD1] files and pins tell of a device that was taken back to not told', () => {
  const { made, file, mapper } = ext4('v6.12');
  const untell = { type: 'patch_dax_device', dax_device: DEVICE, holders: 'not_told' } as const;
  made.run(untell);
  expect(told(made)).toEqual(NOT_TOLD);
  file('/new');
  expect(told(made)).toEqual(TOLD);
  const { pid, mapping } = mapper();
  made.run(untell);
  made.run({ type: 'access', mapping, offset: 0, length: 4096, kind: 'read' });
  expect(told(made)).toEqual(NOT_TOLD);
  const pin = { kind: 'transient', holder: 'vmsplice' } as const;
  made.run({ type: 'create_pin', pid, mapping, offset: 0, length: 4096, ...pin });
  expect(told(made)).toEqual(TOLD);
});

test('[TOLD1] nobody uses it: the operator says so, at creation or later', () => {
  const made = machine('v6.12');
  addDevice(made);
  addDevice(made, { name: 'pmem1', holders: 'told' });
  expect(told(made, 'pmem1')).toEqual(TOLD);
  made.run({ type: 'patch_dax_device', dax_device: DEVICE, holders: 'told' });
  expect(told(made)).toEqual(TOLD);
});

test('[TOLD1] what is made on one device tells nothing of another', () => {
  const made = machine('v6.12');
  for (const name of ['dax0.0', 'dax1.0']) addDevice(made, { name, mode: 'devdax' });
  addMapper(made, { dax_device: 'dax0.0' });
  expect([told(made, 'dax0.0'), told(made, 'dax1.0')]).toEqual([TOLD, NOT_TOLD]);
});

test('[TOLD2] the end of a use is told too; a reboot, or another owner unseen, takes it back', () => {
  const { made, mapper } = devdax('v6.12');
  const { pid } = mapper();
  made.run({ type: 'exit_process', pid });
  expect(told(made, 'dax0.0')).toEqual(TOLD);
  made.run({ type: 'reboot' });
  expect(told(made, 'dax0.0')).toEqual(NOT_TOLD);
  made.run({ type: 'patch_dax_device', dax_device: 'dax0.0', holders: 'told' });
  const listed = { name: 'dax0.0', mode: 'system-ram', size: 64 * MIB, change: 'updated' } as const;
  made.run({ type: 'import_inventory', imported: '', devices: [{ ...listed, mode: 'devdax' }], record: {} });
  expect(told(made, 'dax0.0')).toEqual(TOLD);
  made.run({ type: 'import_inventory', imported: '', devices: [listed], record: {} });
  expect(found(made.host.tables.dax_devices.get('dax0.0'))).toMatchObject({
    holders: 'not_told',
    told_at: null,
  } satisfies Partial<DaxDevice>);
});

test('[TOLD1] idle devices that differ in this alone are remembered together, each told as its own', () => {
  const made = machine('v6.12');
  addDevice(made);
  addDevice(made, { name: 'pmem1', holders: 'told' });
  const remembered: IdleVerdicts = new Map();
  const items = assessHost(made.host, remembered);
  expect(items.map(({ holders }) => holders)).toEqual(['not_told', 'told']);
  expect(remembered.size).toBe(1);
});
