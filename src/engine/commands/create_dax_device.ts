import type { CreateDaxDevice } from '../model/device_command.ts';
import { noNamespaceMode } from '../device/dax_region.ts';
import type { CxlLink } from '../device/cxl/link.ts';
import { standOnCxl } from '../device/cxl/new_region.ts';
import { ifKnown } from '../kernels/unsettled.ts';
import type { DaxDevice } from '../model/host.ts';
import { addMemory } from '../device/kmem/add.ts';
import { LEAST_BLOCK_BYTES } from '../device/kmem/block_size.ts';
import { probeFails } from '../device/kmem/probe.ts';
import { leakedUnder } from '../model/memory_range.ts';
import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';
import { emit, type Transaction } from '../model/transaction.ts';
import { placesOf, refusesPlace, type Places } from '../device/place.ts';
import { newDevice, putDevice } from '../device/lifecycle.ts';

/** What only a listing says of a device that it creates, and what its import keeps up to date. */
interface ListedPlace {
  readonly link: CxlLink;
  readonly places: Places;
}

/** Creates a device as found on its bus: bound to the driver of its mode unless said otherwise. */
export function createDaxDevice(
  tx: Transaction,
  command: CreateDaxDevice,
  listed?: ListedPlace,
): DaxDevice | Refusal {
  if (tx.host.tables.dax_devices.has(command.name)) {
    return refuse('dax_device_exists', `there is a dax device ${command.name} already`, { pointer: '/name' });
  }
  const places = listed?.places ?? placesOf(tx.host, null);
  const device = newDevice(tx, command, places);
  const refusal = noNamespaceMode(tx.host, device, device.mode) ?? refusesPlace(tx.host, places, device);
  if (refusal !== null) return refusal;
  const link = listed === undefined ? createdOnCxl(tx, command, device) : listed.link;
  if (isRefusal(link)) return link;
  const { driver } = device;
  // Which block size its machine has, a listing does not tell.
  const block_bytes = listed === undefined ? undefined : LEAST_BLOCK_BYTES;
  const probe = () =>
    driver === null ? null : probeFails(tx.host, device, driver, places.leaked, block_bytes);
  // Where nobody can say whether the probe fails, that a listing shows the driver says that it does not.
  const failure = listed === undefined ? probe() : ifKnown(probe);
  if (failure !== null)
    return listed === undefined ? { ...failure, pointer: culprit(places, device) } : failure;
  const record = putDevice(tx, { ...device, ...link });
  emit(tx, 'dax_device_created', `dax-devices/${device.name}`, { mode: device.mode, size: device.size });
  // The memory of a listed one is what the listing tells.
  if (record.driver === 'kmem' && listed === undefined) addMemory(tx, record);
  return record;
}

/** What a new device stands on: the operator says so. */
function createdOnCxl(tx: Transaction, command: CreateDaxDevice, device: DaxDevice): CxlLink | Refusal {
  const cxl_region = standOnCxl(tx, command, device);
  if (isRefusal(cxl_region)) return cxl_region;
  return { cxl_region, cxl_region_from: cxl_region === null ? null : 'listed' };
}

/** The member of the request that a probe failed over: the node, the size, or an address whose range has leaked. */
function culprit({ leaked }: Places, device: DaxDevice): '/target_node' | '/size' | '/phys_addr' {
  if (leakedUnder(leaked, device) !== null) return '/phys_addr';
  return device.target_node === null || device.target_node >= 0 ? '/size' : '/target_node';
}
