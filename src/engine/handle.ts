import type { Command, RemoveDaxDevice } from './model/command.ts';
import type { Outcome } from './model/outcome.ts';
import type { Answer } from './answer.ts';
import { bindCxlMemdev } from './commands/bind_cxl_memdev.ts';
import { bindCxlRegion } from './commands/bind_cxl_region.ts';
import { commitCxlRegion } from './commands/commit_cxl_region.ts';
import { removeCxlMemdev } from './commands/remove_cxl_memdev.ts';
import { removeWithSiblings } from './removal/siblings.ts';
import { openedBy, trackExposures } from './exposure/track.ts';
import { capacityOf } from './questions/capacity.ts';
import { patchMemoryBlock } from './commands/patch_memory_block.ts';
import { surveyMemoryBlocks, surveyMemoryBlock } from './questions/memory_blocks.ts';
import { finishOffline } from './device/kmem/offline.ts';
import { clearErrors } from './commands/clear_errors.ts';
import { memoryFailure } from './commands/memory_failure.ts';
import { isRefusal, refuse, type Refusal } from './model/refusal.ts';
import { advance } from './removal/advance.ts';
import { access } from './commands/access.ts';
import { bind } from './commands/bind.ts';
import { createDaxDevice } from './commands/create_dax_device.ts';
import { importInventory } from './commands/import_inventory.ts';
import { deleteDaxDevice } from './commands/delete_dax_device.ts';
import { patchDaxDevice } from './commands/patch_dax_device.ts';
import { fileIo } from './commands/file_io.ts';
import { createFile } from './commands/create_file.ts';
import { reapLostFiles } from './fs/lost_files.ts';
import { recordHotplugEvent } from './commands/record_hotplug_event.ts';
import { reboot } from './commands/reboot.ts';
import { deleteHost } from './commands/delete_host.ts';
import { patchHost } from './commands/patch_host.ts';
import { createHost } from './commands/create_host.ts';
import { createMapping } from './commands/create_mapping.ts';
import { munmap } from './commands/munmap.ts';
import { createMount } from './commands/create_mount.ts';
import { commitJournal } from './commands/commit_journal.ts';
import { shutdownMount } from './commands/shutdown_mount.ts';
import { umount } from './commands/umount.ts';
import { reapLazyMounts } from './fs/mount.ts';
import { createPin } from './commands/create_pin.ts';
import { unpin } from './commands/unpin.ts';
import { createProcess } from './commands/create_process.ts';
import { exitProcess } from './commands/exit_process.ts';
import { tellHolders } from './device/told.ts';
import { unlink } from './commands/unlink.ts';
import { wakeRemovals } from './removal/wake.ts';
import type { Transaction } from './model/transaction.ts';
import { assessRemovals } from './questions/assess.ts';
import { compareRemovals } from './questions/compare.ts';
import { surveyHolders } from './questions/holders.ts';

/** Decides a command, and what follows from it at once: removals that wake, detached file systems that end. */
export function handle(tx: Transaction, command: Command): Answer | Refusal {
  const answer = dispatch(tx, command);
  if (!isRefusal(answer)) {
    tellHolders(tx);
    finishOffline(tx);
    wakeRemovals(tx);
    reapLazyMounts(tx);
    reapLostFiles(tx);
    trackExposures(tx);
    const exposures = openedBy(tx);
    if (exposures.length > 0) return { ...answer, exposures };
  }
  return answer;
}

