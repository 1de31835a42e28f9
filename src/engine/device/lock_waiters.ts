import type { DaxDevice, LockWaiter } from '../model/host.ts';
import { patch, type Transaction } from '../model/transaction.ts';

/** Somebody waits for the lock of a device, behind those who do already. */
export function queueForLock(tx: Transaction, { name, lock_waiters }: DaxDevice, waiter: LockWaiter): void {
  patch(tx, 'dax_devices', name, { lock_waiters: [...lock_waiters, waiter] });
}
