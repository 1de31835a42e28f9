import type { Answer } from '../answer.ts';
import { addBadblocks, dropBadblocks } from '../mm/badblocks.ts';
import type { Command, CreateDaxDevice, ImportedDevice } from '../model/command.ts';
import { isDynamic } from '../device/cxl/chain.ts';
import { importCxl, placeOnCxl, refusesCxl } from '../device/cxl/place.ts';
import type { Badblocks, DaxDevice, Host } from '../model/host.ts';
import { memoryAsListed } from '../device/kmem/listed.ts';
import { addMemory, kmemStateOf, probeFails } from '../device/kmem/probe.ts';
import { leakedUnder, memoryRangesOf } from '../model/memory_range.ts';
import { forgetRange } from '../device/kmem/remove.ts';
import { writeKmemState } from '../device/kmem/state_attr.ts';
import { findDevice, mappingsOfDevice, pinsOfDevice } from '../model/lookup.ts';
import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';
import { emit, identity, patch, put, remove, type Transaction } from '../model/transaction.ts';
import type { DeviceMode, Driver } from '../model/vocabulary.ts';
import { addPlace, basePfn, placesOf, refusesPlace, removePlace, type Places } from '../device/place.ts';
import { NOT_TOLD, toldNow } from '../device/told.ts';

/** What a listing alone tells of a device that it creates, and what its import keeps in step. */
interface ListedPlace {
  readonly cxl_region: string | null;
  readonly places: Places;
}

/** Creates a device as found on its bus: bound to the driver of its mode unless said otherwise. */
export function createDaxDevice(
  tx: Transaction,
  command: CreateDaxDevice,
  listed?: ListedPlace,
): Answer | Refusal {
  if (tx.host.tables.dax_devices.has(command.name)) {
    return refuse('dax_device_exists', `there is a dax device ${command.name} already`, { pointer: '/name' });
  }
  const places = listed?.places ?? placesOf(tx.host, null);
  const device = newDevice(tx, command, places);
  const refusal = noNamespaceMode(tx.host, device, device.mode) ?? refusesPlace(tx.host, places, device);
  if (refusal !== null) return refusal;
  const cxl_region = listed === undefined ? placeOnCxl(tx, command, device) : listed.cxl_region;
  if (isRefusal(cxl_region)) return cxl_region;
  const failure = device.driver === null ? null : probeFails(tx.host, device, device.driver, places.burnt);
  if (failure !== null)
    return listed === undefined ? { ...failure, pointer: culprit(places, device) } : failure;
  const record = put(tx, 'dax_devices', device.name, { ...device, cxl_region });
  emit(tx, 'dax_device_created', `dax-devices/${device.name}`, { mode: device.mode, size: device.size });
  if (record.driver === 'kmem') addMemory(tx, record);
  return { record };
}

/** The member of the request that a probe failed over: the node, the size, or an address that is burnt. */
function culprit({ burnt }: Places, device: DaxDevice): '/target_node' | '/size' | '/phys_addr' {
  if (leakedUnder(burnt, device) !== null) return '/phys_addr';
  return device.target_node === null || device.target_node >= 0 ? '/size' : '/target_node';
}

/** A dynamic dax region has no nd bus: no namespace is made of it, only dax devices (B.7). */
export function noNamespaceMode(host: Host, device: DaxDevice, mode: DeviceMode): Refusal | null {
  if (mode === 'devdax' || mode === 'system-ram' || !isDynamic(host, device)) return null;
  return refuse('invalid_field', `a dynamic dax region has no ${mode} device`, { pointer: '/mode' });
}

/** The driver that binds a device of this mode. */
export function driverOf(mode: DeviceMode): Driver {
  return mode === 'devdax' ? 'device_dax' : mode === 'system-ram' ? 'kmem' : 'nd_pmem';
}

/** 2 MiB where the device itself is mapped, by entries of exactly its align; null else. */
export function defaultAlign(mode: DeviceMode): number | null {
  return mode === 'devdax' ? 2097152 : null;
}

/** A raw namespace has struct pages only where pmem_should_map_pages() says so (legacy e820, virtio-pmem). */
function mapOf(command: CreateDaxDevice | ImportedDevice): 'dev' | 'mem' | null {
  if (command.map !== undefined) return command.map;
  const legacy = command.provider === 'e820' || command.provider === 'virtio-pmem';
  if (command.mode === 'raw') return legacy ? 'mem' : null;
  return command.mode === 'sector' ? null : 'dev';
}

