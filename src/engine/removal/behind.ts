import { BIND_BLOCKED } from '../device/conditions.ts';
import { queueForLock } from '../device/lock_waiters.ts';
import { has } from '../model/conditions.ts';
import { proposedProfile } from '../kernels/proposed.ts';
import { neverReturns } from '../mm/never_returns.ts';
import type { RemoveDaxDevice } from '../model/device_command.ts';
import type { DaxDevice } from '../model/host.ts';
import { deviceOf, findActor, must } from '../model/lookup.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import type { RemovalRecord } from '../model/removal.ts';
import { emit, put, type Transaction } from '../model/transaction.ts';
import { goesByCxl, viaOf } from '../model/via.ts';
import { holdTask } from './hold_task.ts';
import { progressOf, waitedFor } from './progress.ts';
import { asBegun, putBegun, putRemoval, started } from './start.ts';
import { stepsFor, stepsOfDriver } from './step_list.ts';

/**
 * A write to `unbind` while a removal of the device waits or never ends, or a bind of it never does, for no grace period
 * ends: it waits for the lock of the device, and no step of it runs before it has that (S28, S32, RM11). Null where this
 * is none. Source: drivers/base/dd.c device_release_driver_internal().
 */
export function startBehind(
  tx: Transaction,
  command: RemoveDaxDevice,
  device: DaxDevice,
): RemovalRecord | Refusal | null {
  const holder = holderOfLock(tx, device);
  const isParents = viaOf(command.via)?.with_parent === true;
  if (holder === null || isParents || !isWrittenToUnbind(command)) return null;
  const { by_pid } = command;
  const process = by_pid === undefined ? null : findActor(tx.host, by_pid, '/by_pid');
  if (isRefusal(process)) return process;
  const specs = stepsFor(proposedProfile(tx.host), device, command.via);
  if (isRefusal(specs)) return specs;
  const removal = putRemoval(tx, command, specs, { cxl_memdev: null, state: 'waiting', behind: holder });
  queueForLock(tx, device, { removal: removal.id });
  holdTask(tx, removal, 'blocked');
  emit(tx, 'removal_waiting', `removals/${removal.id}`, {
    pins: [],
    behind: holder,
    ...progressOf(removal, waitedFor(removal)),
  });
  return removal;
}

/** By sysfs, of the device or of dax_pmem above it: a tool, and the bus, ask otherwise. */
export function isWrittenToUnbind({ trigger, via }: RemoveDaxDevice): boolean {
  return trigger === 'unbind' && !goesByCxl(via) && (viaOf(via)?.tool ?? null) === null;
}

/** Who has the lock of the device: a removal, by its id, or a bind; null where somebody gives it back at once. */
function holderOfLock({ host }: Transaction, device: DaxDevice): string | null {
  const first = device.removal === null ? undefined : host.tables.removals.get(device.removal);
  if (first !== undefined) return first.state === 'stuck' || first.state === 'waiting' ? first.id : null;
  const binds = has(device, BIND_BLOCKED);
  return binds && neverReturns(host, 'memremap_pages') !== null ? 'bind' : null;
}

/**
 * One that has waited has the lock now: what has the device then is unbound, whichever driver that is. Where none has it
 * nothing is left to do. Source: drivers/base/dd.c device_driver_detach(), which names no driver.
 */
export function startFromBehind(tx: Transaction, id: string): void {
  const waiting = must(tx.host.tables.removals.get(id), `removal ${id}`);
  const { behind: _behind, cut: _cut, ...removal } = waiting;
  const device = deviceOf(tx.host, removal.dax_device);
  const command = { type: 'remove_dax_device', dax_device: device.name, trigger: removal.trigger } as const;
  if (device.state !== 'bound') {
    endBehind(tx, waiting, command);
    return;
  }
  const begun = asBegun(tx, command, stepsOfDriver(proposedProfile(tx.host), device));
  started(tx, device, putBegun(tx, { ...removal, state: 'running', ...begun }));
}

/** Whom it waited for has left it nothing to do, and what is left of the device is what that has left. */
function endBehind(tx: Transaction, waiting: RemovalRecord, command: RemoveDaxDevice): void {
  const { cut: _cut, ...removal } = waiting;
  const { id, behind } = removal;
  holdTask(tx, waiting, 'running');
  const { verdict, hazards } = must(tx.host.tables.removals.get(behind!), `removal ${behind!}`);
  const begun = asBegun(tx, command, []);
  const ended = { state: 'completed', verdict, hazards, ...begun, completed_at: tx.context.now } as const;
  const after = put(tx, 'removals', id, { ...removal, ...ended });
  emit(tx, 'removal_completed', `removals/${id}`, { verdict, ...progressOf(after) });
}
