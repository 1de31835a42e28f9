import { expect, test } from 'vitest';
import { orRefused } from '../../src/engine/kernels/not_resolved.ts';
import { withRegions } from '../../src/engine/kernels/probes.ts';
import type { DependsOn } from '../../src/engine/model/depends_on.ts';
import { refuse } from '../../src/engine/model/refusal.ts';
import { tellDependent } from '../../src/engine/tell_dependent.ts';
import { emptyMachine } from './support.ts';
import { blocksOf, FIRST, ram } from './ram.ts';
import { DAX } from './rig.ts';

const depends_on: readonly DependsOn[] = [
  {
    fact: 'counts_dax',
    change: 'c',
    facts: ['counts_dax'],
    values: [{ value: 'true' }, { value: 'false' }],
    probes: [],
  },
];

const NO_WORLDS = { choices: [], tried: [], complete: true };

test('[UNK4] a refusal of which the words differ says on what they depend', () => {
  const refusal = refuse('kernel_refused', 'one, or: another');
  const told = tellDependent(refusal, { depends_on, left_out: ['/detail'] }, NO_WORLDS);
  expect(told).toMatchObject({ code: 'kernel_refused', depends_on });
});

test('[UNK4] an answer of which nothing was left out says nothing', () => {
  const answer = { name: 'pmem0' };
  expect(tellDependent({ answer }, { depends_on, left_out: ['/records'] }, NO_WORLDS)).toEqual({ answer });
});

test('[KREL8] what fails for another reason than the kernel fails', () => {
  expect(() =>
    orRefused(() => {
      throw new RangeError('a bug');
    }),
  ).toThrow(RangeError);
});

test('[KREL8] where nothing is known of the kernel no exit is, whatever its process has', () => {
  const made = emptyMachine('v6.12');
  made.run({ type: 'create_host', name: 'h', kernel_release: '4.18.0' });
  made.run({ type: 'create_dax_device', name: DAX, mode: 'devdax', size: 2 ** 28 });
  for (const pid of [1, 2, 3]) made.run({ type: 'create_process', pid, comm: 'redis' });
  const mapping = { dax_device: DAX, offset: 0, length: 2 ** 21, flags: ['shared'], prot: 'rw' } as const;
  made.run({ type: 'create_mapping', pid: 1, ...mapping });
  made.run({ type: 'open_file', pid: 2, dax_device: DAX, flags: ['rdwr'] });
  for (const pid of [1, 2, 3])
    expect(made.try({ type: 'exit_process', pid })).toMatchObject({ code: 'outcome_unknown' });
});

test('[KREL9] a region of a type that one has told tells nothing new', () => {
  const probes = { symbols: {}, btf: {}, sysfs: { '/sys/bus/cxl/devices/regionN/mode': 'ram' } };
  for (const type of ['ram', 'pmem', 'unknown'] as const) {
    expect(withRegions(probes, [{ type }])).toBe(probes);
  }
});

test('[KREL5] probes of a listing that contradict each other are left out, the rest of it is not', () => {
  const made = emptyMachine('v6.12');
  made.run({ type: 'create_host', name: 'h', kernel_release: '5.14.0-427.13.1.el9_4.x86_64' });
  const symbols = { dax_holder_notify_failure: false, mf_dax_kill_procs: true };
  const told = { kernel_probes: { symbols, btf: { 'mf_flags.MF_MEM_PRE_REMOVE': true }, sysfs: {} } };
  const imported = JSON.stringify({ devices: [], host_objects: [], absent: [], skipped: [] });
  const device = { name: 'pmem0', mode: 'raw', size: 2 ** 30, change: 'created' } as const;
  const answer = made.run({ type: 'import_inventory', told, devices: [device], record: {}, imported });
  expect(JSON.parse(answer)).toMatchObject({ skipped: [{ kind: 'host', name: 'h', reason: 'refused' }] });
  expect([...made.host.tables.dax_devices.keys()]).toEqual(['pmem0']);
});

test('[KM27] a block that is told to be where it is stays online as it was', () => {
  const own = ram('v6.12', { online: [[FIRST, 'online_movable']] });
  const before = blocksOf(own);
  own.made.run({ type: 'patch_memory_block', dax_device: DAX, block: FIRST, valid_zones: 'Movable' });
  expect(blocksOf(own)).toEqual(before);
});
