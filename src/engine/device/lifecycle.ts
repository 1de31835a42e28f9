import { cdevOf, putCdev, withCdev } from '../model/cdev.ts';
import type { CreateDaxDevice } from '../model/device_command.ts';
import type { ImportedDevice } from '../model/host_command.ts';
import { definedOnly } from '../model/defined_only.ts';
import type { DrivenLife } from '../model/device_life.ts';
import type { Condition, DaxDevice, Host } from '../model/host.ts';
import type { RemovalRecord } from '../model/removal.ts';
import { deviceOf } from '../model/lookup.ts';
import { amend, identity, put, remove, type Transaction } from '../model/transaction.ts';
import { driverOf, type DeviceMode, type KmemState } from '../model/vocabulary.ts';
import { without } from '../model/conditions.ts';
import { cdevsNow } from './cdevs.ts';
import { BY_NDCTL, MEDIUM_REPLACED } from './conditions.ts';
import { NO_LINK } from './cxl/link.ts';
import { idsLeft } from './dax_match.ts';
import { kmemStateOf } from './kmem/probe.ts';
import { alignIn, defaultAlign, isRemade, mapIn, mapOf, placedAs, sized } from './made_in_mode.ts';
import { placeAs } from './namespace_layout.ts';
import { basePfn, type Places } from './place.ts';
import { NOT_TOLD, toldNow } from './told.ts';

/**
 * The life of a device: what each event of its kernel, bus or operator makes of it. Nothing else writes these fields.
 *
 *   created or listed ──▶ bound ──removalStarted──▶ removing ──steps──▶ removing ──removalEnded──▶ unbound
 *                           ▲                                                                        │
 *                           └───────────── bound: bind · booted: reboot · asListed: import ──────────┘
 *
 *   steps: daxKilled, gendiskDeleted, pgmapKilled, memmapRemoved, memRegionReleased, devDaxUnregistered
 *   any ──listed no more──▶ gone ──listed again, a medium, a reboot──▶ bound or unbound
 *
 * A field that a driver decides is one of DrivenLife: the compiler then asks for it here, with and without a driver.
 *
 * drivenIn(): what a device with the driver of its mode is.
 */
function drivenIn(host: Host, mode: DeviceMode): DrivenLife {
  return {
    state: 'bound',
    driver: driverOf(mode),
    dax_alive: true,
    pgmap_state: 'live',
    mem_region: 'requested',
    kmem_state: kmemStateOf(host, mode),
  };
}

/** What a device without a driver is. */
const UNDRIVEN: DrivenLife = {
  state: 'unbound',
  driver: null,
  dax_alive: false,
  pgmap_state: 'none',
  mem_region: 'released',
  kmem_state: null,
};

/** Struct pages are made anew with each pgmap. */
const NEW_PAGES = { hwpoisoned: [], lost_refs: [], lost_ptes: [], faulted: [], cleared: [] } as const;

/** A device as it is found on its bus: with the driver of its mode, unless said otherwise. Named by member: ADR 19. */
export function newDevice(tx: Transaction, command: CreateDaxDevice, places: Places): DaxDevice {
  const { mode, provider = 'ACPI.NFIT' } = command;
  const { uid, revision, host } = identity(tx);
  const driven = command.state === 'unbound' ? UNDRIVEN : drivenIn(tx.host, mode);
  const { holders, told_at } = command.holders === 'told' ? toldNow(tx.context) : NOT_TOLD;
  const device: DaxDevice = {
    uid,
    revision,
    host,
    state: driven.state,
    driver: driven.driver,
    dax_alive: driven.dax_alive,
    pgmap_state: driven.pgmap_state,
    mem_region: driven.mem_region,
    kmem_state: driven.kmem_state,
    hwpoisoned: NEW_PAGES.hwpoisoned,
    lost_refs: NEW_PAGES.lost_refs,
    lost_ptes: NEW_PAGES.lost_ptes,
    faulted: NEW_PAGES.faulted,
    cleared: NEW_PAGES.cleared,
    name: command.name,
    mode,
    mode_as_listed: null,
    placed_as: null,
    size: command.size,
    align: command.align ?? defaultAlign(mode),
    phys_addr: command.phys_addr ?? null,
    numa_node: command.numa_node ?? null,
    target_node: command.target_node ?? null,
    tenant: command.tenant ?? null,
    labels: command.labels ?? {},
    generation: 1,
    former_tenants: [],
    media_serial: command.media_serial ?? null,
    conditions: [],
    provider,
    map: command.map === undefined ? mapOf(mode, provider) : command.map,
    base_pfn: basePfn(places, command, command.phys_addr ?? null),
    pgmap: 1,
    instance: 1,
    parent_bound: true,
    driver_ids: command.state === 'unbound' && mode === 'system-ram' ? ['kmem'] : [],
    removal: null,
    lock_waiters: [],
    media_present: true,
    badblocks: [],
    clears_poison: command.clears_poison === undefined ? false : command.clears_poison,
    cxl_region: NO_LINK.cxl_region,
    cxl_region_from: NO_LINK.cxl_region_from,
    holders,
    told_at,
    cdevs: [],
  };
  return { ...device, cdevs: cdevsNow(null, device) };
}

