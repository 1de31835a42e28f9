import { addBadblocks, cutBadblocks } from '../mm/badblocks.ts';
import type { ImportedDevice } from '../model/host_command.ts';
import { refusesCxl } from '../device/cxl/chain.ts';
import { NO_LINK } from '../device/cxl/link.ts';
import { ifKnown } from '../kernels/unsettled.ts';
import { forgetDevice } from '../device/forget.ts';
import { renameDevice } from '../device/rename.ts';
import type { Badblocks, DaxDevice } from '../model/host.ts';
import { memoryAsListed } from '../device/kmem/listed.ts';
import type { ListedBlocks } from '../model/memory_block.ts';
import { deviceOf, isInUse } from '../model/lookup.ts';
import { memoryRangesOf } from '../model/memory_range.ts';
import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';
import { emit, put, type Transaction } from '../model/transaction.ts';
import { SECTOR_BYTES } from '../model/vocabulary.ts';
import { addPlace, basePfn, removePlace } from '../device/place.ts';
import { asListed, isAnotherOwners, listedFirst, listedNoMore, putDevice } from '../device/lifecycle.ts';
import {
  at,
  leaveAddressOfUsed,
  leaveOutAddress,
  placed,
  staysInPlace,
  takeAddress,
  type Import,
} from './listed_place.ts';
import { createDaxDevice } from './create_dax_device.ts';
import { besideRemoval, linkAsListed } from './listed_link.ts';

/**
 * Creates, updates or ends a device as a listing shows it; of one in use, what the listing cannot know stays. Refused,
 * with nothing changed: what no machine has, or none of this kernel, and what is in use otherwise than it is listed.
 */
export function importDevice(tx: Transaction, imported: ImportedDevice, imports: Import): Refusal | null {
  return takeOver(tx, imported, imports) ?? take(tx, imported, imports);
}

/**
 * What was known of the device under another name is its own from now on: the record itself, or, where there is one of
 * its own name, nothing, and the other goes (IMP47). Refused: that one is in use.
 */
function takeOver(
  tx: Transaction,
  { name, previous_name: former, is_now: now }: ImportedDevice,
  imports: Import,
): Refusal | null {
  const { places } = imports;
  const { dax_devices } = tx.host.tables;
  const other = dax_devices.get((now === undefined ? former : name) ?? '');
  if (other === undefined) return null;
  if (now === undefined && !dax_devices.has(name)) {
    renameDevice(tx, other.name, name);
    placeRenamed(tx, imports, name);
    return null;
  }
  const refusal = forgetDevice(tx, other);
  if (refusal === null) removePlace(places, other);
  return refusal;
}

/**
 * A device that has another name now lies where that lets it, while nobody uses it and no address is told: its memory
 * goes with it.
 */
function placeRenamed(tx: Transaction, { places }: Import, name: string): void {
  const before = deviceOf(tx.host, name);
  if (before.phys_addr !== null || staysInPlace(tx, before)) return;
  removePlace(places, before);
  const device = putDevice(tx, at(before, basePfn(places, before, null), null));
  addPlace(places, device);
  for (const range of memoryRangesOf(tx.host, name)) {
    const base_pfn = range.base_pfn + device.base_pfn - before.base_pfn;
    put(tx, 'memory_ranges', name, { ...range, base_pfn });
  }
}

function take(tx: Transaction, imported: ImportedDevice, imports: Import): Refusal | null {
  const { places } = imports;
  const before = tx.host.tables.dax_devices.get(imported.name);
  if (before === undefined) return create(tx, imported, imports);
  const isGone = imported.change === 'gone';
  // A listing does not end a removal.
  if (isGone && before.state === 'removing') return null;
  const refusal = isGone ? refusesEnd(tx, before) : null;
  if (refusal !== null) return refusal;
  removePlace(places, before);
  const device = become(tx, before, imported, imports);
  addPlace(places, isRefusal(device) ? before : device);
  return isRefusal(device) ? device : null;
}

function become(
  tx: Transaction,
  before: DaxDevice,
  imported: ImportedDevice,
  imports: Import,
): DaxDevice | Refusal {
  if (imported.change === 'gone') return end(tx, before);
  if (imported.change !== 'unchanged') return update(tx, before, besideRemoval(before, imported), imports);
  const device = takeAddress(tx, imports, imported, before);
  return device === before ? before : told(tx, putDevice(tx, device), imported.memory_blocks);
}

