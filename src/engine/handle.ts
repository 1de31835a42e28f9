import type { AnswerTo } from './answer.ts';
import { access } from './commands/access.ts';
import { batch } from './commands/batch.ts';
import { bind } from './commands/bind.ts';
import { bindCxlMemdev } from './commands/bind_cxl_memdev.ts';
import { bindCxlRegion } from './commands/bind_cxl_region.ts';
import { carryOut, carryOutEach, type CarriedOut } from './commands/carry_out.ts';
import { clearErrors } from './commands/clear_errors.ts';
import { closeFile } from './commands/close_file.ts';
import { commitCxlRegion } from './commands/commit_cxl_region.ts';
import { commitJournal } from './commands/commit_journal.ts';
import { createDaxDevice } from './commands/create_dax_device.ts';
import { createFile } from './commands/create_file.ts';
import { createHost } from './commands/create_host.ts';
import { createMapping } from './commands/create_mapping.ts';
import { createMount } from './commands/create_mount.ts';
import { createPin } from './commands/create_pin.ts';
import { createProcess } from './commands/create_process.ts';
import { createSnapshot } from './commands/create_snapshot.ts';
import { deleteDaxDevice } from './commands/delete_dax_device.ts';
import { deleteHost } from './commands/delete_host.ts';
import { deleteSnapshot } from './commands/delete_snapshot.ts';
import { exitProcess } from './commands/exit_process.ts';
import { fileIo } from './commands/file_io.ts';
import { forkHost } from './commands/fork_host.ts';
import { freeze } from './commands/freeze.ts';
import { importInventory } from './commands/import_inventory.ts';
import { memoryFailure } from './commands/memory_failure.ts';
import { munmap } from './commands/munmap.ts';
import { openFile } from './commands/open_file.ts';
import { patchDaxDevice } from './commands/patch_dax_device.ts';
import { patchHost } from './commands/patch_host.ts';
import { offlineMemory, onlineMemory } from './commands/daxctl_memory.ts';
import { putTopology } from './commands/put_topology.ts';
import { patchMemoryBlock } from './commands/patch_memory_block.ts';
import { reboot } from './commands/reboot.ts';
import { recordHotplugEvent } from './commands/record_hotplug_event.ts';
import { remount } from './commands/remount.ts';
import { removeCxlMemdev } from './commands/remove_cxl_memdev.ts';
import { removeDaxDevice } from './commands/remove_dax_device.ts';
import { restoreHost } from './commands/restore_host.ts';
import { shutdownMount } from './commands/shutdown_mount.ts';
import { sync } from './commands/sync.ts';
import { thaw } from './commands/thaw.ts';
import { umount } from './commands/umount.ts';
import { unlink } from './commands/unlink.ts';
import { unpin } from './commands/unpin.ts';
import type { Command, CommandOf, CommandType } from './model/command.ts';
import type { Event } from './model/event.ts';
import type { Host } from './model/host.ts';
import { isRefusal, refuse, type Refusal } from './model/refusal.ts';
import { begin, rollback, type Context, type Transaction } from './model/transaction.ts';
import { cleanUpHazards } from './questions/clean_up_hazard.ts';
import { advance } from './removal/advance.ts';
import { isWrittenToUnbind } from './removal/behind.ts';
import { restFailed } from './removal/undetermined.ts';