/** A recorded device as a listing shows it: the listing wins over what nobody uses, what it cannot know stays. */
export function asListed(
  host: Host,
  before: DaxDevice,
  imported: ImportedDevice,
  place: Pick<DaxDevice, 'cxl_region' | 'cxl_region_from' | 'badblocks'>,
): DaxDevice {
  const { change, name, memory_blocks, state, parent_bound, is_another, ...told } = imported;
  const { listed_at, previous_name, is_now, ...fields } = told;
  const map = imported.map ?? mapIn(before, imported.mode);
  const listed = {
    ...before,
    ...definedOnly(fields),
    ...place,
    mode_as_listed: imported.mode_as_listed ?? null,
    size: imported.size ?? before.size,
    placed_as: imported.size === null ? placedAs(before, imported.mode, map) : null,
    align: imported.align ?? alignIn(before, imported.mode),
    map,
    ...(isAnotherOwners(before, imported) ? boundUnseen(before) : {}),
  };
  const now = { ...listed, ...drivenAsListed(host, listed, imported) };
  return { ...now, cdevs: cdevsNow(before, now) };
}

/** Whether a listing shows the content of another owner (GEN3): in another mode it is, unless it is said not to be. */
export function isAnotherOwners(
  before: DaxDevice,
  { mode, is_another: isAnother = mode !== before.mode }: ImportedDevice,
): boolean {
  return isAnother;
}

/** Stores a device that newDevice() or asListed() described. */
export function putDevice(tx: Transaction, device: DaxDevice): DaxDevice {
  return put(tx, 'dax_devices', device.name, device);
}

/** The same device under another name, which nothing has. */
export function renamed(tx: Transaction, device: DaxDevice, name: string): DaxDevice {
  remove(tx, 'dax_devices', device.name);
  return putDevice(tx, { ...device, name });
}

/** What only a listing says of a device when it first shows it. */
export function listedFirst(
  tx: Transaction,
  { name, mode_as_listed, parent_bound = true }: ImportedDevice,
  badblocks: DaxDevice['badblocks'],
): DaxDevice {
  return becomeNode(tx, name, {
    badblocks,
    mode_as_listed: mode_as_listed ?? null,
    parent_bound,
  });
}

/** A listing that shows its whole bus does not show the device. */
export function listedNoMore(tx: Transaction, { name }: DaxDevice): DaxDevice {
  return becomeNode(tx, name, { ...UNDRIVEN, state: 'gone' });
}

/**
 * The driver of a mode binds: a new pgmap over the same pfns; another mode or tenant is another owner (GEN3).
 * Source: drivers/nvdimm/pmem.c pmem_attach_disk(), drivers/dax/device.c dev_dax_probe(), drivers/dax/kmem.c
 * dev_dax_kmem_probe().
 */
export function bound(
  tx: Transaction,
  device: DaxDevice,
  mode: DeviceMode,
  tenant: string | null,
): DaxDevice {
  const map = mapIn(device, mode);
  return becomeNode(tx, device.name, {
    ...drivenIn(tx.host, mode),
    ...ownedFrom(device, mode, tenant),
    ...NEW_PAGES,
    ...(isRemade(device, mode) ? placeAs(tx.host, device, { mode, map }) : null),
    map,
    align: device.align ?? defaultAlign(mode),
    conditions: [],
    pgmap: device.pgmap + 1,
    // Another driver of the dax bus has the same dev_dax (S21).
    instance: isRemade(device, mode) ? device.instance + 1 : device.instance,
    parent_bound: true,
  });
}

