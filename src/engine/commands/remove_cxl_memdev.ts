import type { Answer } from '../answer.ts';
import type { RemoveCxlMemdev, RemoveDaxDevice } from '../model/command.ts';
import type { CxlMemdev, DaxDevice } from '../model/host.ts';
import { findDevice } from '../model/lookup.ts';
import { isRefusal, kernelRefuses, refuse, type Refusal } from '../model/refusal.ts';
import type { RemovalRecord } from '../model/removal.ts';
import { removeDaxDevice } from '../removal/start.ts';
import { wayBack } from '../device/way_back.ts';
import { emit, patch, type Transaction } from '../model/transaction.ts';
import type { CxlDriver, CxlRemoveVia } from '../model/vocabulary.ts';
import {
  detachDecoder,
  releaseMemdev,
  releaseRegion,
  resetDecode,
  tellConsumers,
} from '../device/cxl/change.ts';
import {
  bindsMemdev,
  consumersOf,
  findMemdev,
  memdevGone,
  regionOf,
  regionsOn,
} from '../device/cxl/chain.ts';

/** A removal, and those that began with it. */
type Begun = readonly [named: RemovalRecord, ...siblings: RemovalRecord[]];

/**
 * `->remove()` of a device, and where it goes with its CXL region or memdev, of every device that goes with it:
 * the removal of the device that was named stands first. A bus event of a CXL device is one of its PCI function (C.3).
 */
export function removeWithSiblings(tx: Transaction, command: RemoveDaxDevice): Begun | Refusal {
  const device = findDevice(tx.host, command.dax_device);
  if (isRefusal(device)) return device;
  const byBus = command.via === undefined && command.trigger !== 'unbind';
  const via = device.cxl_region !== null && byBus ? 'cxl_pci' : command.via;
  if (device.cxl_region === null || (via !== 'cxl_region' && via !== 'cxl_mem' && via !== 'cxl_pci')) {
    const removal = removeDaxDevice(tx, command);
    return isRefusal(removal) ? removal : [removal];
  }
  const region = regionOf(tx.host, device);
  const memdev = via === 'cxl_region' ? null : region.mappings[0]?.memdev;
  if (memdev === undefined)
    return kernelRefuses('ENODEV', `no memdev decodes to ${region.name}: ${wayBack(tx.host, device)}`);
  const named = removeDaxDevice(tx, { ...command, via }, memdev);
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

/** Removals of the devices that something is bound to. */
function removeEach(
  tx: Transaction,
  command: Omit<RemoveDaxDevice, 'dax_device'>,
  devices: readonly DaxDevice[],
  memdev: string | null,
): RemovalRecord[] | Refusal {
  const removals: RemovalRecord[] = [];
  for (const { name, state } of devices) {
    if (state === 'unbound' && command.trigger === 'surprise_removal') losesMedium(tx, name);
    if (state !== 'bound' && state !== 'removing') continue;
    const removal = removeDaxDevice(tx, { ...command, dax_device: name }, memdev);
    if (isRefusal(removal)) return removal;
    removals.push(removal);
  }
  return removals;
}

/** Nothing is bound to it, so nothing is removed; its card is gone all the same. */
function losesMedium(tx: Transaction, name: string): void {
  patch(tx, 'dax_devices', name, { media_present: false });
  emit(tx, 'dax_device_changed', `dax-devices/${name}`, { media_present: false });
}

/**
 * A memdev goes, and all that depends on it: memdev → decoder → region → dax device. A removal starts for each
 * device that is bound; what stands on no bound device goes at once. Refused: a memdev without that driver
 * (ENODEV), `cxl disable-memdev` without -f of one that is part of an active region (M106).
 */
export function removeCxlMemdev(tx: Transaction, command: RemoveCxlMemdev): Answer | Refusal {
  const memdev = findMemdev(tx.host, command.memdev);
  if (isRefusal(memdev)) return memdev;
  const via = driverOf(command.via ?? 'cxl_pci');
  const refusal = refuses(tx, memdev, command.via, via);
  if (refusal !== null) return refusal;
  const regions = regionsOn(tx.host, memdev.name);
  const devices = regions.flatMap(({ name }) => consumersOf(tx.host, name));
  const how = { type: 'remove_dax_device', trigger: command.trigger, via } as const;
  const removals = removeEach(tx, how, devices, memdev.name);
  if (isRefusal(removals)) return removals;
  const busy = new Set(removals.map(({ dax_device }) => dax_device));
  for (const region of regions) {
    if (consumersOf(tx.host, region.name).some(({ name }) => busy.has(name))) continue;
    resetDecode(tx, region);
    detachDecoder(tx, region, memdev.name);
    releaseRegion(tx, region);
    tellConsumers(tx, region.name);
  }
  if (removals.length === 0) releaseMemdev(tx, memdev.name, via);
  const { cxl_memdevs, cxl_regions } = tx.host.tables;
  const record = cxl_memdevs.get(memdev.name)!;
  return {
    cxl: { cxl_memdev: record, cxl_regions: regions.map(({ name }) => cxl_regions.get(name)!), removals },
  };
}

/** `cxl disable-memdev` unbinds cxl_mem (M107). */
function driverOf(via: CxlRemoveVia): CxlDriver {
  return via === 'cxl_pci' ? 'cxl_pci' : 'cxl_mem';
}

function refuses(
  tx: Transaction,
  memdev: CxlMemdev,
  via: CxlRemoveVia | undefined,
  driver: CxlDriver,
): Refusal | null {
  const { name, state } = memdev;
  if (state === 'gone') return memdevGone(memdev);
  if (state === 'disabled' && driver === 'cxl_mem') {
    return kernelRefuses('ENODEV', `${name} has no driver: ${bindsMemdev(name)} gives it one`);
  }
  if (via !== 'cxl_disable_memdev' || regionsOn(tx.host, name).length === 0) return null;
  const detail = `cxl memdev: action_disable: ${name} is part of an active region`;
  return refuse('tool_refused', detail, { errno: null });
}
