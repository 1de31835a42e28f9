import type { Mount } from '../model/host.ts';
import type { CommitJournal } from '../model/use_command.ts';
import { commitDead } from '../fs/sync.ts';
import { findMount, must } from '../model/lookup.ts';
import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';

/**
 * kjournald2's periodic commit (every 5 s on a real kernel; here when asked). On a device that is gone the
 * commit block cannot be written and the journal aborts (R41).
 */
export function commitJournal(tx: Transaction, command: CommitJournal): Mount | Refusal {
  const mount = findMount(tx.host, command.mount);
  if (isRefusal(mount)) return mount;
  if (mount.fs_type !== 'ext4') return refuse('not_modelled', 'only ext4 has a jbd2 journal');
  commitDead(tx, mount);
  return must(tx.host.tables.mounts.get(mount.id), mount.id);
}