/** dax_pmem binds, the dax device that it makes stays without a driver. Source: drivers/dax/pmem.c. */
export function parentBound(tx: Transaction, { name }: DaxDevice): DaxDevice {
  return becomeNode(tx, name, { parent_bound: true });
}

/** Every driver probes again: `present` where that of the mode finds its range. Nobody uses the device any more. */
export function booted(
  tx: Transaction,
  device: DaxDevice,
  mode: DeviceMode,
  present: boolean,
  conditions: readonly Condition[],
): DaxDevice {
  const fields = {
    ...(present ? drivenIn(tx.host, mode) : UNDRIVEN),
    ...ownedFrom(device, mode, device.tenant),
    ...NEW_PAGES,
    ...NOT_TOLD,
    align: device.align ?? defaultAlign(mode),
    conditions,
    pgmap: device.pgmap + 1,
    instance: device.instance + 1,
    parent_bound: true,
    driver_ids: [],
    removal: null,
    lock_waiters: [],
  };
  return become(tx, device.name, { ...fields, cdevs: cdevsNow(null, { ...device, ...fields }) });
}

/** `->remove()` has begun; a surprise took the medium before, daxctl the id of the driver (S42). */
export function removalStarted(
  tx: Transaction,
  device: DaxDevice,
  { id, trigger, via }: Pick<RemovalRecord, 'id' | 'trigger' | 'via'>,
): void {
  const media_present = trigger !== 'surprise_removal' && device.media_present;
  const driver_ids = idsLeft(tx.host, device, via);
  become(tx, device.name, { state: 'removing', removal: id, media_present, driver_ids });
}

/** `->remove()` has returned. */
export function removalEnded(tx: Transaction, name: string, conditions: readonly Condition[]): void {
  become(tx, name, { state: 'unbound', removal: null, conditions });
}

/** DAXDEV_ALIVE is clear. Source: drivers/dax/super.c kill_dax(). */
export function daxKilled(tx: Transaction, { name }: DaxDevice): void {
  become(tx, name, { dax_alive: false });
}

/** The block device is gone: what has it open has one of the past. Source: block/genhd.c del_gendisk(). */
export function gendiskDeleted(tx: Transaction, { name, instance }: DaxDevice): void {
  become(tx, name, { instance: instance + 1 });
}

/** The pgmap gives no references any more. Source: mm/memremap.c memunmap_pages() percpu_ref_kill(). */
export function pgmapKilled(tx: Transaction, { name }: DaxDevice): void {
  become(tx, name, { pgmap_state: 'killed' });
}

/** The struct pages are gone, and what they said. Source: mm/memremap.c pageunmap_range(). */
export function memmapRemoved(tx: Transaction, { name }: DaxDevice): void {
  become(tx, name, { pgmap_state: 'none', faulted: [] });
}

/**
 * No driver any more. Of memory that kmem could not take away the range stays in /proc/iomem, and its struct pages
 * with it (M66). Source: drivers/dax/kmem.c dev_dax_kmem_remove().
 */
export function memRegionReleased(tx: Transaction, device: DaxDevice, leaked: boolean): void {
  const left = leaked ? ({ mem_region: 'leaked', pgmap_state: device.pgmap_state } as const) : {};
  become(tx, device.name, { ...UNDRIVEN, state: device.state, ...left });
}

/** The cdev of a dev_dax has lost what device_dax had of it. Source: drivers/dax/device.c dev_dax_cdev_del(). */
export function cdevDeleted(tx: Transaction, device: DaxDevice): void {
  const cdevs = withCdev(device, putCdev(cdevOf(device, device.instance)!));
  become(tx, device.name, { cdevs });
}

/** The dev_dax itself is gone. Source: drivers/dax/bus.c unregister_dev_dax(). */
export function devDaxUnregistered(tx: Transaction, { name, instance }: DaxDevice): void {
  becomeNode(tx, name, { parent_bound: false, instance: instance + 1 });
}

/** kmem took its memory away and stays bound. Source: drivers/dax/kmem.c state_store(), v7.3. */
export function memoryUnplugged(tx: Transaction, { name }: DaxDevice): void {
  const { mem_region, pgmap_state } = UNDRIVEN;
  become(tx, name, { kmem_state: 'unplugged', mem_region, pgmap_state });
}

/** kmem adds its memory again. Source: drivers/dax/kmem.c state_store(), v7.3. */
export function memoryPlugged(tx: Transaction, { name }: DaxDevice, kmem_state: KmemState): void {
  become(tx, name, { kmem_state, mem_region: 'requested', pgmap_state: 'live' });
}

