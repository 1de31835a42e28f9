import { addBadblocks, cutBadblocks } from '../mm/badblocks.ts';
import type { ImportedDevice, ImportInventory, ToldKernel } from '../model/host_command.ts';
import { refusesCxl } from '../device/cxl/chain.ts';
import { keptProposed } from '../kernels/proposed.ts';
import { ifKnown } from '../kernels/unsettled.ts';
import { forgetRegions, importCxl } from '../device/cxl/listed.ts';
import type { Badblocks, DaxDevice } from '../model/host.ts';
import { keepBlockSize } from '../device/kmem/add.ts';
import { memoryAsListed } from '../device/kmem/listed.ts';
import { isInUse, mappingsOfDevice } from '../model/lookup.ts';
import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';
import { emit, hostRecord, identity, patch, put, type Transaction } from '../model/transaction.ts';
import { SECTOR_BYTES } from '../model/vocabulary.ts';
import { addPlace, basePfn, placesOf, removePlace } from '../device/place.ts';
import { asListed, isAnotherOwners, listedFirst, listedNoMore, putDevice } from '../device/lifecycle.ts';
import { leaveOut, leaveOutAddress, placed, takeAddress, type Import, type LeftOut } from './listed_place.ts';
import { tellKernel } from './tell_kernel.ts';
import { createDaxDevice, type CxlLink } from './create_dax_device.ts';

/** A device that no machine has, or none of this kernel: the listing is wrong about it, and about nothing else. */
const OF_ONE_DEVICE: readonly Refusal['code'][] = [
  'invalid_field',
  'out_of_range',
  'overlap',
  'kernel_refused',
];

/**
 * Creates or updates the devices of a listing; what is in use keeps what the listing cannot know. Where nobody can say
 * whether the kernel has drivers/cxl, that a machine lists its CXL devices says so.
 */
export function importInventory(tx: Transaction, command: ImportInventory): string | Refusal {
  const leftOut: LeftOut[] = [];
  if (command.told !== undefined) tellHost(tx, command.told, leftOut);
  const showsCxl = command.cxl !== undefined || command.devices.some((device) => isNewOnCxl(tx, device));
  const refusal = showsCxl ? ifKnown(() => refusesCxl(tx.host)) : null;
  if (refusal !== null) return { ...refusal, pointer: '' };
  if (command.cxl !== undefined) importCxl(tx, command.cxl);
  const imports = { places: placesOf(tx.host, null), leftOut };
  for (const device of command.devices) {
    const refusal = importDevice(tx, device, imports);
    const isItsOwn = refusal === null || device.mode === 'unknown' || OF_ONE_DEVICE.includes(refusal.code);
    if (!isItsOwn) return refusal;
    const one = { kind: 'dax_device', name: device.name, reason: 'refused' } as const;
    if (refusal !== null) leaveOut(leftOut, one, refusal.detail, device.listed_at);
  }
  if (command.cxl !== undefined) forgetRegions(tx, command.cxl.gone.regions);
  if (command.devices.some(({ memory_blocks }) => (memory_blocks?.total ?? null) !== null)) keepBlockSize(tx);
  const id = 'inventory';
  const before = tx.host.tables.inventories.get(id);
  put(tx, 'inventories', id, { ...(before ?? identity(tx)), id, record: command.record });
  emit(tx, 'inventory_imported', 'inventory', { devices: command.devices.map((device) => device.name) });
  return leftOut.length === 0 ? command.imported : withLeftOut(command.imported, leftOut);
}

/** The answer with what was left out: no device of it was created or changed. */
function withLeftOut(imported: string, left: readonly LeftOut[]): string {
  const answer = JSON.parse(imported) as {
    readonly devices: readonly { readonly name: string }[];
    readonly skipped: readonly object[];
  };
  const refused = left.filter(({ kind, reason }) => kind === 'dax_device' && reason === 'refused');
  const names = new Set(refused.map(({ name }) => name));
  const devices = answer.devices.filter(({ name }) => !names.has(name));
  return JSON.stringify({ ...answer, devices, skipped: [...answer.skipped, ...left] });
}

/** Takes what a text says of the kernel as PATCH of the host would; where that is refused, it is left out. */
function tellHost(tx: Transaction, told: ToldKernel, leftOut: LeftOut[]): void {
  const before = hostRecord(tx.host);
  const now = tellKernel(tx, told);
  if (isRefusal(now)) {
    leaveOut(leftOut, { kind: 'host', name: before.name, reason: 'refused' }, now.detail, undefined);
    return;
  }
  const { kernel, kernel_release, kernel_probes } = now;
  const proposed = keptProposed(kernel, before.proposed);
  patch(tx, 'hosts', before.name, { kernel, kernel_release, kernel_probes, proposed });
  emit(tx, 'host_changed', `hosts/${before.name}`, { ...told });
}

