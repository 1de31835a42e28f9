import { addBadblocks } from '../mm/badblocks.ts';
import type { Badblocks, DaxDevice } from '../model/host.ts';
import { deviceOf } from '../model/lookup.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import { patch, type Transaction } from '../model/transaction.ts';

/** How many separate badblocks a device keeps. Source: include/linux/badblocks.h MAX_BADBLOCKS. */
export const BADBLOCKS_MAX = 512;

/** Adds badblocks that were found; returns them. Refused: more than a device keeps (`not_modelled`). */
export function addFound(
  tx: Transaction,
  { name }: DaxDevice,
  found: readonly Badblocks[],
): readonly Badblocks[] | Refusal {
  const badblocks = addBadblocks(deviceOf(tx.host, name).badblocks, found);
  if (badblocks.length > BADBLOCKS_MAX) return tooManyBadblocks();
  patch(tx, 'dax_devices', name, { badblocks });
  return found;
}

/** MF15. */
export function tooManyBadblocks(): Refusal {
  return refuse('not_modelled', `more than ${String(BADBLOCKS_MAX)} separate badblocks`, {
    pointer: '/length',
  });
}