/** The medium has left a device that no driver has. */
export function mediumLost(tx: Transaction, { name }: DaxDevice): void {
  become(tx, name, { media_present: false });
}

type Medium = Pick<DaxDevice, 'size' | 'media_serial'>;

/** The same medium is back: without a serial in the request the former one stays. */
export function mediumReturned(tx: Transaction, device: DaxDevice, { size, media_serial }: Medium): void {
  become(tx, device.name, {
    media_present: true,
    state: 'unbound',
    ...sized(device, size),
    conditions: without(device, MEDIUM_REPLACED.type),
    media_serial: media_serial ?? device.media_serial,
  });
}

/** Another medium at the same addresses: another owner, and none of the poison of the old one (GEN3). */
export function mediumReplaced(
  tx: Transaction,
  device: DaxDevice,
  { size, media_serial }: Medium,
  tenant: string | null,
): void {
  become(tx, device.name, {
    media_present: true,
    state: 'unbound',
    ...sized(device, size),
    conditions: [...without(device, MEDIUM_REPLACED.type), MEDIUM_REPLACED],
    media_serial,
    tenant,
    ...nextOwner(device),
    badblocks: [],
    hwpoisoned: [],
  });
}

/** A file system was made over another: another owner of the same pfns (GEN3). Returns its generation. */
export function overwritten(tx: Transaction, device: DaxDevice): number {
  return become(tx, device.name, nextOwner(device)).generation;
}

/** Another tenant has the device as it is: whoever reaches it goes on to, and no driver, pgmap or content changes (EX14). */
export function handedOver(tx: Transaction, device: DaxDevice, tenant: string | null): DaxDevice {
  const had = device.tenant === null ? [] : [device.tenant];
  const former_tenants = [...new Set([...device.former_tenants, ...had])].filter((name) => name !== tenant);
  return become(tx, device.name, { tenant, former_tenants });
}

function become(tx: Transaction, name: string, fields: Partial<DaxDevice>): DaxDevice {
  return amend(tx, 'dax_devices', name, fields);
}

/** The same, of what may change the driver of its dev_dax, or its dev_dax. */
function becomeNode(tx: Transaction, name: string, fields: Partial<DaxDevice>): DaxDevice {
  const before = deviceOf(tx.host, name);
  return become(tx, name, { ...fields, cdevs: cdevsNow(before, { ...before, ...fields }) });
}

/** Whose the pfns are from now on (GEN3). */
function ownedFrom(device: DaxDevice, mode: DeviceMode, tenant: string | null) {
  const same = mode === device.mode && tenant === device.tenant;
  const mode_as_listed = mode === device.mode ? device.mode_as_listed : null;
  return { mode, mode_as_listed, tenant, ...(same ? {} : nextOwner(device)) };
}

function nextOwner({ generation }: DaxDevice): Pick<DaxDevice, 'generation' | 'former_tenants'> {
  return { generation: generation + 1, former_tenants: [] };
}

/**
 * A device that is listed in another mode, or with another uuid, was bound anew unseen: another owner (GEN3), another
 * pgmap, of whose users nobody has said anything.
 */
function boundUnseen(device: DaxDevice) {
  const { instance, pgmap } = device;
  return { ...nextOwner(device), instance: instance + 1, pgmap: pgmap + 1, ...NOT_TOLD };
}

/** A listing that shows a device bound or without a driver wins, but over a removal. */
function drivenAsListed(host: Host, device: DaxDevice, imported: ImportedDevice): Partial<DaxDevice> {
  const { state = 'bound' } = imported;
  if (device.state === 'removing') return {};
  if (device.state === state && device.driver === driverOf(device.mode)) return {};
  if (state === 'unbound') return { ...UNDRIVEN, ...parentAsListed(device, imported) };
  const pgmap = device.pgmap_state === 'live' ? device.pgmap : device.pgmap + 1;
  const conditions = device.conditions.filter(({ type }) => !BY_NDCTL.has(type));
  return { ...drivenIn(host, device.mode), ...NEW_PAGES, pgmap, parent_bound: true, conditions };
}

/** Without dax_pmem the dev_dax is gone; with it again, there is another. */
function parentAsListed({ parent_bound: before, instance }: DaxDevice, { parent_bound }: ImportedDevice) {
  const now = parent_bound ?? before;
  return { parent_bound: now, instance: before && !now ? instance + 1 : instance };
}
