import type { DaxDevice, Host } from '../model/host.ts';
import { deviceOf } from '../model/lookup.ts';
import { hotplugLock } from '../model/memory_range.ts';
import { patch, type Transaction } from '../model/transaction.ts';
import { startFromBehind } from '../removal/behind.ts';
import { bindBehind } from './bind.ts';

/**
 * Whoever waits for the lock of a device goes on once its removal has ended, or the offline that its memory waited for:
 * the first that came is the first, until one of them has it for longer (RM11). O(removals and memory that changed, and
 * where one did devices).
 * Source: drivers/base/dd.c device_driver_attach(), device_release_driver_internal(), kernel/locking/mutex.c.
 */
export function passLocks(tx: Transaction): void {
  const mayBeFree = [...tx.replaced.keys()].some(
    (key) => key.startsWith('removals/') || key.startsWith('memory_ranges/'),
  );
  if (!mayBeFree) return;
  for (const { name, lock_waiters } of tx.host.tables.dax_devices.values())
    for (const _each of lock_waiters) passOne(tx, name);
}

function passOne(tx: Transaction, name: string): void {
  const device = deviceOf(tx.host, name);
  if (isHeld(tx.host, device)) return;
  const [next, ...lock_waiters] = device.lock_waiters;
  patch(tx, 'dax_devices', name, { lock_waiters });
  if ('removal' in next!) startFromBehind(tx, next.removal);
  else bindBehind(tx, name, next!.bind);
}

function isHeld(host: Host, { state }: DaxDevice): boolean {
  return state === 'removing' || hotplugLock(host) !== null;
}
