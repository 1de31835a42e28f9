import { putBy } from '../mm/process_end.ts';
import { released } from '../device/tell_left.ts';
import { deviceOf, findActor, findOpenFile } from '../model/lookup.ts';
import type { Outcome } from '../model/outcome.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { emit, remove, type Transaction } from '../model/transaction.ts';
import type { CloseFile } from '../model/use_command.ts';

/**
 * close(2): mappings and forks keep the open file description; where nobody does, it is its last close, and the last
 * user of the inode may be gone with it, or the last reference of the node of a device (CDEV5).
 * Source: fs/open.c close(), fs/file_table.c __fput().
 */
export function closeFile(tx: Transaction, command: CloseFile): Outcome | Refusal {
  const open_file = findOpenFile(tx.host, command.open_file);
  if (isRefusal(open_file)) return open_file;
  const { id, pid, dax_device } = open_file;
  const process = findActor(tx.host, pid);
  if (isRefusal(process)) return process;
  remove(tx, 'open_files', id);
  emit(tx, 'open_file_deleted', `open-files/${id}`, { pid });
  const before = released(tx.host, deviceOf(tx.host, dax_device));
  const outcome = putBy(tx, pid, open_file);
  const after = released(tx.host, deviceOf(tx.host, dax_device));
  return isRefusal(outcome) || after.length <= before.length ? outcome : { ...outcome, conditions: after };
}
