import type { Mount } from '../model/host.ts';
import type { ShutdownMount } from '../model/use_command.ts';
import { isFrozen, untilThawed } from '../mm/freeze.ts';
import { shutDown } from '../fs/superblock.ts';
import { findMount } from '../model/lookup.ts';
import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';

/** XFS_IOC_GOINGDOWN, EXT4_IOC_SHUTDOWN by the administrator. */
export function shutdownMount(tx: Transaction, command: ShutdownMount): Mount | Refusal {
  const mount = findMount(tx.host, command.mount);
  if (isRefusal(mount)) return mount;
  if (isFrozen(mount))
    return refuse('dax_device_busy', `the file system is frozen: the shutdown waits ${untilThawed(mount)}`);
  return shutDown(tx, mount, 'FS_IOC_SHUTDOWN');
}
