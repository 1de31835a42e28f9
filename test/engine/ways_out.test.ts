import { expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { ext4 } from './rig.ts';
import { pinned } from './states.ts';
import {
  accessCommand,
  machine,
  processOf,
  removeDevice,
  settle,
  UMEM,
  type Machine,
  outcomeOf,
} from './support.ts';

/** Why a command is refused; fails where it is not. */
function why(made: Machine, command: Command): string {
  const decision = made.try(command);
  if (!isRefusal(decision)) throw new Error(`${command.type} was not refused`);
  return decision.detail;
}

test('[CX4] a memdev that is gone says which call brings it back, and that call does', () => {
  const made = machine('v6.1');
  made.run({ type: 'create_dax_device', name: 'dax0.0', mode: 'devdax', size: 2 ** 28, provider: 'CXL' });
  made.run({ type: 'remove_cxl_memdev', memdev: 'mem0', trigger: 'surprise_removal' });
  for (const { id } of made.host.tables.removals.values())
    while (made.host.tables.removals.get(id)?.state === 'running')
      made.run({ type: 'advance_removal', removal: id });
  const asked: readonly Command[] = [
    { type: 'remove_cxl_memdev', memdev: 'mem0', trigger: 'unbind' },
    { type: 'bind_cxl_memdev', memdev: 'mem0', driver: 'cxl_mem' },
    { type: 'commit_cxl_region', region: 'region0', memdevs: ['mem0'] },
  ];
  for (const command of asked)
    expect(why(made, command)).toContain('POST …/cxl-memdevs/mem0/bind with driver cxl_pci');
  made.run({ type: 'bind_cxl_memdev', memdev: 'mem0', driver: 'cxl_pci' });
  expect([...made.host.tables.cxl_memdevs.values()].map(({ state }) => state)).not.toContain('gone');
});

test('[CX4] a memdev whose decoder kept its COMMITTED bit: each refusal names the next call, up to a bound device', () => {
  const made = machine('v6.12');
  made.run({ type: 'create_dax_device', name: 'dax0.0', mode: 'devdax', size: 2 ** 28, provider: 'CXL' });
  const removal = { type: 'remove_cxl_memdev', memdev: 'mem0', trigger: 'unbind', via: 'cxl_mem' } as const;
  made.run(removal);
  settle(made);
  const commit = { type: 'commit_cxl_region', region: 'region0', memdevs: ['mem0'] } as const;
  for (const command of [removal, commit])
    expect(why(made, command)).toContain('POST …/cxl-memdevs/mem0/bind with driver cxl_mem');
  const refusal = why(made, { type: 'bind_cxl_memdev', memdev: 'mem0', driver: 'cxl_mem' });
  expect(refusal).toContain('POST …/reboot');
  made.run({ type: 'reboot' });
  made.run(commit);
  made.run({ type: 'bind_cxl_region', region: 'region0' });
  expect(made.host.tables.dax_devices.get('dax0.0')?.state).toBe('bound');
});

test.each([
  [{ kind: 'longterm', holder: 'rdma' } as const, 'nobody'],
  [UMEM, 'system-ram'],
] as const)('[PIN3] a pin whose release nothing describes: a reboot ends it (%j)', (how, next) => {
  const [made, command] = pinned('v6.1', how, next);
  expect(why(made, command)).toContain('POST …/reboot');
  made.run({ type: 'reboot' });
  expect(made.host.tables.pins.size).toBe(0);
});

test('a task that spins in the kernel is ended by DELETE, as its refusal says', () => {
  const { made, mapper } = ext4('v6.12');
  const { mapping, pid } = mapper({ small: true });
  removeDevice(made);
  const command = accessCommand(mapping, 'vmsplice');
  expect(outcomeOf(made.run(command)).result).toBe('livelock');
  expect(why(made, command)).toContain('DELETE of the process');
  made.run({ type: 'exit_process', pid });
  expect(processOf(made, pid).state).toBe('dead');
});

test('a device whose file system nobody told is mounted with mkfs, as its refusal says', () => {
  const made = machine('v6.12');
  made.run({ type: 'create_dax_device', name: 'pmem0', mode: 'fsdax', size: 2 ** 30 });
  const mount = { type: 'create_mount', dax_device: 'pmem0', path: '/mnt/a', dax: 'always' } as const;
  expect(why(made, { ...mount, fs_type: 'ext4' })).toContain('no file system is known on pmem0');
  expect(why(made, { ...mount, fs_type: 'ext4' })).toContain('mkfs: true');
  made.run({ ...mount, fs_type: 'ext4', mkfs: true });
  made.run({ type: 'umount', mount: [...made.host.tables.mounts.keys()][0]!, lazy: false });
  expect(why(made, { ...mount, fs_type: 'xfs' })).toContain('pmem0 has ext4: mkfs: true');
  expect(made.run({ ...mount, fs_type: 'xfs', mkfs: true })).toMatchObject({ fs_type: 'xfs' });
});

test('a device whose medium is gone names the events that bring one', () => {
  const { made } = ext4('v6.12');
  made.run({ type: 'record_hotplug_event', action: 'surprise_removal', dax_device: 'pmem0' });
  const [removal] = made.host.tables.removals.values();
  while (made.host.tables.removals.get(removal!.id)?.state === 'running')
    made.run({ type: 'advance_removal', removal: removal!.id });
  expect(why(made, { type: 'bind', dax_device: 'pmem0' })).toContain('add and replace');
  made.run({ type: 'record_hotplug_event', action: 'add', dax_device: 'pmem0' });
  made.run({ type: 'bind', dax_device: 'pmem0' });
});
