import type { Host } from '../model/host.ts';
import { NEVER_ENDING, type NeverEnding } from '../model/never_ending.ts';
import { hostRecord, patch, type Transaction } from '../model/transaction.ts';

/** Calls that wait for what an oops may have left without an end, and the function in which they wait. */
const WAITS = {
  /** Of a driver that makes a pgmap or adds memory: mem_hotplug_begin(), which memremap_pages() has inlined. */
  memremap_pages: { for: 'rcu', in: 'synchronize_rcu_normal' },
  /** Of del_gendisk(). */
  bdi_unregister: { for: 'rcu', in: 'synchronize_rcu_expedited' },
  /** Of umount(2), lazy or not, behind the mount that it has detached. */
  namespace_unlock: { for: 'rcu', in: 'synchronize_rcu_expedited' },
  kill_dax: { for: 'dax_srcu', in: '__synchronize_srcu' },
  /** Of a cdev whose last reference goes. */
  cdev_purge: { for: 'cdev_lock', in: 'cdev_purge' },
  /** Of the inode of a node that is evicted. */
  cd_forget: { for: 'cdev_lock', in: 'cd_forget' },
  /** Of the node of any character device. */
  chrdev_open: { for: 'cdev_lock', in: 'chrdev_open' },
} as const satisfies Readonly<Record<string, { readonly for: NeverEnding; readonly in: string }>>;

/**
 * Where a call waits for ever, or null where it returns: what an oops of before costs others is told here, but that
 * without `cdev_lock` all else is refused (CDEV2).
 * Source: kernel/rcu/sync.c rcu_sync_enter(), mm/backing-dev.c bdi_unregister(), fs/namespace.c
 * namespace_unlock(), drivers/dax/super.c kill_dax(), fs/char_dev.c cdev_purge(), cd_forget(), chrdev_open(); R145, S17, S20,
 * S32.
 */
export function neverReturns(host: Host, call: keyof typeof WAITS): string | null {
  const wait = WAITS[call];
  return hostRecord(host).stuck.includes(wait.for) ? wait.in : null;
}

/** Whether who holds device_hotplug_lock has died with it (S46). */
export function hotplugNeverEnds(host: Host): boolean {
  return hostRecord(host).stuck.includes('device_hotplug_lock');
}

/** From now until a reboot it never ends. */
export function leaveWithoutEnd(tx: Transaction, what: NeverEnding): void {
  const { name, stuck } = hostRecord(tx.host);
  if (stuck.includes(what)) return;
  patch(tx, 'hosts', name, { stuck: NEVER_ENDING.filter((one) => one === what || stuck.includes(one)) });
}
