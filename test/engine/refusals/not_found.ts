import type { RefusalCode } from '../../../src/engine/model/refusal_codes.ts';
import type { Command } from '../../../src/engine/model/command.ts';
import { MAP, MOUNT, on, REMOVE, withMapper, type Case } from '../states.ts';
import { accessCommand, DEVICE, emptyMachine, pinCommand, PIPE } from '../support.ts';

const notFound = (code: RefusalCode, command: Command): Case => ({
  code,
  when: command.type,
  make: on(command),
});

/** What is not there. */
export const NOT_FOUND: readonly Case[] = [
  {
    code: 'host_not_found',
    when: 'anything before create_host',
    make: (kernel) => [emptyMachine(kernel), { type: 'delete_host' }],
  },
  notFound('dax_device_not_found', { ...REMOVE, dax_device: 'nope' }),
  notFound('dax_device_not_found', { type: 'bind', dax_device: 'nope' }),
  notFound('dax_device_not_found', { type: 'patch_dax_device', dax_device: 'nope' }),
  notFound('dax_device_not_found', { type: 'delete_dax_device', dax_device: 'nope' }),
  notFound('dax_device_not_found', { ...MOUNT, dax_device: 'nope' }),
  notFound('dax_device_not_found', { type: 'record_hotplug_event', action: 'add', dax_device: 'nope' }),
  notFound('dax_device_not_found', {
    ...{ type: 'patch_memory_block', dax_device: 'nope', block: 0, state: 'offline' },
  }),
  notFound('memory_block_not_found', {
    ...{ type: 'patch_memory_block', dax_device: DEVICE, block: 0, state: 'offline' },
  }),
  notFound('mount_not_found', { type: 'umount', mount: 'm9', lazy: false }),
  notFound('mount_not_found', { type: 'shutdown_mount', mount: 'm9' }),
  notFound('mount_not_found', { type: 'commit_journal', mount: 'm9' }),
  notFound('mount_not_found', { type: 'create_file', mount: 'm9', path: '/a', size: 1 }),
  notFound('file_not_found', { type: 'file_io', file: 'f9', pid: 1, kind: 'pread', offset: 0, length: 1 }),
  notFound('file_not_found', { type: 'unlink', file: 'f9' }),
  notFound('process_not_found', { type: 'exit_process', pid: 9 }),
  notFound('process_not_found', { ...MAP, pid: 9, dax_device: DEVICE }),
  notFound('process_not_found', { type: 'create_process', comm: 'x', parent_pid: 9 }),
  notFound('process_not_found', { ...REMOVE, by_pid: 9 }),
  notFound('open_file_not_found', { type: 'close_file', open_file: 'o9' }),
  notFound('mapping_not_found', { type: 'munmap', mapping: 'v9' }),
  notFound('mapping_not_found', accessCommand('v9', 'read')),
  notFound('open_file_not_found', { type: 'close_file', open_file: 'o9' }),
  notFound('pin_not_found', { type: 'unpin', pin: 'p9' }),
  notFound('removal_not_found', { type: 'advance_removal', removal: 'r9' }),
  { code: 'process_not_found', when: 'create_pin', make: on(pinCommand({ pid: 9, mapping: 'v9' }, PIPE)) },
  {
    code: 'process_not_found',
    when: 'file_io',
    make: withMapper((rig) => ({
      type: 'file_io',
      file: rig.file(),
      pid: 99,
      kind: 'pread',
      offset: 0,
      length: 1,
    })),
  },
  {
    code: 'mapping_not_found',
    when: 'create_pin',
    make: withMapper((_rig, _mapping, pid) => pinCommand({ pid, mapping: 'v99' }, PIPE)),
  },
  {
    code: 'file_not_found',
    when: 'create_mapping',
    make: withMapper((_rig, _mapping, pid) => ({ ...MAP, pid, file: 'f99' })),
  },
  {
    code: 'dax_device_not_found',
    when: 'create_mapping',
    make: withMapper((_rig, _mapping, pid) => ({ ...MAP, pid, dax_device: 'nope' })),
  },
  {
    code: 'cxl_memdev_not_found',
    when: 'remove_cxl_memdev',
    make: on({ type: 'remove_cxl_memdev', memdev: 'mem9', trigger: 'unbind' }),
  },
  {
    code: 'cxl_region_not_found',
    when: 'bind_cxl_region',
    make: on({ type: 'bind_cxl_region', region: 'region9' }),
  },
];