function newDevice(tx: Transaction, command: CreateDaxDevice, places: Places): DaxDevice {
  const bound = (command.state ?? 'bound') === 'bound';
  const { mode } = command;
  return {
    ...identity(tx),
    name: command.name,
    mode,
    driver: bound ? driverOf(mode) : null,
    size: command.size,
    align: command.align ?? defaultAlign(mode),
    phys_addr: command.phys_addr ?? null,
    numa_node: command.numa_node ?? null,
    target_node: command.target_node ?? null,
    tenant: command.tenant ?? null,
    labels: command.labels ?? {},
    generation: 1,
    media_serial: command.media_serial ?? null,
    state: bound ? 'bound' : 'unbound',
    conditions: [],
    provider: command.provider ?? 'ACPI.NFIT',
    map: mapOf(command),
    base_pfn: basePfn(places, command.phys_addr ?? null),
    pgmap: 1,
    pgmap_state: bound ? 'live' : 'none',
    dax_alive: bound,
    instance: 1,
    parent_bound: true,
    mem_region: bound ? 'requested' : 'released',
    removal: null,
    media_present: true,
    hwpoisoned: [],
    badblocks: [],
    clears_poison: command.clears_poison ?? false,
    faulted: [],
    cxl_region: null,
    kmem_state: bound ? kmemStateOf(tx.host, mode) : null,
    ...(command.holders === 'told' ? toldNow(tx.context) : NOT_TOLD),
  };
}

/** Changes what only the operator knows. A new tenant of a live device is a matter of bind, not of this. */
export function patchDaxDevice(
  tx: Transaction,
  command: Extract<Command, { type: 'patch_dax_device' }>,
): Answer | Refusal {
  const device = findDevice(tx.host, command.dax_device);
  if (isRefusal(device)) return device;
  const { type: _type, dax_device: _name, kmem_state, holders, ...fields } = command;
  const refusal = kmem_state === undefined ? null : writeKmemState(tx, device, kmem_state);
  if (refusal !== null) return { ...refusal, pointer: '/kmem_state' };
  const told = holders === undefined ? {} : holders === 'told' ? toldNow(tx.context) : NOT_TOLD;
  const record = patch(tx, 'dax_devices', device.name, { ...definedOnly(fields), ...told });
  emit(tx, 'dax_device_changed', `dax-devices/${device.name}`, { ...fields, kmem_state, holders });
  return { record };
}

/** A copy without undefined members. */
export function definedOnly<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** Deletes the record of a device nobody uses. Never a hot-remove. */
export function deleteDaxDevice(tx: Transaction, name: string): Answer | Refusal {
  const device = findDevice(tx.host, name);
  if (isRefusal(device)) return device;
  if (device.removal !== null) return refuse('removal_in_progress', `${name} is being removed`);
  const { mounts, file_systems, files } = tx.host.tables;
  const uses = [...mappingsOfDevice(tx.host, name), ...pinsOfDevice(tx.host, name)];
  if (uses.length > 0 || [...mounts.values()].some((mount) => mount.dax_device === name)) {
    return refuse('dax_device_in_use', `mounts, mappings or pins of ${name} exist`);
  }
  const ranges = memoryRangesOf(tx.host, name);
  if (ranges.some((range) => range.leaked)) {
    return refuse('dax_device_in_use', `memory of ${name} is burnt until reboot`);
  }
  for (const range of ranges) forgetRange(tx, range);
  for (const file of files.values()) if (file.dax_device === name) remove(tx, 'files', file.id);
  for (const own of file_systems.values()) if (own.dax_device === name) remove(tx, 'file_systems', own.id);
  remove(tx, 'dax_devices', name);
  emit(tx, 'dax_device_deleted', `dax-devices/${name}`);
  return {};
}

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

/**
 * A device that is listed in another mode was bound in it while nobody looked: another owner (GEN1), another pgmap,
 * of whose users nobody has told.
 */
function boundUnseen({ generation, instance, pgmap }: DaxDevice) {
  return { generation: generation + 1, instance: instance + 1, pgmap: pgmap + 1, ...NOT_TOLD };
}

/** The CXL region that a listing shows beneath a device, once a `cxl list` has told of it. */
function listedRegion(tx: Transaction, { cxl_region }: ImportedDevice): string | null {
  const known = cxl_region !== undefined && tx.host.tables.cxl_regions.has(cxl_region);
  return known ? cxl_region : null;
}

function usedNow(tx: Transaction, name: string): boolean {
  return mappingsOfDevice(tx.host, name).length > 0;
}

/** A listing that shows a device bound or without a driver wins over a record that nobody uses. */
function rebound(host: Host, device: DaxDevice, imported: ImportedDevice): DaxDevice {
  const state = imported.state ?? 'bound';
  if (device.state === 'removing' || (device.state === state && device.driver === driverOf(device.mode)))
    return device;
  if (state === 'unbound') {
    const unbound = { driver: null, dax_alive: false, kmem_state: null } as const;
    const released = { pgmap_state: 'none', mem_region: 'released' } as const;
    return { ...device, ...unbound, ...released, ...parentAsListed(device, imported), state };
  }
  const pgmap = device.pgmap_state === 'live' ? device.pgmap : device.pgmap + 1;
  return {
    ...device,
    state,
    driver: driverOf(device.mode),
    dax_alive: true,
    pgmap,
    pgmap_state: 'live',
    hwpoisoned: [],
    faulted: [],
    mem_region: 'requested',
    parent_bound: true,
    kmem_state: kmemStateOf(host, device.mode),
  };
}

/** Without dax_pmem the dev_dax is gone; with it again, there is another. */
function parentAsListed({ parent_bound: before, instance }: DaxDevice, { parent_bound }: ImportedDevice) {
  const now = parent_bound ?? before;
  return { parent_bound: now, instance: before && !now ? instance + 1 : instance };
}
