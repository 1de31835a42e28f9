import type { Media, RecordHotplugEvent } from '../model/device_command.ts';
import { returnMemdev } from '../device/cxl/card.ts';
import { hasLostTarget, regionOf } from '../device/cxl/chain.ts';
import { sizeUnknown } from '../device/cxl/region_type.ts';
import { removeWithSiblings } from './remove_dax_device.ts';
import type { CxlMemdev } from '../model/cxl.ts';
import type { DaxDevice, HotplugEvent } from '../model/host.ts';
import type { RemovalRecord } from '../model/removal.ts';
import { findDevice, modeUnknown } from '../model/lookup.ts';
import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';
import { emit, identity, put, type Transaction } from '../model/transaction.ts';
import { mediumReplaced, mediumReturned } from '../device/lifecycle.ts';
import { placesOf, refusesPlace } from '../device/place.ts';

/** What the bus did, and the removals that it caused: the device's own first, then those of its siblings. */
export interface RecordedHotplugEvent {
  readonly record: HotplugEvent;
  readonly removals: readonly RemovalRecord[];
}

/** What the bus did: a removal that it caused, a medium that is there again, or another one in its place. */
export function recordHotplugEvent(
  tx: Transaction,
  command: RecordHotplugEvent,
): RecordedHotplugEvent | Refusal {
  const device = findDevice(tx.host, command.dax_device);
  if (isRefusal(device)) return { ...device, pointer: '/dax_device' };
  const refusal = modeUnknown(device) ?? refusesMedium(command);
  if (refusal !== null) return refusal;
  const removals =
    command.action === 'surprise_removal' || command.action === 'orderly_removal'
      ? removeWithSiblings(tx, {
          type: 'remove_dax_device',
          dax_device: device.name,
          trigger: command.action,
        })
      : putMedium(tx, command, device);
  if (isRefusal(removals)) return removals;
  const { uid, revision, host } = identity(tx);
  const record = put(tx, 'hotplug_events', uid, {
    uid,
    revision,
    host,
    id: uid,
    action: command.action,
    dax_device: device.name,
    media: command.media ?? null,
    removal: removals[0]?.id ?? null,
    at: tx.context.now,
  });
  emit(tx, 'hotplug_event_recorded', `hotplug-events/${record.id}`, {
    action: command.action,
    dax_device: device.name,
  });
  return { record, removals };
}

/** A removal brings no medium, and only another medium has another owner. */
function refusesMedium({ action, media, tenant }: RecordHotplugEvent): Refusal | null {
  const removes = action === 'surprise_removal' || action === 'orderly_removal';
  if (removes && media !== undefined)
    return refuse('invalid_field', `${action} takes no medium: only add and replace do`, {
      pointer: '/media',
    });
  if (action === 'replace' || tenant === undefined) return null;
  return refuse('invalid_field', `${action} does not change the tenant: only replace does`, {
    pointer: '/tenant',
  });
}

/**
 * `add`: the same medium is back. `replace`: another one at the same physical addresses, a new generation: it has
 * neither the badblocks nor the poisoned pages of the old one. On CXL its memdev is back, and the region stays reset
 * until its decoders are programmed (CX18).
 */
function putMedium(tx: Transaction, command: RecordHotplugEvent, device: DaxDevice): [] | Refusal {
  if (device.state === 'bound')
    return refuse('dax_device_in_use', `${device.name} is bound: remove it first`);
  if (device.state === 'removing') return refuse('removal_in_progress', `${device.name} is being removed`);
  const region = device.cxl_region === null ? null : regionOf(tx.host, device);
  if (
    region !== null &&
    device.media_present &&
    region.mappings.length > 0 &&
    !hasLostTarget(tx.host, region)
  ) {
    return refuse(
      'dax_device_in_use',
      `memdevs of ${region.name} are in place: POST …/cxl-memdevs/{memdev}/remove first`,
    );
  }
  const wanted = command.media?.size ?? device.size;
  if (region?.size === null && wanted > device.size) {
    return { ...sizeUnknown(region), pointer: '/media/size' };
  }
  const size = Math.min(wanted, region?.size ?? wanted);
  const misplaced = refusesPlace(tx.host, placesOf(tx.host, device.name), { ...device, size });
  if (misplaced !== null) return { ...misplaced, pointer: '/media/size' };
  returnCards(tx, command, device);
  const medium = { size, media_serial: command.media?.media_serial ?? null };
  if (command.action === 'replace') mediumReplaced(tx, device, medium, command.tenant ?? null);
  else mediumReturned(tx, device, medium);
  emit(tx, 'dax_device_changed', `dax-devices/${device.name}`, { action: command.action });
  return [];
}

/** The CXL cards under a device: the memdevs that left its region, or other ones in their slots. */
function returnCards(tx: Transaction, { action, media = {} }: RecordHotplugEvent, device: DaxDevice): void {
  const left = tx.host.tables.cxl_memdevs.where(
    ({ left_region, state }) =>
      left_region !== null && left_region === device.cxl_region && state !== 'enabled',
  );
  for (const memdev of left) {
    if (action === 'replace') returnMemdev(tx, memdev, otherCard(memdev, media));
    else if (memdev.state === 'gone') returnMemdev(tx, memdev, {});
  }
}

/** Another card brings its own serial, size and clear decoders. */
function otherCard({ pmem_size, ram_size }: CxlMemdev, { media_serial, size }: Media): Partial<CxlMemdev> {
  return {
    serial: media_serial ?? null,
    pmem_size: pmem_size > 0 ? (size ?? pmem_size) : 0,
    ram_size: ram_size > 0 ? (size ?? ram_size) : 0,
    committed_with_zero_size: false,
  };
}
