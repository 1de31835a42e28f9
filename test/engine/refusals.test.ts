import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/engine/command.ts';
import { isRefusal, REFUSAL_CODES, type RefusalCode } from '../../src/engine/refusal.ts';
import type { KernelName } from '../../src/engine/vocabulary.ts';
import { cached, DAX, devdax, ext4, mounted, rmapbt, xfs, type Rig } from './rig.ts';
import {
  accessCommand,
  addDevice,
  addMapper,
  addMount,
  addPin,
  addProcess,
  DEVICE,
  emptyMachine,
  FIXED_BUFFER,
  machine,
  MIB,
  pinCommand,
  PIPE,
  removeDevice,
  UMEM,
  type Machine,
} from './support.ts';

/** A command that is refused on a machine in a certain state. */
interface Case {
  readonly code: RefusalCode;
  readonly when: string;
  readonly errno?: string;
  readonly kernel?: KernelName;
  readonly make: (kernel: KernelName) => readonly [Machine, Command];
}

const REMOVE = { type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' } as const;
const MAP = { type: 'create_mapping', offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw' } as const;
const MOUNT = { type: 'create_mount', dax_device: DEVICE, path: '/mnt/b', fs_type: 'ext4', dax: 'always', mkfs: true } as const;
const CREATE = { type: 'create_dax_device', name: 'pmem7', mode: 'fsdax', size: MIB } as const;

function bare(kernel: KernelName): Machine {
  const made = machine(kernel);
  addDevice(made);
  return made;
}

function on(command: Command, make: (kernel: KernelName) => Machine = bare): Case['make'] {
  return (kernel) => [make(kernel), command];
}

/** A rig with one mapper, and what is asked of it. */
function withMapper(ask: (rig: Rig, mapping: string, pid: number) => Command, options = {}, start = ext4): Case['make'] {
  return (kernel) => {
    const rig = start(kernel);
    const { mapping, pid } = rig.mapper(options);
    return [rig.made, ask(rig, mapping, pid)];
  };
}

function waiting(kernel: KernelName): Machine {
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

function removed(rig: Rig): Rig {
  removeDevice(rig.made);
  return rig;
}

const notFound = (code: RefusalCode, command: Command): Case => ({ code, when: command.type, make: on(command) });

const CASES: readonly Case[] = [
  { code: 'host_not_found', when: 'anything before create_host', make: (kernel) => [emptyMachine(kernel), { type: 'delete_host' }] },
  notFound('dax_device_not_found', { ...REMOVE, dax_device: 'nope' }),
  notFound('dax_device_not_found', { type: 'survey_holders', dax_device: 'nope' }),
  notFound('dax_device_not_found', { type: 'bind', dax_device: 'nope' }),
  notFound('dax_device_not_found', { type: 'patch_dax_device', dax_device: 'nope' }),
  notFound('dax_device_not_found', { type: 'delete_dax_device', dax_device: 'nope' }),
  notFound('dax_device_not_found', { ...MOUNT, dax_device: 'nope' }),
  notFound('dax_device_not_found', { type: 'record_hotplug_event', action: 'add', dax_device: 'nope' }),
  notFound('mount_not_found', { type: 'umount', mount: 'm9', lazy: false }),
  notFound('mount_not_found', { type: 'shutdown_mount', mount: 'm9' }),
  notFound('mount_not_found', { type: 'commit_journal', mount: 'm9' }),
  notFound('mount_not_found', { type: 'create_file', mount: 'm9', path: '/a', size: 1 }),
  notFound('file_not_found', { type: 'file_io', file: 'f9', pid: 1, kind: 'pread', offset: 0, length: 1 }),
  notFound('process_not_found', { type: 'exit_process', pid: 9 }),
  notFound('process_not_found', { ...MAP, pid: 9, dax_device: DEVICE }),
  notFound('process_not_found', { type: 'create_process', comm: 'x', parent_pid: 9 }),
  notFound('process_not_found', { ...REMOVE, by_pid: 9 }),
  notFound('mapping_not_found', { type: 'munmap', mapping: 'v9' }),
  notFound('mapping_not_found', accessCommand('v9', 'read')),
  notFound('pin_not_found', { type: 'unpin', pin: 'p9' }),
  notFound('removal_not_found', { type: 'advance_removal', removal: 'r9' }),
  { code: 'process_not_found', when: 'create_pin', make: on(pinCommand({ pid: 9, mapping: 'v9' }, PIPE)) },
  { code: 'process_not_found', when: 'file_io', make: withMapper((rig) => ({ type: 'file_io', file: rig.file(), pid: 99, kind: 'pread', offset: 0, length: 1 })) },
  { code: 'mapping_not_found', when: 'create_pin', make: withMapper((_rig, _mapping, pid) => pinCommand({ pid, mapping: 'v99' }, PIPE)) },
  { code: 'file_not_found', when: 'create_mapping', make: withMapper((_rig, _mapping, pid) => ({ ...MAP, pid, file: 'f99' })) },
  { code: 'dax_device_not_found', when: 'create_mapping', make: withMapper((_rig, _mapping, pid) => ({ ...MAP, pid, dax_device: 'nope' })) },
  { code: 'mount_not_found', when: 'create_mapping of a file whose file system is unmounted', make: unmounted((pid, file) => ({ ...MAP, pid, file })) },
  { code: 'mount_not_found', when: 'pread of a file whose file system is unmounted', make: unmounted((pid, file) => ({ type: 'file_io', file, pid, kind: 'pread', offset: 0, length: 1 })) },
  { code: 'mount_not_found', when: 'fsync of a file whose file system is unmounted', make: unmounted((pid, file) => ({ type: 'file_io', file, pid, kind: 'fsync', offset: 0, length: 1 })) },
  { code: 'host_exists', when: 'create_host again', make: on({ type: 'create_host', name: 'h', kernel: 'v6.1' }) },
  { code: 'dax_device_exists', when: 'the name is taken', make: on({ ...CREATE, name: DEVICE }) },
  { code: 'process_exists', when: 'the pid is taken', make: withMapper((_rig, _mapping, pid) => ({ type: 'create_process', comm: 'x', pid })) },
  { code: 'path_exists', when: 'create_file', make: withMapper(({ mount }) => ({ type: 'create_file', mount, path: '/a', size: 1 })) },
  { code: 'path_exists', when: 'create_mount', make: withMapper(() => ({ ...MOUNT, path: '/mnt/a' })) },
  { code: 'host_in_use', when: 'delete_host while a removal waits', kernel: 'v5.10', make: on({ type: 'delete_host' }, waiting) },
  { code: 'dax_device_in_use', when: 'delete of a mounted device', make: withMapper(() => ({ type: 'delete_dax_device', dax_device: DEVICE })) },
  { code: 'dax_device_in_use', when: 'delete of a device whose node is mapped', make: nodeMapped({ type: 'delete_dax_device', dax_device: DEVICE }) },
  { code: 'dax_device_in_use', when: 'a medium added to a bound device', make: on({ type: 'record_hotplug_event', action: 'add', dax_device: DEVICE }) },
  { code: 'dax_device_in_use', when: 'an import that moves a mapped device', make: nodeMapped({ type: 'import_inventory', record: {}, devices: [{ name: DEVICE, mode: 'fsdax', size: 64 * MIB, phys_addr: '0x100000000', change: 'updated' }] }) },
  { code: 'dax_device_not_bound', when: 'removed twice', make: (kernel) => [removed(ext4(kernel)).made, REMOVE] },
  { code: 'dax_device_busy', when: 'create_file on a frozen file system', kernel: 'v7.3', make: (kernel) => withFrozen(kernel, ({ mount }) => ({ type: 'create_file', mount, path: '/new', size: 1 })) },
  { code: 'dax_device_busy', when: 'shutdown of a frozen file system', kernel: 'v7.3', make: (kernel) => withFrozen(kernel, ({ mount }) => ({ type: 'shutdown_mount', mount })) },
  { code: 'removal_in_progress', when: 'remove', kernel: 'v5.10', make: on(REMOVE, waiting) },
  { code: 'removal_in_progress', when: 'delete_dax_device', kernel: 'v5.10', make: on({ type: 'delete_dax_device', dax_device: DEVICE }, waiting) },
  { code: 'removal_in_progress', when: 'a medium added', kernel: 'v5.10', make: on({ type: 'record_hotplug_event', action: 'add', dax_device: DEVICE }, waiting) },
  { code: 'removal_in_progress', when: 'surprise_remove', kernel: 'v5.10', make: on({ type: 'record_hotplug_event', action: 'surprise_remove', dax_device: DEVICE }, waiting) },
  { code: 'process_ended', when: 'access', make: dead((mapping) => accessCommand(mapping, 'read'), 'process_ended') },
  { code: 'process_ended', when: 'exit', make: (kernel) => exited(kernel, (pid) => ({ type: 'exit_process', pid })) },
  { code: 'process_ended', when: 'fork', make: (kernel) => exited(kernel, (pid) => ({ type: 'create_process', comm: 'x', parent_pid: pid })) },
  { code: 'process_unavailable', when: 'access of an oopsed process', kernel: 'v7.3', make: oopsed((mapping) => accessCommand(mapping, 'read')) },
  { code: 'process_unavailable', when: 'munmap of an oopsed process', kernel: 'v7.3', make: oopsed((mapping) => ({ type: 'munmap', mapping })) },
  { code: 'process_unavailable', when: 'exit of an oopsed process', kernel: 'v7.3', make: oopsed((_mapping, pid) => ({ type: 'exit_process', pid })) },
  { code: 'process_unavailable', when: 'unpin of a process that waits for the removal', kernel: 'v5.10', make: unbinderPins },
  { code: 'mapping_is_read_only', when: 'a store', make: withMapper((_rig, mapping) => accessCommand(mapping, 'write'), { prot: 'r' }) },
  { code: 'kernel_refused', errno: 'ENXIO', when: 'mount of a devdax', make: (kernel) => [devdax(kernel).made, { ...MOUNT, dax_device: DAX }] },
  { code: 'kernel_refused', errno: 'ENXIO', when: 'mount of an unbound device', make: (kernel) => [removed(ext4(kernel)).made, { ...MOUNT }] },
  { code: 'kernel_refused', errno: 'ENXIO', when: 'mmap of a block device that is gone', make: unboundNode },
  { code: 'kernel_refused', errno: 'EOPNOTSUPP', when: 'MAP_SYNC of a block device', make: nodeCommand(['shared', 'sync']) },
  { code: 'kernel_refused', errno: 'EINVAL', when: 'mount of a device without a file system', make: on({ ...MOUNT, mkfs: false }) },
  { code: 'kernel_refused', errno: 'EINVAL', when: 'dax=always on a raw device', make: (kernel) => [cached(kernel).made, { ...MOUNT, path: '/mnt/c', partition: 3 }] },
  { code: 'kernel_refused', errno: 'EBUSY', when: 'a partition of a mounted device', make: withMapper(() => ({ ...MOUNT, partition: 1 })) },
  { code: 'kernel_refused', errno: 'EBUSY', when: 'orderly removal of files in use', make: withMapper(() => ({ ...REMOVE, trigger: 'orderly_removal' })) },
  { code: 'kernel_refused', errno: 'EBUSY', when: 'umount of a frozen file system nobody maps', kernel: 'v7.3', make: frozenUnmapped },
  { code: 'kernel_refused', errno: 'ENOSPC', when: 'a file larger than the file system', make: withMapper(({ mount }) => ({ type: 'create_file', mount, path: '/big', size: 1024 * MIB })) },
  { code: 'kernel_refused', errno: 'EIO', when: 'mmap on a file system that was shut down', make: (kernel) => shutDown(kernel, (rig, pid) => ({ ...MAP, pid, file: rig.file() })) },
  { code: 'kernel_refused', errno: 'EFAULT', when: 'a pin of a page that cannot be faulted in', make: (kernel) => removedMapper(kernel, (mapping, pid) => pinCommand({ pid, mapping }, PIPE)) },
  { code: 'kernel_refused', errno: 'ENODEV', when: 'bind of a device whose medium is gone', make: (kernel) => surprised(kernel, { type: 'bind', dax_device: DEVICE }) },
  { code: 'kernel_refused', errno: 'ENODEV', when: 'bind of a device that is gone', make: gone },
  { code: 'kernel_refused', errno: 'ENODEV', when: 'bind of device_dax without its parent', make: (kernel) => orphan(kernel, { type: 'bind', dax_device: DAX, driver: 'device_dax' }) },
  { code: 'tool_refused', when: 'daxctl on fsdax', errno: 'ENODEV', make: on({ ...REMOVE, via: 'daxctl_disable_device' }) },
  { code: 'outcome_unknown', when: 'a read fault on a shut-down ext4', make: (kernel) => shutDown(kernel, (rig) => accessCommand(rig.mapper({ touched: 'none' }).mapping, 'read')) , },
  { code: 'outcome_unknown', when: 'msync of a device node', make: (kernel) => { const { made, mapper } = devdax(kernel); return [made, accessCommand(mapper().mapping, 'msync')]; } },
  { code: 'outcome_unknown', when: 'mprotect of a stale entry', make: (kernel) => staleMapper(kernel, (mapping) => accessCommand(mapping, 'mprotect')) },
  { code: 'outcome_unknown', when: 'pwrite to xfs on a dead device', kernel: 'v6.1', make: (kernel) => { const rig = removed(xfs(kernel)); return [rig.made, { type: 'file_io', file: fileBefore(rig), pid: addProcess(rig.made), kind: 'pwrite', offset: 0, length: 1 }]; } },
  { code: 'outcome_unknown', when: 'fsync of a dirty file on a frozen file system', kernel: 'v7.3', make: (kernel) => withFrozen(kernel, (rig) => ({ type: 'file_io', file: rig.file('/b'), pid: addProcess(rig.made), kind: 'fsync', offset: 0, length: 1 })) },
  { code: 'outcome_unknown', when: 'release of an RDMA pin after the removal', kernel: 'v6.1', make: (kernel) => pinned(kernel, { kind: 'longterm', holder: 'rdma' }, false) },
  { code: 'outcome_unknown', when: 'release of a pin after the device was bound again', kernel: 'v6.1', make: (kernel) => pinned(kernel, UMEM, true) },
  { code: 'outcome_unknown', when: 'exit with a pin after the device was bound again', kernel: 'v6.12', make: (kernel) => { const [made] = pinned(kernel, FIXED_BUFFER, true); return [made, { type: 'exit_process', pid: 1 }]; } },
  { code: 'not_modelled', when: 'a second mount of the same superblock', make: withMapper(() => MOUNT) },
  { code: 'not_modelled', when: 'the block device of a btt', make: nodeCommand(['shared'], 'sector') },
  { code: 'not_modelled', when: 'anonymous memory on system-ram', make: nodeCommand(['shared'], 'system-ram') },
  { code: 'not_modelled', when: 'ndctl disable-region of an idle region', make: on({ ...REMOVE, via: 'ndctl_disable_region' }) },
  { code: 'not_modelled', when: 'MADV_HWPOISON on a live device', make: withMapper((_rig, mapping) => accessCommand(mapping, 'madvise_hwpoison')) },
  { code: 'not_modelled', when: 'a journal commit of xfs', make: withMapper(({ mount }) => ({ type: 'commit_journal', mount }), {}, xfs) },
  { code: 'not_modelled', when: 'a longterm pin of page cache', make: withMapper((_rig, mapping, pid) => pinCommand({ pid, mapping }, UMEM), {}, (kernel) => cached(kernel)) },
  { code: 'not_modelled', when: 'a pin through a stale entry', make: (kernel) => staleMapper(kernel, (mapping, pid) => pinCommand({ pid, mapping }, PIPE)) },
  { code: 'out_of_range', when: 'an access past the mapping', make: withMapper((_rig, mapping) => accessCommand(mapping, 'read', { page: 512 })) },
  { code: 'out_of_range', when: 'a pin past the mapping', make: withMapper((_rig, mapping, pid) => ({ ...pinCommand({ pid, mapping }, PIPE), length: 4 * MIB } as Command)) },
  { code: 'out_of_range', when: 'an empty pin', make: withMapper((_rig, mapping, pid) => ({ ...pinCommand({ pid, mapping }, PIPE), length: 0 } as Command)) },
  { code: 'out_of_range', when: 'a mapping past the file', make: withMapper((rig, _mapping, pid) => ({ ...MAP, pid, file: rig.file(), length: 8 * MIB })) },
  { code: 'out_of_range', when: 'a mapping past the device', make: withMapper((_rig, _mapping, pid) => ({ ...MAP, pid, dax_device: DEVICE, length: 128 * MIB })) },
  { code: 'out_of_range', when: 'pread past the file', make: withMapper((rig, _mapping, pid) => ({ type: 'file_io', file: rig.file(), pid, kind: 'pread', offset: 4 * MIB, length: 1 })) },
  { code: 'out_of_range', when: 'MAP_POPULATE of what cannot be faulted in', make: populateDead },
  { code: 'out_of_range', when: 'a device past the address space', make: on({ ...CREATE, phys_addr: '0xfffffffffffff000' }) },
  { code: 'overlap', when: 'two devices at one address', make: (kernel) => { const made = machine(kernel); addDevice(made, { phys_addr: '0x100000000' }); return [made, { ...CREATE, phys_addr: '0x100100000' }]; } },
  { code: 'invalid_field', when: 'a size that is no multiple of a page', make: on({ ...CREATE, size: 4097 }) },
  { code: 'invalid_field', when: 'an address that is not page aligned', make: on({ ...CREATE, phys_addr: '0x100000001' }) },
  { code: 'invalid_field', when: 'neither file nor device to map', make: withMapper((_rig, _mapping, pid) => ({ ...MAP, pid })) },
  { code: 'invalid_field', when: 'a mapping offset within a page', make: mapShape({ offset: 1 }) },
  { code: 'invalid_field', when: 'a mapping of no length', make: mapShape({ length: 0 }) },
  { code: 'invalid_field', when: 'a mapping length within a page', make: mapShape({ length: 4097 }) },
  { code: 'invalid_field', when: 'shared and private', make: mapShape({ flags: ['shared', 'private'] }) },
  { code: 'invalid_field', when: 'sync and private', make: mapShape({ flags: ['sync', 'private'] }) },
  { code: 'invalid_field', when: 'populate by writing what is read-only', make: mapShape({ prot: 'r', populate: 'write' }) },
  { code: 'invalid_field', when: 'xfs features on ext4', make: on({ ...MOUNT, rmapbt: true }) },
  { code: 'invalid_field', when: 'a pin of another process', make: withMapper(({ made }, mapping) => pinCommand({ pid: addProcess(made), mapping }, PIPE)) },
  { code: 'invalid_field', when: 'a driver that does not bind the mode', make: (kernel) => [removed(ext4(kernel)).made, { type: 'bind', dax_device: DEVICE, driver: 'device_dax' }] },
  { code: 'invalid_field', when: 'device_dax of fsdax', make: on({ ...REMOVE, via: 'device_dax' }) },
  { code: 'invalid_field', when: 'nd_pmem of devdax', make: (kernel) => [devdax(kernel).made, { ...REMOVE, dax_device: DAX, via: 'nd_pmem' }] },
  { code: 'invalid_field', when: 'the namespace of a soft-reserved device', make: (kernel) => [devdax(kernel, { provider: 'hmem' }).made, { ...REMOVE, dax_device: DAX, via: 'dax_pmem' }] },
  { code: 'invalid_field', when: 'a medium of half a page', make: (kernel) => surprised(kernel, { type: 'record_hotplug_event', action: 'replace', dax_device: DEVICE, media: { size: 2048 } }) },
];

function unmounted(ask: (pid: number, file: string) => Command): Case['make'] {
  return (kernel) => {
    const { made, file, mount } = ext4(kernel);
    const id = file();
    made.run({ type: 'umount', mount, lazy: false });
    return [made, ask(addProcess(made), id)];
  };
}

function nodeMapped(command: Command): Case['make'] {
  return (kernel) => {
    const made = bare(kernel);
    addMapper(made, { dax_device: DEVICE });
    return [made, command];
  };
}

function nodeCommand(flags: readonly ('shared' | 'sync')[], mode: 'fsdax' | 'sector' | 'system-ram' = 'fsdax'): Case['make'] {
  return (kernel) => {
    const made = machine(kernel);
    addDevice(made, { mode });
    return [made, { ...MAP, flags, pid: addProcess(made), dax_device: DEVICE }];
  };
}

function unboundNode(kernel: KernelName): readonly [Machine, Command] {
  const made = bare(kernel);
  removeDevice(made);
  return [made, { ...MAP, pid: addProcess(made), dax_device: DEVICE }];
}

function withFrozen(kernel: KernelName, ask: (rig: Rig) => Command): readonly [Machine, Command] {
  const rig = frozen(kernel);
  return [rig.made, ask(rig)];
}

function frozenUnmapped(kernel: KernelName): readonly [Machine, Command] {
  const { made, mapper, mount } = rmapbt(kernel, 0, 4);
  made.run({ type: 'munmap', mapping: mapper().mapping });
  removeDevice(made);
  return [made, { type: 'umount', mount, lazy: false }];
}

function dead(ask: (mapping: string) => Command, _code: string): Case['make'] {
  return (kernel) => {
    const { made, mapper } = rmapbt(kernel);
    const { mapping, pid } = mapper();
    made.run({ type: 'exit_process', pid });
    made.events.splice(0);
    restoreMapping(made, mapping, pid);
    return [made, ask(mapping)];
  };
}
