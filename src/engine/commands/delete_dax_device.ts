import type { DeleteDaxDevice } from '../model/device_command.ts';
import { forgetDevice } from '../device/forget.ts';
import { findDevice } from '../model/lookup.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';

/** Deletes the record of a device nobody uses. Never a hot-remove. */
export function deleteDaxDevice(tx: Transaction, { dax_device: name }: DeleteDaxDevice): null | Refusal {
  const device = findDevice(tx.host, name);
  return isRefusal(device) ? device : forgetDevice(tx, device);
}
