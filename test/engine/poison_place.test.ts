import { expect, test } from 'vitest';
import type { MemoryFailure } from '../../src/engine/model/device_command.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { fill, offlineAll, ram as recorded, unbind } from './ram.ts';
import { DAX, ext4 } from './rig.ts';
import { baseOf, ram, scene, type Scene } from './poison.ts';
import {
  access,
  addDevice,
  addMapper,
  DEVICE,
  found,
  mappingOf,
  MIB,
  PAGE,
  type Machine,
  returned,
} from './support.ts';

type Asked = Partial<MemoryFailure>;

function ask(made: Machine, dax_device: string, more: Asked) {
  const command = {
    type: 'memory_failure',
    dax_device,
    offset: 0,
    length: PAGE,
    source: 'mce',
    ...more,
  } as const;
  const decision = made.try(command);
  return isRefusal(decision) ? decision : null;
}

/** What was poisoned, in pages of the device; or the refusal's code and pointer. */
function poisoned({ made, device }: Pick<Scene, 'made' | 'device'>, more: Asked): string {
  const refusal = ask(made, device, more);
  if (refusal !== null) return `${refusal.code} ${String(refusal.pointer)}`;
  const { hwpoisoned, base_pfn } = found(made.host.tables.dax_devices.get(device));
  return hwpoisoned.map(([pfn, nr]) => `${String(pfn - base_pfn)}+${String(nr)}`).join(' ');
}

test('[MF1] an offset into a file is where its extent lies', () => {
  const at = scene('v6.12', 'ext4', { one: { small: true } });
  const file = found(mappingOf(at.made, found(at.who['one']).mapping).file ?? undefined);
  const base = baseOf(at.made, file);
  expect(poisoned(at, { file, offset: 3 * PAGE, length: 2 * PAGE })).toBe(`${String(base + 3)}+2`);
});

test('[MF1] an offset into a mapping counts from its start, wherever it starts in the file', () => {
  const at = scene('v6.12', 'ext4', { one: { offset: MIB, length: MIB, small: true } });
  const { mapping } = found(at.who['one']);
  const base = baseOf(at.made, found(mappingOf(at.made, mapping).file ?? undefined));
  expect(poisoned(at, { mapping, offset: 5 * PAGE + 64, length: 64 })).toBe(`${String(base + 261)}+1`);
});

test('[MF1] madvise of a mapping is a call of its own process, not of the first that maps', () => {
  const at = scene('v6.12', 'ext4', { first: { small: true }, second: { small: true } }, 0);
  const { mapping, pid } = found(at.who['second']);
  const asked = { dax_device: DEVICE, mapping, offset: 0, length: PAGE, source: 'madvise' } as const;
  const report = returned(at.made.run({ type: 'memory_failure', ...asked }));
  expect(report.processes.map(({ pid: hit }) => hit)).toContain(pid);
  expect(report.processes.find(({ pid: hit }) => hit === pid)?.si_code).toBe('BUS_MCEERR_AR');
  const first = found(at.who['first']).pid;
  expect(poisoned(at, { mapping, source: 'madvise', by_pid: first })).toBe('invalid_field /by_pid');
});

test('[MF1] a mapping of the device node counts from where it starts', () => {
  const at = scene('v6.12', 'devdax', { one: { offset: 2 * MIB, length: 2 * MIB } });
  const { mapping } = found(at.who['one']);
  expect(poisoned(at, { mapping, offset: PAGE })).toBe('512+1');
});

test('[MF1] anonymous memory is where it was placed', () => {
  const at = ram('v6.12', { one: {} });
  const { mapping } = found(at.who['one']);
  expect(poisoned(at, { mapping, offset: 2 * PAGE, length: 2 * PAGE })).toBe('2+2');
});

test('[MF1] what is not on the device, past an end, a hole or a copy is refused at its member', () => {
  const rig = ext4('v6.12');
  const { made } = rig;
  const here = { made, device: DEVICE };
  const { mapping } = rig.mapper({ flags: ['private'], touched: 'cow' });
  addDevice(made, { name: 'dax1.0', mode: 'devdax', size: 4 * MIB, phys_addr: '0x8000000000' });
  const other = addMapper(made, { dax_device: 'dax1.0' }).mapping;
  const file = rig.file();
  expect(poisoned(here, { file: 'f99' })).toBe('file_not_found /file');
  expect(poisoned(here, { mapping: 'v99' })).toBe('mapping_not_found /mapping');
  expect(poisoned({ made, device: 'dax1.0' }, { file })).toBe('invalid_field /file');
  expect(poisoned(here, { mapping: other })).toBe('invalid_field /mapping');
  expect(poisoned(here, { file, offset: 4 * MIB })).toBe('out_of_range /offset');
  expect(poisoned(here, { file, length: 5 * MIB })).toBe('out_of_range /length');
  expect(poisoned(here, { mapping, offset: 2 * MIB })).toBe('out_of_range /offset');
  expect(poisoned(here, { mapping, offset: MIB, length: 2 * MIB })).toBe('out_of_range /length');
  expect(poisoned(here, { mapping })).toBe('invalid_field /offset');
  expect(poisoned(here, { mapping, offset: PAGE })).toMatch(/\+1$/);
});

test('[MF1] anonymous memory that was never touched has no page', () => {
  const at = ram('v6.12', { one: { touched: 'none' } });
  const { mapping } = found(at.who['one']);
  expect(poisoned(at, { mapping })).toBe('invalid_field /offset');
  access(at.made, mapping, 'write', { page: 1 });
  expect(poisoned(at, { mapping })).toBe('invalid_field /offset');
  expect(poisoned(at, { mapping, offset: PAGE, length: 2 * PAGE })).toBe('invalid_field /length');
});

test('[MF1] pages that left the memory are of no device, nor is the entry of one that was poisoned', () => {
  const own = recorded('v6.12');
  const { mapping } = fill(own);
  const here = { made: own.made, device: DAX };
  own.made.run({
    type: 'memory_failure',
    dax_device: DAX,
    mapping,
    offset: 0,
    length: PAGE,
    source: 'debugfs',
  });
  expect(offlineAll(own.made)).toBe('ok');
  unbind(own);
  expect(found(own.made.host.tables.dax_devices.get(DAX)).state).toBe('unbound');
  expect(poisoned(here, { mapping })).toBe('invalid_field /offset');
  expect(poisoned(here, { mapping, offset: PAGE })).toBe('invalid_field /offset');
});