/** Which handler a command goes to. */
function dispatch(tx: Transaction, command: Command): Answer | Refusal {
  if (command.type === 'create_host') return createHost(tx, command);
  if (tx.host.tables.hosts.size === 0) return refuse('host_not_found', 'there is no such host');
  switch (command.type) {
    case 'patch_host':
      return patchHost(tx, command);
    case 'delete_host':
      return deleteHost(tx);
    case 'reboot':
      return reboot(tx, command);
    case 'import_inventory':
      return importInventory(tx, command);
    case 'create_dax_device':
      return createDaxDevice(tx, command);
    case 'patch_dax_device':
      return patchDaxDevice(tx, command);
    case 'delete_dax_device':
      return deleteDaxDevice(tx, command.dax_device);
    case 'remove_dax_device':
      return removeOne(tx, command);
    case 'advance_removal':
      return advance(tx, command.removal);
    case 'survey_holders':
    case 'survey_memory_blocks':
    case 'survey_memory_block':
    case 'survey_capacity':
    case 'compare_removals':
    case 'assess_removals':
      return ask(tx, command);
    case 'patch_memory_block':
      return patchMemoryBlock(tx, command);
    case 'memory_failure':
      return memoryFailure(tx, command);
    case 'clear_errors':
      return clearErrors(tx, command);
    case 'remove_cxl_memdev':
      return removeCxlMemdev(tx, command);
    case 'bind_cxl_memdev':
      return bindCxlMemdev(tx, command);
    case 'commit_cxl_region':
      return commitCxlRegion(tx, command);
    case 'bind_cxl_region':
      return bindCxlRegion(tx, command);
    case 'bind':
      return bind(tx, command);
    case 'create_mount':
      return createMount(tx, command);
    case 'umount':
      return outcomeOf(umount(tx, command));
    case 'shutdown_mount':
      return shutdownMount(tx, command);
    case 'commit_journal':
      return commitJournal(tx, command);
    case 'create_file':
      return createFile(tx, command);
    case 'file_io':
      return outcomeOf(fileIo(tx, command));
    case 'unlink':
    case 'create_process':
    case 'exit_process':
    case 'create_mapping':
    case 'munmap':
    case 'access':
    case 'create_pin':
    case 'unpin':
      return use(tx, command);
    case 'record_hotplug_event':
      return recordHotplugEvent(tx, command);
  }
}

type Question = Extract<
  Command,
  { type: `survey_${string}` } | { type: 'compare_removals' } | { type: 'assess_removals' }
>;

/** Commands that change nothing. */
function ask(tx: Transaction, command: Question): Answer | Refusal {
  switch (command.type) {
    case 'survey_holders':
      return surveyHolders(tx, command.dax_device);
    case 'compare_removals':
      return compareRemovals(tx, command);
    case 'assess_removals':
      return assessRemovals(tx, command);
    case 'survey_memory_blocks':
      return surveyMemoryBlocks(tx, command);
    case 'survey_memory_block':
      return surveyMemoryBlock(tx, command);
    case 'survey_capacity':
      return { capacity: capacityOf(tx.host) };
  }
}

type Use = Extract<
  Command,
  {
    type:
      | 'unlink'
      | 'create_process'
      | 'exit_process'
      | 'create_mapping'
      | 'munmap'
      | 'access'
      | 'create_pin'
      | 'unpin';
  }
>;

/** Processes and what they do with files and memory. */
function use(tx: Transaction, command: Use): Answer | Refusal {
  switch (command.type) {
    case 'unlink':
      return unlink(tx, command);
    case 'create_process':
      return createProcess(tx, command);
    case 'exit_process':
      return outcomeOf(exitProcess(tx, command));
    case 'create_mapping':
      return createMapping(tx, command);
    case 'munmap':
      return outcomeOf(munmap(tx, command));
    case 'access':
      return outcomeOf(access(tx, command));
    case 'create_pin':
      return createPin(tx, command);
    case 'unpin':
      return outcomeOf(unpin(tx, command));
  }
}

function outcomeOf(outcome: Outcome | Refusal): Answer | Refusal {
  return isRefusal(outcome) ? outcome : { outcome };
}

function removeOne(tx: Transaction, command: RemoveDaxDevice): Answer | Refusal {
  const begun = removeWithSiblings(tx, command);
  return isRefusal(begun) ? begun : { record: begun[0] };
}
