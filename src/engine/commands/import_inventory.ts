import type { Answer } from '../answer.ts';
import { addBadblocks, dropBadblocks } from '../mm/badblocks.ts';
import type { ImportedDevice, Command } from '../model/command.ts';
import { refusesCxl, importCxl } from '../device/cxl/place.ts';
import type { Badblocks } from '../model/host.ts';
import { memoryAsListed } from '../device/kmem/listed.ts';
import { mappingsOfDevice } from '../model/lookup.ts';
import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';
import { emit, patch, put, identity, type Transaction } from '../model/transaction.ts';
import { addPlace, basePfn, placesOf, refusesPlace, removePlace, type Places } from '../device/place.ts';
import { boundUnseen, defaultAlign, rebound } from '../device/lifecycle.ts';
import { definedOnly } from '../model/defined_only.ts';
import { createDaxDevice } from './create_dax_device.ts';

/** Creates or updates the devices of a listing; what is in use keeps what the listing cannot know. */
export function importInventory(
  tx: Transaction,
  command: Extract<Command, { type: 'import_inventory' }>,
): Answer | Refusal {
  if (command.cxl !== undefined) {
    const refusal = refusesCxl(tx);
    if (refusal !== null) return { ...refusal, pointer: '' };
    importCxl(tx, command.cxl);
  }
  const places = placesOf(tx.host, null);
  for (const device of command.devices) {
    const refusal = importOne(tx, device, places);
    if (refusal !== null) return refusal;
  }
  const id = 'inventory';
  const before = tx.host.tables.inventories.get(id);
  put(tx, 'inventories', id, { ...(before ?? identity(tx)), id, record: command.record });
  emit(tx, 'inventory_imported', 'inventory', { devices: command.devices.map((device) => device.name) });
  return {};
}

function importOne(tx: Transaction, imported: ImportedDevice, places: Places): Refusal | null {
  const before = tx.host.tables.dax_devices.get(imported.name);
  if (before === undefined) {
    if (imported.size === null || imported.change === 'gone') return null;
    const refusal = imported.provider === 'CXL' ? refusesCxl(tx) : null;
    if (refusal !== null) return { ...refusal, pointer: '' };
    const {
      change: _change,
      cxl_region: _region,
      memory_blocks,
      badblocks,
      parent_bound,
      ...fields
    } = imported;
    const command = { ...fields, type: 'create_dax_device', size: imported.size } as const;
    const made = createDaxDevice(tx, command, { cxl_region: listedRegion(tx, imported), places });
    if (isRefusal(made)) return made;
    const device = patch(tx, 'dax_devices', imported.name, {
      badblocks: badblocksWithin(imported.size, badblocks ?? []),
      parent_bound: parent_bound ?? true,
    });
    addPlace(places, device);
    memoryAsListed(tx, device, memory_blocks ?? null);
    emit(tx, 'dax_device_changed', `dax-devices/${imported.name}`, { imported: true });
    return null;
  }
  removePlace(places, before);
  if (imported.change === 'gone') {
    const gone = patch(tx, 'dax_devices', before.name, { state: 'gone', driver: null });
    addPlace(places, gone);
    memoryAsListed(tx, gone, null);
  } else {
    const { change: _change, name: _name, cxl_region: _region, memory_blocks, ...fields } = imported;
    const align = imported.align ?? before.align ?? defaultAlign(imported.mode);
    const merged = {
      ...before,
      ...definedOnly(fields),
      size: imported.size ?? before.size,
      badblocks: badblocksWithin(imported.size ?? before.size, imported.badblocks ?? before.badblocks),
      parent_bound: before.parent_bound,
      state: before.state,
      cxl_region: listedRegion(tx, imported) ?? before.cxl_region,
      align,
      ...(imported.mode === before.mode ? {} : boundUnseen(before)),
    };
    const moved = imported.phys_addr !== undefined && imported.phys_addr !== before.phys_addr;
    if (moved && usedNow(tx, before.name)) {
      return refuse('dax_device_in_use', `${before.name} is in use at another address`, { pointer: '' });
    }
    if (imported.mode !== before.mode && before.driver !== null && usedNow(tx, before.name)) {
      return refuse('dax_device_in_use', `${before.name} is in use in another mode`, { pointer: '' });
    }
    const placed = {
      ...merged,
      base_pfn: moved ? basePfn(places, imported.phys_addr ?? null) : before.base_pfn,
    };
    const refusal = refusesPlace(tx.host, places, placed);
    if (refusal !== null) return refusal;
    const device = put(tx, 'dax_devices', before.name, rebound(tx.host, placed, imported));
    addPlace(places, device);
    memoryAsListed(tx, device, memory_blocks ?? null);
  }
  emit(tx, 'dax_device_changed', `dax-devices/${before.name}`, { imported: true });
  return null;
}

/** A listing may show what the data of the device do not hold: that is cut. */
function badblocksWithin(size: number, listed: readonly Badblocks[]): Badblocks[] {
  return dropBadblocks(addBadblocks(listed, []), [{ offset: size, length: Number.MAX_SAFE_INTEGER }]);
}

/** The CXL region that a listing shows beneath a device, once a `cxl list` has shown it. */
function listedRegion(tx: Transaction, { cxl_region }: ImportedDevice): string | null {
  const known = cxl_region !== undefined && tx.host.tables.cxl_regions.has(cxl_region);
  return known ? cxl_region : null;
}

function usedNow(tx: Transaction, name: string): boolean {
  return mappingsOfDevice(tx.host, name).length > 0;
}
