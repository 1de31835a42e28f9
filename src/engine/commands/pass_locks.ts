import type { DaxDevice, Host } from '../model/host.ts';
import { deviceOf, must } from '../model/lookup.ts';
import { hotplugLock } from '../model/memory_range.ts';
import { patch, type Transaction } from '../model/transaction.ts';
import { startFromBehind } from '../removal/behind.ts';
import { bindBehind } from './bind.ts';

/**
 * Whoever waits for the lock of a device goes on once its removal has ended, or the offline that its memory waited for:
 * the first that came is the first, until one of them has it for longer (RM11). O(records that changed), behind an
 * offline O(devices).
 * Source: drivers/base/dd.c device_driver_attach(), device_release_driver_internal(), kernel/locking/mutex.c.
 */
export function passLocks(tx: Transaction): void {
  for (const name of letGo(tx)) {
    let goesOn = true;
    while (goesOn) goesOn = passOne(tx, name);
  }
}

/** Devices whose lock, or whose wait for that of memory hotplug, may have ended. */
function letGo({ host, replaced }: Transaction): Iterable<string> {
  const { dax_devices, removals } = host.tables;
  for (const { offlining } of replaced.memory_ranges?.values() ?? [])
    if (offlining !== null) return dax_devices.keys();
  const changed = [...(replaced.removals?.keys() ?? [])];
  return changed.map((id) => must(removals.get(id), id).dax_device);
}

/** Whether somebody waited for the lock, and has gone on. */
function passOne(tx: Transaction, name: string): boolean {
  const device = deviceOf(tx.host, name);
  const [next, ...lock_waiters] = device.lock_waiters;
  if (next === undefined || isHeld(tx.host, device)) return false;
  patch(tx, 'dax_devices', name, { lock_waiters });
  if ('removal' in next) startFromBehind(tx, next.removal);
  else bindBehind(tx, name, next.bind);
  return true;
}

function isHeld(host: Host, { state }: DaxDevice): boolean {
  return state === 'removing' || hotplugLock(host) !== null;
}
