import type { Command } from '../../../src/engine/model/command.ts';
import { DAX, devdax, ext4 } from '../rig.ts';
import {
  CREATE,
  exited,
  MAP,
  mapShape,
  MOUNT,
  nodeMapped,
  on,
  oopsed,
  REMOVE,
  removed,
  surprised,
  unmounted,
  unbinderPins,
  waiting,
  withFrozen,
  withMapper,
  type Case,
} from '../states.ts';
import { accessCommand, addDevice, addProcess, DEVICE, machine, MIB, pinCommand, PIPE } from '../support.ts';

/** Records in the way, and fields at fault. */
export const CONFLICT: readonly Case[] = [
  {
    code: 'host_exists',
    when: 'create_host again',
    make: on({ type: 'create_host', name: 'h', kernel: 'v6.1' }),
  },
  { code: 'dax_device_exists', when: 'the name is taken', make: on({ ...CREATE, name: DEVICE }) },
  {
    code: 'process_exists',
    when: 'the pid is taken',
    make: withMapper((_rig, _mapping, pid) => ({ type: 'create_process', comm: 'x', pid })),
  },
  {
    code: 'path_exists',
    when: 'create_file',
    make: withMapper(({ mount }) => ({ type: 'create_file', mount, path: '/a', size: 1 })),
  },
  { code: 'path_exists', when: 'create_mount', make: withMapper(() => ({ ...MOUNT, path: '/mnt/a' })) },
  {
    code: 'host_in_use',
    when: 'delete_host while a removal waits',
    kernel: 'v5.10',
    make: on({ type: 'delete_host' }, waiting),
  },
  {
    code: 'file_system_not_mounted',
    when: 'create_mapping of a file whose file system is unmounted',
    make: unmounted((pid, file) => ({ ...MAP, pid, file })),
  },
  {
    code: 'file_system_not_mounted',
    when: 'pread of a file whose file system is unmounted',
    make: unmounted((pid, file) => ({ type: 'file_io', file, pid, kind: 'pread', offset: 0, length: 1 })),
  },
  {
    code: 'file_system_not_mounted',
    when: 'fsync of a file whose file system is unmounted',
    make: unmounted((pid, file) => ({ type: 'file_io', file, pid, kind: 'fsync', offset: 0, length: 1 })),
  },
  {
    code: 'file_system_not_mounted',
    when: 'unlink of a file whose file system is unmounted',
    make: unmounted((_pid, file) => ({ type: 'unlink', file })),
  },
  {
    code: 'dax_device_in_use',
    when: 'delete of a mounted device',
    make: withMapper(() => ({ type: 'delete_dax_device', dax_device: DEVICE })),
  },
  {
    code: 'dax_device_in_use',
    when: 'delete of a device whose node is mapped',
    make: nodeMapped({ type: 'delete_dax_device', dax_device: DEVICE }),
  },
  {
    code: 'dax_device_in_use',
    when: 'a medium added to a bound device',
    make: on({ type: 'record_hotplug_event', action: 'add', dax_device: DEVICE }),
  },
  {
    code: 'dax_device_not_bound',
    when: 'removed twice',
    make: (kernel) => [removed(ext4(kernel)).made, { ...REMOVE, trigger: 'surprise_removal' }],
  },
  {
    code: 'dax_device_busy',
    when: 'create_file on a frozen file system',
    kernel: 'v7.3',
    make: (kernel) =>
      withFrozen(kernel, ({ mount }) => ({ type: 'create_file', mount, path: '/new', size: 1 })),
  },
  {
    code: 'dax_device_busy',
    when: 'shutdown of a frozen file system',
    kernel: 'v7.3',
    make: (kernel) => withFrozen(kernel, ({ mount }) => ({ type: 'shutdown_mount', mount })),
  },
  {
    code: 'removal_in_progress',
    when: 'remove',
    kernel: 'v5.10',
    make: on({ ...REMOVE, trigger: 'surprise_removal' }, waiting),
  },
  {
    code: 'removal_in_progress',
    when: 'delete_dax_device',
    kernel: 'v5.10',
    make: on({ type: 'delete_dax_device', dax_device: DEVICE }, waiting),
  },
  {
    code: 'removal_in_progress',
    when: 'a medium added',
    kernel: 'v5.10',
    make: on({ type: 'record_hotplug_event', action: 'add', dax_device: DEVICE }, waiting),
  },
  {
    code: 'removal_in_progress',
    when: 'surprise_removal',
    kernel: 'v5.10',
    make: on({ type: 'record_hotplug_event', action: 'surprise_removal', dax_device: DEVICE }, waiting),
  },
  {
    code: 'process_ended',
    when: 'exit',
    make: (kernel) => exited(kernel, (pid) => ({ type: 'exit_process', pid })),
  },
  {
    code: 'process_ended',
    when: 'fork',
    make: (kernel) => exited(kernel, (pid) => ({ type: 'create_process', comm: 'x', parent_pid: pid })),
  },
  {
    code: 'process_unavailable',
    when: 'access of an oopsed process',
    kernel: 'v7.3',
    make: oopsed((mapping) => accessCommand(mapping, 'read')),
  },
  {
    code: 'process_unavailable',
    when: 'munmap of an oopsed process',
    kernel: 'v7.3',
    make: oopsed((mapping) => ({ type: 'munmap', mapping })),
  },
  {
    code: 'process_unavailable',
    when: 'exit of an oopsed process',
    kernel: 'v7.3',
    make: oopsed((_mapping, pid) => ({ type: 'exit_process', pid })),
  },
  {
    code: 'process_unavailable',
    when: 'unpin of a process that waits for the removal',
    kernel: 'v5.10',
    make: unbinderPins,
  },
  {
    code: 'out_of_range',
    when: 'an access past the mapping',
    make: withMapper((_rig, mapping) => accessCommand(mapping, 'read', { page: 512 })),
  },
  {
    code: 'out_of_range',
    when: 'a pin past the mapping',
    make: withMapper(
      (_rig, mapping, pid) => ({ ...pinCommand({ pid, mapping }, PIPE), length: 4 * MIB }) as Command,
    ),
  },
  {
    code: 'out_of_range',
    when: 'an empty pin',
    make: withMapper(
      (_rig, mapping, pid) => ({ ...pinCommand({ pid, mapping }, PIPE), length: 0 }) as Command,
    ),
  },
  {
    code: 'out_of_range',
    when: 'pread past the file',
    make: withMapper((rig, _mapping, pid) => ({
      type: 'file_io',
      file: rig.file(),
      pid,
      kind: 'pread',
      offset: 4 * MIB,
      length: 1,
    })),
  },
  {
    code: 'out_of_range',
    when: 'a device past the address space',
    make: on({ ...CREATE, phys_addr: '0xfffffffffffff000' }),
  },
  {
    code: 'out_of_range',
    when: 'devices of more than 2^53-1 bytes together',
    make: (kernel) => {
      const made = machine(kernel);
      addDevice(made, { size: 2 ** 52 });
      return [made, { ...CREATE, size: 2 ** 52 }];
    },
  },
  {
    code: 'overlap',
    when: 'two devices at one address',
    make: (kernel) => {
      const made = machine(kernel);
      addDevice(made, { phys_addr: '0x100000000' });
      return [made, { ...CREATE, phys_addr: '0x100100000' }];
    },
  },
  {
    code: 'invalid_field',
    when: 'a size that is no multiple of a page',
    make: on({ ...CREATE, size: 4097 }),
  },
  {
    code: 'invalid_field',
    when: 'an address that is not page aligned',
    make: on({ ...CREATE, phys_addr: '0x100000001' }),
  },
  {
    code: 'invalid_field',
    when: 'neither file nor device to map',
    make: withMapper((_rig, _mapping, pid) => ({ ...MAP, pid })),
  },
  { code: 'invalid_field', when: 'a mapping offset within a page', make: mapShape({ offset: 1 }) },
  { code: 'invalid_field', when: 'a mapping of no length', make: mapShape({ length: 0 }) },
  { code: 'invalid_field', when: 'a mapping length within a page', make: mapShape({ length: 4097 }) },
  { code: 'invalid_field', when: 'shared and private', make: mapShape({ flags: ['shared', 'private'] }) },
  { code: 'invalid_field', when: 'sync and private', make: mapShape({ flags: ['sync', 'private'] }) },
  {
    code: 'invalid_field',
    when: 'populate by writing what is read-only',
    make: mapShape({ prot: 'r', populate: 'write' }),
  },
  {
    code: 'invalid_field',
    when: 'a partition of what has no room for four of 2 MiB',
    make: on({ ...MOUNT, partition: 1 }, (kernel) => {
      const made = machine(kernel);
      addDevice(made, { size: 8 * MIB - 4096 });
      return made;
    }),
  },
  { code: 'invalid_field', when: 'a partition behind the fourth', make: on({ ...MOUNT, partition: 5 }) },
  { code: 'invalid_field', when: 'xfs features on ext4', make: on({ ...MOUNT, rmapbt: true }) },
  {
    code: 'invalid_field',
    when: 'a pin of another process',
    make: withMapper(({ made }, mapping) => pinCommand({ pid: addProcess(made), mapping }, PIPE)),
  },
  {
    code: 'invalid_field',
    when: 'a driver that does not bind the mode',
    make: (kernel) => [
      removed(ext4(kernel)).made,
      { type: 'bind', dax_device: DEVICE, driver: 'device_dax' },
    ],
  },
  {
    code: 'invalid_field',
    when: 'the namespace of a soft-reserved device',
    make: (kernel) => [
      devdax(kernel, { provider: 'hmem' }).made,
      { ...REMOVE, dax_device: DAX, via: 'dax_pmem' },
    ],
  },
  {
    code: 'invalid_field',
    when: 'a removal that brings a medium',
    make: on({
      ...{ type: 'record_hotplug_event', action: 'surprise_removal', dax_device: DEVICE },
      media: { media_serial: 's' },
    }),
  },
  {
    code: 'invalid_field',
    when: 'the same medium with another owner',
    make: on({ type: 'record_hotplug_event', action: 'add', dax_device: DEVICE, tenant: 'b' }),
  },
  {
    code: 'invalid_field',
    when: 'a medium of half a page',
    make: (kernel) =>
      surprised(kernel, {
        type: 'record_hotplug_event',
        action: 'replace',
        dax_device: DEVICE,
        media: { size: 2048 },
      }),
  },
];
