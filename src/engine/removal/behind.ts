import { BIND_BLOCKED } from '../device/conditions.ts';
import { has } from '../model/conditions.ts';
import { proposedProfile } from '../kernels/proposed.ts';
import { neverReturns } from '../mm/never_returns.ts';
import type { RemoveDaxDevice } from '../model/device_command.ts';
import type { DaxDevice } from '../model/host.ts';
import { findActor } from '../model/lookup.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import type { RemovalRecord } from '../model/removal.ts';
import { emit, patch, type Transaction } from '../model/transaction.ts';
import { viaOf } from '../model/via.ts';
import { putRemoval } from './start.ts';
import { stepsFor } from './step_list.ts';

/**
 * A write to `unbind` while a removal of the device never ends, or a bind of it, for no grace period does: it waits for the lock of the device, and
 * no step of it ever runs (S28, S32). Null where this is none. Source: drivers/base/dd.c device_release_driver_internal().
 */
export function startBehind(
  tx: Transaction,
  command: RemoveDaxDevice,
  device: DaxDevice,
): RemovalRecord | Refusal | null {
  const holder = holderOfLock(tx, device);
  const way = viaOf(command.via);
  const bySysfs = command.trigger === 'unbind' && (way === null || (way.tool === null && !way.with_parent));
  if (holder === null || !bySysfs) return null;
  const { by_pid } = command;
  const process = by_pid === undefined ? null : findActor(tx.host, by_pid, '/by_pid');
  if (isRefusal(process)) return process;
  const specs = stepsFor(proposedProfile(tx.host), device, command.via);
  if (isRefusal(specs)) return specs;
  const removal = putRemoval(tx, command, specs, { cxl_memdev: null, state: 'waiting', behind: holder });
  if (process !== null) patch(tx, 'processes', String(process.pid), { state: 'blocked' });
  emit(tx, 'removal_waiting', `removals/${removal.id}`, { pins: [], behind: holder });
  return removal;
}

/** Who has the lock of the device for ever: a removal, by its id, or a bind; null where somebody gives it back. */
function holderOfLock({ host }: Transaction, device: DaxDevice): string | null {
  const first = device.removal === null ? undefined : host.tables.removals.get(device.removal);
  if (first !== undefined) return first.state === 'stuck' ? first.id : null;
  const binds = has(device, BIND_BLOCKED);
  return binds && neverReturns(host, 'memremap_pages') !== null ? 'bind' : null;
}
