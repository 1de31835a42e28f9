import type { Command } from '../../src/engine/model/command.ts';
import type { RefusalCode } from '../../src/engine/model/refusal_codes.ts';
import type { DeviceMode, KernelName } from '../../src/engine/model/vocabulary.ts';
import { DAX, devdax, ext4, rmapbt, type Rig } from './rig.ts';
import {
  accessCommand,
  addDevice,
  addMapper,
  addPin,
  addProcess,
  DEVICE,
  machine,
  MIB,
  PIPE,
  removeDevice,
  type Machine,
  type MapperOptions,
  type PinOptions,
} from './support.ts';

/** A command that is refused on a machine in a certain state. */
export interface Case {
  readonly code: RefusalCode;
  readonly when: string;
  readonly errno?: string;
  readonly kernel?: KernelName;
  readonly make: (kernel: KernelName) => readonly [Machine, Command];
}

export const REMOVE = { type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' } as const;
export const MAP = {
  type: 'create_mapping',
  offset: 0,
  length: 2 * MIB,
  flags: ['shared'],
  prot: 'rw',
} as const;
export const MOUNT = {
  type: 'create_mount',
  dax_device: DEVICE,
  path: '/mnt/b',
  fs_type: 'ext4',
  dax: 'always',
  mkfs: true,
} as const;
export const CREATE = { type: 'create_dax_device', name: 'pmem7', mode: 'fsdax', size: MIB } as const;

export function bare(kernel: KernelName, mode: DeviceMode = 'fsdax'): Machine {
  const made = machine(kernel);
  addDevice(made, { mode });
  return made;
}

export function on(
  command: Command,
  make: (kernel: KernelName) => Machine = (kernel) => bare(kernel),
): Case['make'] {
  return (kernel) => [make(kernel), command];
}

/** A rig with one mapper, and what is asked of it. */
export function withMapper(
  ask: (rig: Rig, mapping: string, pid: number) => Command,
  options: MapperOptions = {},
  start: (kernel: KernelName) => Rig = ext4,
): Case['make'] {
  return (kernel) => {
    const rig = start(kernel);
    const { mapping, pid } = rig.mapper(options);
    return [rig.made, ask(rig, mapping, pid)];
  };
}

export function waiting(kernel: KernelName): Machine {
  const { made, mapper } = ext4(kernel);
  addPin(made, mapper(), PIPE);
  removeDevice(made);
  return made;
}

/** A removal of a multi-AG xfs that never ends: frozen. */
function frozen(kernel: KernelName): Rig {
  const rig = rmapbt(kernel, 0, 4);
  rig.mapper();
  rig.mapper({ touched: 'write' }, '/b');
  removeDevice(rig.made);
  return rig;
}

export function removed(rig: Rig): Rig {
  removeDevice(rig.made);
  return rig;
}

export function unmounted(ask: (pid: number, file: string) => Command): Case['make'] {
  return (kernel) => {
    const { made, file, mount } = ext4(kernel);
    const id = file();
    made.run({ type: 'umount', mount, lazy: false });
    return [made, ask(addProcess(made), id)];
  };
}

export function nodeMapped(command: Command): Case['make'] {
  return (kernel) => {
    const made = bare(kernel);
    addMapper(made, { dax_device: DEVICE });
    return [made, command];
  };
}

export function nodeCommand(
  flags: readonly ('shared' | 'sync')[],
  mode: 'fsdax' | 'sector' | 'system-ram' = 'fsdax',
  size = 64 * MIB,
): Case['make'] {
  return (kernel) => {
    const made = machine(kernel);
    addDevice(made, { mode, size });
    return [made, { ...MAP, flags, pid: addProcess(made), dax_device: DEVICE }];
  };
}

export function unboundNode(kernel: KernelName): readonly [Machine, Command] {
  const made = bare(kernel);
  removeDevice(made);
  return [made, { ...MAP, pid: addProcess(made), dax_device: DEVICE }];
}

export function withFrozen(kernel: KernelName, ask: (rig: Rig) => Command): readonly [Machine, Command] {
  const rig = frozen(kernel);
  return [rig.made, ask(rig)];
}

/** umount of a mount that is gone, of which a freeze keeps the superblock. */
export function frozenUnmapped(kernel: KernelName): readonly [Machine, Command] {
  const { made, mapper, mount } = rmapbt(kernel, 0, 4);
  made.run({ type: 'munmap', mapping: mapper().mapping });
  removeDevice(made);
  made.run({ type: 'umount', mount, lazy: false });
  return [made, { type: 'umount', mount, lazy: false }];
}

export function exited(kernel: KernelName, ask: (pid: number) => Command): readonly [Machine, Command] {
  const made = bare(kernel);
  const pid = addProcess(made);
  made.run({ type: 'exit_process', pid });
  return [made, ask(pid)];
}

/** A mapper that a stale PTE has oopsed. */
export function oopsed(ask: (mapping: string, pid: number) => Command): Case['make'] {
  return (kernel) => {
    const { made, mapper } = ext4(kernel);
    const { mapping, pid } = mapper({ small: true });
    removeDevice(made);
    made.run(accessCommand(mapping, 'write'));
    return [made, ask(mapping, pid)];
  };
}

/** The unbinding task holds the pin that the removal waits for. */
export function unbinderPins(kernel: KernelName): readonly [Machine, Command] {
  const { made, mapper } = ext4(kernel);
  const one = mapper();
  const pin = addPin(made, one, PIPE);
  removeDevice(made, { by_pid: one.pid });
  return [made, { type: 'unpin', pin }];
}

export function shutDown(
  kernel: KernelName,
  ask: (rig: Rig, pid: number) => Command,
): readonly [Machine, Command] {
  const rig = ext4(kernel);
  const { pid } = rig.mapper();
  const command = ask(rig, pid);
  rig.made.run({ type: 'shutdown_mount', mount: rig.mount });
  return [rig.made, command];
}

/** A process whose entries are gone with the device: nothing faults in. */
export function removedMapper(
  kernel: KernelName,
  ask: (mapping: string, pid: number) => Command,
): readonly [Machine, Command] {
  const { made, mapper } = ext4(kernel);
  const { mapping, pid } = mapper({ touched: 'none' });
  removeDevice(made);
  return [made, ask(mapping, pid)];
}

export function staleMapper(
  kernel: KernelName,
  ask: (mapping: string, pid: number) => Command,
): readonly [Machine, Command] {
  const { made, mapper } = ext4(kernel);
  const { mapping, pid } = mapper();
  removeDevice(made);
  return [made, ask(mapping, pid)];
}

export function surprised(kernel: KernelName, command: Command): readonly [Machine, Command] {
  const made = bare(kernel);
  removeDevice(made, { trigger: 'surprise_removal' });
  return [made, command];
}

/** A listing no longer shows the device. */
export function gone(kernel: KernelName): readonly [Machine, Command] {
  const made = bare(kernel);
  const device = { name: DEVICE, mode: 'fsdax', size: null, change: 'gone' } as const;
  made.run({ type: 'import_inventory', imported: '', record: {}, devices: [device] });
  return [made, { type: 'bind', dax_device: DEVICE }];
}

export function orphan(kernel: KernelName, command: Command): readonly [Machine, Command] {
  const { made } = devdax(kernel);
  removeDevice(made, { dax_device: DAX, via: 'dax_pmem' });
  return [made, command];
}

/** A pin of devdax over a removal, released by hand; system RAM made of the device or not. */
export function pinned(
  kernel: KernelName,
  how: PinOptions,
  next: 'nobody' | 'system-ram',
): readonly [Machine, Command] {
  const { made, mapper } = devdax(kernel, { size: 256 * MIB });
  const pin = addPin(made, mapper(), how);
  removeDevice(made, { dax_device: DAX });
  if (next === 'system-ram') made.run({ type: 'bind', dax_device: DAX, mode: next });
  return [made, { type: 'unpin', pin }];
}

export function mapShape(more: Partial<Extract<Command, { type: 'create_mapping' }>>): Case['make'] {
  return withMapper((rig, _mapping, pid) => ({ ...MAP, pid, file: rig.file(), ...more }));
}