/** A listing says that a device is not there, and not how it went: of one in use that is told as a removal (IMP19). */
function refusesEnd(tx: Transaction, { name }: DaxDevice): Refusal | null {
  if (!isInUse(tx.host, name)) return null;
  const detail = `${name} is in use, and the listing shows it no more: record its removal first (POST …/dax-devices/${name}/remove)`;
  return refuse('dax_device_in_use', detail);
}

function end(tx: Transaction, before: DaxDevice): DaxDevice {
  return told(tx, listedNoMore(tx, before), null);
}

/** What a listing says of the memory of a device that it changed, and that it did. */
function told(tx: Transaction, device: DaxDevice, blocks: ListedBlocks | null | undefined): DaxDevice {
  memoryAsListed(tx, device, blocks ?? null);
  emit(tx, 'dax_device_changed', `dax-devices/${device.name}`, { imported: true });
  return device;
}

/** A device that no listing has shown yet; without its size there is none. */
function create(tx: Transaction, imported: ImportedDevice, imports: Import): Refusal | null {
  if (imported.size === null || imported.change === 'gone') return null;
  const noDriver = imported.provider === 'CXL' ? ifKnown(() => refusesCxl(tx.host)) : null;
  if (noDriver !== null) return noDriver;
  const { places } = imports;
  const {
    change,
    is_another,
    cxl_region,
    cxl_region_from,
    memory_blocks,
    badblocks = [],
    parent_bound,
    mode_as_listed,
    listed_at,
    previous_name,
    is_now,
    ...fields
  } = imported;
  const asTold = { clears_poison: null, provider: null, ...fields };
  const command = { ...asTold, type: 'create_dax_device', size: imported.size } as const;
  const listed = { link: linkAsListed(tx, imported, NO_LINK), places };
  const there = createDaxDevice(tx, command, listed);
  const taken = isRefusal(there) && there.code === 'overlap' ? there : null;
  const made = taken === null ? there : createDaxDevice(tx, { ...command, phys_addr: null }, listed);
  if (isRefusal(made)) return made;
  if (taken !== null) leaveOutAddress(imports, imported, taken);
  const device = listedFirst(tx, imported, badblocksWithin(imported.size, badblocks));
  addPlace(places, told(tx, device, memory_blocks));
  return null;
}

/** The listing wins, but over what is in use or being removed (IMP8). Refused: another place or mode of that. */
function update(
  tx: Transaction,
  before: DaxDevice,
  imported: ImportedDevice,
  imports: Import,
): DaxDevice | Refusal {
  const isMoved = imported.phys_addr !== undefined && imported.phys_addr !== before.phys_addr;
  const isHeldInPlace = isMoved && staysInPlace(tx, before);
  const stays = isHeldInPlace && imported.phys_addr !== null;
  if (stays && before.phys_addr !== null) {
    return refuse('dax_device_in_use', `${before.name} is in use at another address`);
  }
  const refusal = refusesAnother(tx, before, imported);
  if (refusal !== null) return refusal;
  if (stays) leaveAddressOfUsed(imports, imported);
  const { phys_addr = before.phys_addr, ...asBefore } = imported;
  const there =
    isMoved && !isHeldInPlace ? at(before, basePfn(imports.places, before, phys_addr), phys_addr) : before;
  const device = asListed(tx.host, there, stays ? asBefore : imported, {
    badblocks: badblocksWithin(imported.size ?? before.size, imported.badblocks ?? before.badblocks),
    ...linkAsListed(tx, imported, before),
  });
  const made = placed(tx, imports, imported, device);
  return isRefusal(made) ? made : told(tx, putDevice(tx, made), imported.memory_blocks);
}

/** Who uses a device, or removes it, keeps its mode and its owner. */
function refusesAnother(tx: Transaction, before: DaxDevice, imported: ImportedDevice): Refusal | null {
  if (imported.mode === before.mode && !isAnotherOwners(before, imported)) return null;
  // What a driver that is gone has left holds no device, but where nobody can say what becomes of it in a mode.
  const isHeld = before.driver !== null || imported.mode === 'unknown';
  if (before.removal === null && !(isHeld && isInUse(tx.host, before.name))) return null;
  return refuse('dax_device_in_use', `${before.name} is in use, and listed as another one`);
}

/** A listing may show what the data of the device do not hold: that is cut, and the answer says so. */
function badblocksWithin(size: number, listed: readonly Badblocks[]): Badblocks[] {
  return cutBadblocks(addBadblocks(listed, []), { offset: 0, length: Math.ceil(size / SECTOR_BYTES) });
}