function importDevice(tx: Transaction, imported: ImportedDevice, imports: Import): Refusal | null {
  const { places } = imports;
  const before = tx.host.tables.dax_devices.get(imported.name);
  if (before === undefined) return create(tx, imported, imports);
  // A listing does not end a removal.
  if (imported.change === 'gone' && before.state === 'removing') return null;
  removePlace(places, before);
  const device = become(tx, before, imported, imports);
  addPlace(places, isRefusal(device) ? before : device);
  if (isRefusal(device)) return device;
  if (device === before) return null;
  memoryAsListed(tx, device, (imported.change === 'gone' ? null : imported.memory_blocks) ?? null);
  emit(tx, 'dax_device_changed', `dax-devices/${before.name}`, { imported: true });
  return null;
}

function become(
  tx: Transaction,
  before: DaxDevice,
  imported: ImportedDevice,
  imports: Import,
): DaxDevice | Refusal {
  if (imported.change === 'gone') return end(tx, before);
  if (imported.change === 'unchanged') return takeAddress(tx, imports, imported, before);
  return update(tx, before, imported, imports);
}

/** A listing says that a device is not there, and not how it went: of one in use that is told as a removal (IMP19). */
function end(tx: Transaction, before: DaxDevice): DaxDevice | Refusal {
  const { name } = before;
  if (isInUse(tx.host, name)) {
    const detail = `${name} is in use, and the listing shows it no more: record its removal first (POST …/dax-devices/${name}/remove)`;
    return refuse('dax_device_in_use', detail, { pointer: '' });
  }
  return listedNoMore(tx, before);
}

function isNewOnCxl({ host }: Transaction, { name, size, change, provider }: ImportedDevice): boolean {
  return provider === 'CXL' && size !== null && change !== 'gone' && !host.tables.dax_devices.has(name);
}

/** A device that no listing has shown yet; without its size there is none. */
function create(tx: Transaction, imported: ImportedDevice, imports: Import): Refusal | null {
  const { places } = imports;
  if (imported.size === null || imported.change === 'gone') return null;
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
    ...fields
  } = imported;
  const told = { clears_poison: null, provider: null, ...fields };
  const command = { ...told, type: 'create_dax_device', size: imported.size } as const;
  const listed = { link: listedLink(tx, imported) ?? NO_LINK, places };
  const there = createDaxDevice(tx, command, listed);
  const taken = isRefusal(there) && there.code === 'overlap' ? there : null;
  const made = taken === null ? there : createDaxDevice(tx, { ...command, phys_addr: null }, listed);
  if (isRefusal(made)) return made;
  if (taken !== null) leaveOutAddress(imports, imported, taken);
  const device = listedFirst(tx, imported, badblocksWithin(imported.size, badblocks));
  addPlace(places, device);
  memoryAsListed(tx, device, memory_blocks ?? null);
  emit(tx, 'dax_device_changed', `dax-devices/${imported.name}`, { imported: true });
  return null;
}

/** The listing wins. Refused: another address or mode of a device that is in use, a place it cannot have. */
function update(
  tx: Transaction,
  before: DaxDevice,
  imported: ImportedDevice,
  imports: Import,
): DaxDevice | Refusal {
  const { name } = before;
  const moved = imported.phys_addr !== undefined && imported.phys_addr !== before.phys_addr;
  if (moved && isMapped(tx, name)) {
    return refuse('dax_device_in_use', `${name} is in use at another address`, { pointer: '' });
  }
  const isOther = imported.mode !== before.mode || isAnotherOwners(before, imported);
  const isUsed = before.driver !== null && isMapped(tx, name);
  // Nobody can say what becomes of a mount or a pin in a mode that is not modelled.
  if (isOther && (imported.mode === 'unknown' ? isInUse(tx.host, name) || before.removal !== null : isUsed)) {
    return refuse('dax_device_in_use', `${name} is in use, and listed as another one`, { pointer: '' });
  }
  const device = asListed(tx.host, before, imported, {
    badblocks: badblocksWithin(imported.size ?? before.size, imported.badblocks ?? before.badblocks),
    ...(listedLink(tx, imported) ?? linkOf(before)),
    base_pfn: moved ? basePfn(imports.places, imported.phys_addr ?? null) : before.base_pfn,
  });
  const there = placed(tx, imports, imported, device);
  return isRefusal(there) ? there : putDevice(tx, there);
}

/** A listing may show what the data of the device do not hold: that is cut, and the answer says so. */
function badblocksWithin(size: number, listed: readonly Badblocks[]): Badblocks[] {
  return cutBadblocks(addBadblocks(listed, []), { offset: 0, length: Math.ceil(size / SECTOR_BYTES) });
}

const NO_LINK: CxlLink = { cxl_region: null, cxl_region_from: null };

/** The CXL region beneath a device, as listed or derived, once a `cxl list` has shown it. */
function listedLink(tx: Transaction, imported: ImportedDevice): CxlLink | null {
  const { cxl_region, cxl_region_from = 'listed' } = imported;
  const known = cxl_region !== undefined && tx.host.tables.cxl_regions.has(cxl_region);
  return known ? { cxl_region, cxl_region_from } : null;
}

function linkOf({ cxl_region, cxl_region_from }: DaxDevice): CxlLink {
  return { cxl_region, cxl_region_from };
}

function isMapped(tx: Transaction, name: string): boolean {
  return mappingsOfDevice(tx.host, name).length > 0;
}
