import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CommandType } from '../../src/engine/model/command.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { anyStory, play } from './fleet.ts';
import { cases } from '../support/property.ts';

/** Every command, and whether a story plays it: some make or end a record that a story has from its begin to its end. */
const PLAYED: Readonly<Record<CommandType, boolean>> = {
  create_host: false,
  patch_host: true,
  delete_host: false,
  reboot: true,
  import_inventory: true,
  create_dax_device: false,
  patch_dax_device: true,
  delete_dax_device: false,
  bind: true,
  remove_dax_device: true,
  advance_removal: true,
  record_hotplug_event: true,
  patch_memory_block: true,
  online_memory: true,
  offline_memory: true,
  memory_failure: true,
  clear_errors: true,
  bind_cxl_memdev: true,
  remove_cxl_memdev: true,
  commit_cxl_region: true,
  bind_cxl_region: true,
  create_mount: true,
  umount: true,
  shutdown_mount: true,
  freeze: true,
  thaw: true,
  remount: true,
  sync: true,
  commit_journal: true,
  create_file: true,
  file_io: true,
  unlink: true,
  create_process: true,
  exit_process: true,
  open_file: true,
  close_file: true,
  create_mapping: true,
  access: true,
  munmap: true,
  create_pin: true,
  unpin: true,
  batch: false,
  put_topology: false,
  create_snapshot: false,
  delete_snapshot: false,
  restore_host: false,
  fork_host: false,
};

test('random stories have every command granted that can come to a host', () => {
  const granted = new Set<CommandType>();
  fc.assert(
    fc.property(anyStory, (story) => {
      play(
        story,
        () => undefined,
        () => undefined,
        (_made, { type }, decision) => {
          if (!isRefusal(decision)) granted.add(type);
        },
      );
    }),
    cases(200),
  );
  const wanted = Object.entries(PLAYED).flatMap(([type, isPlayed]) => (isPlayed ? [type] : []));
  expect([...granted].sort()).toEqual(wanted.sort());
});