/** Which handler a command goes to. */
const HANDLERS: {
  readonly [Type in CommandType]: (tx: Transaction, command: CommandOf<Type>) => AnswerTo<Type> | Refusal;
} = {
  create_host: createHost,
  patch_host: patchHost,
  delete_host: deleteHost,
  reboot,
  import_inventory: importInventory,
  create_dax_device: createDaxDevice,
  patch_dax_device: patchDaxDevice,
  delete_dax_device: deleteDaxDevice,
  bind,
  remove_dax_device: removeDaxDevice,
  advance_removal: (tx, { removal, failed }) =>
    failed === true ? restFailed(tx, removal) : advance(tx, removal, cleanUpHazards),
  record_hotplug_event: recordHotplugEvent,
  patch_memory_block: patchMemoryBlock,
  online_memory: onlineMemory,
  offline_memory: offlineMemory,
  memory_failure: memoryFailure,
  clear_errors: clearErrors,
  bind_cxl_memdev: bindCxlMemdev,
  remove_cxl_memdev: removeCxlMemdev,
  commit_cxl_region: commitCxlRegion,
  bind_cxl_region: bindCxlRegion,
  create_mount: createMount,
  umount,
  shutdown_mount: shutdownMount,
  freeze,
  thaw,
  remount,
  sync,
  commit_journal: commitJournal,
  create_file: createFile,
  file_io: fileIo,
  unlink,
  create_process: createProcess,
  exit_process: exitProcess,
  open_file: openFile,
  close_file: closeFile,
  create_mapping: createMapping,
  access,
  munmap,
  create_pin: createPin,
  unpin,
  batch: (tx, command) => batch(tx, command, carryOutItem),
  put_topology: (tx, command) => putTopology(tx, command, carryOutItem),
  create_snapshot: createSnapshot,
  delete_snapshot: deleteSnapshot,
  restore_host: restoreHost,
  fork_host: forkHost,
};

/** One of several commands that are done as one. */
function carryOutItem<Type extends CommandType>(
  tx: Transaction,
  item: CommandOf<Type>,
): Handled<Type> | Refusal {
  const type: Type = item.type;
  return carryOut(tx, item, HANDLERS[type]);
}

/** A command that was granted. */
export type Handled<Type extends CommandType> = CarriedOut<AnswerTo<Type>>;

/** Commands that may find no host. */
const MAKES_HOSTS: ReadonlySet<CommandType> = new Set(['create_host', 'put_topology', 'fork_host']);

/** Commands of which each part is carried out by itself, and those that are of a state, in which nothing is due. */
const NOTHING_FOLLOWS: ReadonlySet<CommandType> = new Set([
  'batch',
  'put_topology',
  'create_snapshot',
  'delete_snapshot',
  'restore_host',
  'fork_host',
]);

/** Decides a command, and what follows from it at once. Refused with `host_not_found`, and by its handler. */
export function handle<Type extends CommandType>(
  tx: Transaction,
  command: CommandOf<Type>,
): Handled<Type> | Refusal {
  const type: Type = command.type;
  if (!MAKES_HOSTS.has(type) && tx.host.tables.hosts.size === 0) return hostNotFound();
  waitForLock(tx, command as unknown as Command);
  const carry = NOTHING_FOLLOWS.has(type) ? carryOutEach : carryOut;
  return carry(tx, command, HANDLERS[type]);
}

/**
 * A write to `bind` or `unbind` waits for the lock of its device: a removal that runs comes to its rest first, step by
 * step (RM11).
 */
function waitForLock(tx: Transaction, command: Command): void {
  const waits =
    command.type === 'bind' || (command.type === 'remove_dax_device' && isWrittenToUnbind(command));
  if (!waits) return;
  const { removals, dax_devices } = tx.host.tables;
  for (;;) {
    const removal = dax_devices.get(command.dax_device)?.removal ?? null;
    if (removal === null || removals.get(removal)!.state !== 'running') return;
    carryOut(tx, { type: 'advance_removal', removal }, HANDLERS.advance_removal);
  }
}

/** A command that was granted, and all that it changes. */
export interface Decision<Type extends CommandType = CommandType> extends Handled<Type> {
  readonly events: readonly Event[];
}

/** Decides a command in the world that is assumed. Throws `Unsettled` where it reads what is not. */
export function decideOnce<Type extends CommandType>(
  host: Host,
  command: CommandOf<Type>,
  context: Context,
): Decision<Type> | Refusal {
  return record(host, context, (tx) => handle(tx, command));
}

/** What a handler does, with the host put back to what it was. */
export function record<Type extends CommandType>(
  host: Host,
  context: Context,
  run: (tx: Transaction) => Handled<Type> | Refusal,
): Decision<Type> | Refusal {
  const tx = begin(host, context);
  try {
    const handled = run(tx);
    return isRefusal(handled) ? handled : { ...handled, events: tx.events };
  } finally {
    rollback(tx);
  }
}

/** Nothing is done to, and nothing asked of, a host that is not there. */
export function hostNotFound(): Refusal {
  return refuse('host_not_found', 'there is no such host');
}
