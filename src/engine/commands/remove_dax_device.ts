import type { RemoveDaxDevice } from '../model/device_command.ts';
import type { DaxDevice } from '../model/host.ts';
import { deviceOf, findDevice } from '../model/lookup.ts';
import { isRefusal, kernelRefuses, type Refusal } from '../model/refusal.ts';
import type { RemovalRecord } from '../model/removal.ts';
import { emit, type Transaction } from '../model/transaction.ts';
import { goesByCxl, viaOf } from '../model/via.ts';
import { consumersOf, regionOf, regionsOn } from '../device/cxl/chain.ts';
import { refusesUntold, untoldChain, untoldOfDevice } from '../device/cxl/untold.ts';
import { mediumLost } from '../device/lifecycle.ts';
import { wayBack } from '../device/way_back.ts';
import { startBehind } from '../removal/behind.ts';
import { startRemoval } from '../removal/start.ts';

/**
 * Starts `->remove()` of a device: the answer is its own removal, also where siblings go with it, and where it waits
 * behind one that never ends.
 */
export function removeDaxDevice(tx: Transaction, command: RemoveDaxDevice): RemovalRecord | Refusal {
  const device = findDevice(tx.host, command.dax_device);
  const waiting = isRefusal(device) ? device : startBehind(tx, command, device);
  if (waiting !== null) return waiting;
  const begun = removeWithSiblings(tx, command);
  return isRefusal(begun) ? begun : begun[0];
}

/**
 * `->remove()` of a device that there is, and where it goes with its CXL region or memdev, of every device that goes with it:
 * the removal of the device that was named stands first. A bus event of a CXL device is one of its PCI function (CX10).
 */
export function removeWithSiblings(tx: Transaction, command: RemoveDaxDevice): Begun | Refusal {
  const device = deviceOf(tx.host, command.dax_device);
  const byBus = command.via === undefined && command.trigger !== 'unbind';
  const via = device.cxl_region !== null && byBus ? 'cxl_pci' : command.via;
  if (device.cxl_region === null || via === undefined || !goesByCxl(via)) {
    const removal = startRemoval(tx, command);
    return isRefusal(removal) ? removal : [removal];
  }
  const region = regionOf(tx.host, device);
  const memdev = viaOf(via)?.unbinds === 'cxl_region' ? null : region.mappings[0]?.memdev;
  if (memdev === undefined) return withoutMemdev(tx, device, region.name);
  const named = startRemoval(tx, { ...command, via }, memdev);
  if (isRefusal(named)) return named;
  const regions = memdev === null ? [region] : regionsOn(tx.host, memdev);
  const siblings = regions.flatMap(({ name }) => consumersOf(tx.host, name));
  const others = removeEach(
    tx,
    { ...command, via },
    siblings.filter(({ name }) => name !== device.name),
    memdev,
  );
  return isRefusal(others) ? others : [named, ...others];
}

/** None decodes to its region; or one does, and no listing has told which (CX21). */
function withoutMemdev({ host }: Transaction, device: DaxDevice, region: string): Refusal {
  const untold = untoldOfDevice(untoldChain(host), device);
  if (untold !== null) return refusesUntold(untold);
  return kernelRefuses('ENODEV', `no memdev decodes to ${region}: ${wayBack(host, device)}`);
}

/** A removal, and those that began with it. */
export type Begun = readonly [named: RemovalRecord, ...siblings: RemovalRecord[]];

/** Removals of the devices that something is bound to. */
export function removeEach(
  tx: Transaction,
  command: Omit<RemoveDaxDevice, 'dax_device'>,
  devices: readonly DaxDevice[],
  memdev: string | null,
): RemovalRecord[] | Refusal {
  const removals: RemovalRecord[] = [];
  for (const device of devices) {
    const { name, state } = device;
    if (state === 'unbound' && command.trigger === 'surprise_removal') losesMedium(tx, device);
    if (state !== 'bound' && state !== 'removing') continue;
    const removal = startRemoval(tx, { ...command, dax_device: name }, memdev);
    if (isRefusal(removal)) return removal;
    removals.push(removal);
  }
  return removals;
}

/** Nothing is bound to it, so nothing is removed; its card is gone all the same. */
function losesMedium(tx: Transaction, device: DaxDevice): void {
  mediumLost(tx, device);
  emit(tx, 'dax_device_changed', `dax-devices/${device.name}`, { media_present: false });
}
