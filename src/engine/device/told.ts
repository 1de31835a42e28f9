import type { Change } from '../model/event.ts';
import type { DaxDevice } from '../model/host.ts';
import { deviceOf } from '../model/lookup.ts';
import type { ToldOfHolders } from '../model/removal.ts';
import { emit, patch, type Context, type Transaction } from '../model/transaction.ts';

/** Fields of a device about whose users nothing is known: it may be mounted all the same. */
export const NOT_TOLD = { holders: 'not_told', told_at: null } as const;

/** What a device says of how far its users are known. */
export function toldOf({ holders, told_at }: DaxDevice): ToldOfHolders {
  return { holders, told_at };
}

/** Fields of a device whose users are known from now on. */
export function toldNow({ now }: Context) {
  return { holders: 'told', told_at: now } as const;
}

/** A new mount, file, descriptor, mapping or pin makes the users of its device known, if nothing has yet (TOLD4). */
export function tellHolders(tx: Transaction): void {
  const names = new Set<string>();
  for (const { changes } of tx.events) for (const change of changes) addUsed(names, tx, change);
  for (const name of names) {
    if (deviceOf(tx.host, name).holders === 'told') continue;
    patch(tx, 'dax_devices', name, toldNow(tx.context));
    emit(tx, 'dax_device_changed', `dax-devices/${name}`, { holders: 'told' });
  }
}

/** Adds the device of which a change makes a new user. */
function addUsed(names: Set<string>, tx: Transaction, change: Change): void {
  if (change.op !== 'put') return;
  const { kind, id, record } = change;
  const uses =
    kind === 'mounts' || kind === 'files' || kind === 'open_files' || kind === 'mappings' || kind === 'pins';
  if (uses && tx.replaced[kind]?.has(id) !== true) names.add(record.dax_device);
}
