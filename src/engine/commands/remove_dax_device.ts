import type { RemoveDaxDevice } from '../model/device_command.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import type { RemovalRecord } from '../model/removal.ts';
import type { Transaction } from '../model/transaction.ts';
import { removeWithSiblings } from '../removal/siblings.ts';

/** Starts `->remove()` of a device: the answer is its own removal, also where siblings go with it. */
export function removeDaxDevice(tx: Transaction, command: RemoveDaxDevice): RemovalRecord | Refusal {
  const begun = removeWithSiblings(tx, command);
  return isRefusal(begun) ? begun : begun[0];
}
