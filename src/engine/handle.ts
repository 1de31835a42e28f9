import type { Command, Outcome } from './command.ts';
import type { Answer } from './answer.ts';
import { isRefusal, refuse, type Refusal } from './refusal.ts';
import { advance } from './removal/advance.ts';
import { surveyHolders } from './removal/holders.ts';
import { removeDaxDevice } from './removal/start.ts';
import { access } from './topology/access.ts';
import { bind } from './topology/bind.ts';
import { createDaxDevice, deleteDaxDevice, importInventory, patchDaxDevice } from './topology/device.ts';
import { createFile, fileIo } from './topology/file.ts';
import { recordHotplugEvent } from './topology/hotplug.ts';
import { createHost, deleteHost, patchHost, reboot } from './topology/machine.ts';
import { createMapping, munmap } from './topology/mapping.ts';
import { commitJournal, createMount, reapLazyMounts, shutdownMount, umount } from './topology/mount.ts';
import { createPin, unpin } from './topology/pin.ts';
import { createProcess, exitProcess } from './topology/process.ts';
import { wakeRemovals } from './topology/wake.ts';
import type { Transaction } from './transaction.ts';

/** Decides a command, and what follows from it at once: removals that wake, detached file systems that end. */
export function handle(tx: Transaction, command: Command): Answer | Refusal {
  const answer = dispatch(tx, command);
  if (!isRefusal(answer)) {
    wakeRemovals(tx);
    reapLazyMounts(tx);
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
      return recordOf(removeDaxDevice(tx, command));
    case 'advance_removal':
      return advance(tx, command.removal);
    case 'survey_holders':
      return surveyHolders(tx, command.dax_device);
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
    case 'record_hotplug_event':
      return recordHotplugEvent(tx, command);
  }
}

function outcomeOf(outcome: Outcome | Refusal): Answer | Refusal {
  return isRefusal(outcome) ? outcome : { outcome };
}

function recordOf(record: NonNullable<Answer['record']> | Refusal): Answer | Refusal {
  return isRefusal(record) ? record : { record };
}
