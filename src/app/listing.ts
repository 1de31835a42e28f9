import { isOnNdBus } from '../engine/device/dax_region.ts';
import type { ImportedCxl, ImportedDevice, ToldKernel } from '../engine/model/host_command.ts';
import type { CxlRegion } from '../engine/model/cxl.ts';
import type { DaxDevice, MemoryRange } from '../engine/model/host.ts';
import { defaultAlign } from '../engine/device/made_in_mode.ts';
import { blocksAsListed, countBlocks, nrBlocks } from '../engine/model/memory_block.ts';
import { refuse, type Refusal } from '../engine/model/refusal.ts';
import { NAMESPACE_DESTROYED } from '../engine/device/conditions.ts';
import { has } from '../engine/model/conditions.ts';
import { currentInventory, type CurrentInventory } from '../inventory/current_inventory.ts';
import { asListed, type CurrentDevice } from '../inventory/current_state.ts';
import { exportListing, type ExportFormat } from '../inventory/export_listing.ts';
import { isAnother, type DeviceChange } from '../inventory/device_change.ts';
import { isEqual } from '../inventory/is_equal.ts';
import { importListing, type ListingImport } from '../inventory/import_listing.ts';
import { isDisabledNamespace } from '../inventory/derive.ts';
import { currentBadblocks, listedBadblocks } from './listed_badblocks.ts';
import { importedOf, type Imported } from './imported.ts';
import { currentCxl, memdevsBefore, type ModelledCxl } from './current_cxl.ts';
import { findListed } from './listed_at.ts';
import { listedKernel } from './listed_kernel.ts';
import { isLeftBehind, linksIn, takenBack, type ModelledLinks } from './listed_link.ts';
import { changedCxl } from './listed_cxl.ts';
import { withoutSaidAgain } from '../inventory/said_again.ts';
import { EMPTY_HOST, type InventoryDeviceRecord, type InventoryHostRecord } from '../inventory/record.ts';

/**
 * The work on listings, pure: what an import does to a host, and what an export prints. It may take long
 * (a listing has up to 8 MiB), so it runs in a thread of its own: listing_worker.ts.
 */
/** Everything the listings of a host have shown, as the store keeps it in the host's one inventory record. */
export interface Listed {
  readonly host: InventoryHostRecord;
  readonly devices: readonly InventoryDeviceRecord[];
  /** Devices that are gone, as they were listed last; absent in what was stored before there were any. */
  readonly former?: readonly InventoryDeviceRecord[];
  /** How many bad sectors each device had at the last import; absent in what was stored before, and where there were none. */
  readonly counted_sectors?: Readonly<Record<string, number>>;
}

/** What is known by listings of a host of which there was none yet. */
export const NOTHING_LISTED: Listed = { host: EMPTY_HOST, devices: [] };

/** What an import submits, and what it answers. */
interface ImportPlan {
  readonly devices: readonly ImportedDevice[];
  /** What the listing changes of memdevs and regions. */
  readonly cxl?: ImportedCxl;
  /** What the text says of the host's kernel. */
  readonly told?: ToldKernel;
  readonly record: Listed;
  readonly imported: Imported;
}

/** What the model holds of a host, as far as a listing shows it. */
export interface Modelled extends ModelledCxl {
  readonly devices: readonly DaxDevice[];
  readonly ranges: readonly MemoryRange[];
}

/** A listing that is one and has more than is taken at a time; `too_large` says how much, and what helps. */
export interface TooLarge {
  readonly too_large: string;
}

/** Works a listing, which may be complete (IMP18), into what is known; a refusal where it is none. */
export function planImport(
  listed: Listed,
  modelled: Modelled,
  text: string,
  isComplete = false,
): ImportPlan | Refusal | TooLarge {
  const known = inventoryNow(listed, modelled);
  const listing = importListing(known, text, isComplete);
  if ('refusal' in listing) {
    const { code, detail } = listing.refusal;
    if (code === 'too_large') return { too_large: detail };
    return refuse('malformed_inventory', detail, { pointer: '' });
  }
  const kernel = listedKernel(listing);
  const untold = unlisted(listed, modelled, known.devices);
  const names = memdevsBefore(known.host, listing.host, modelled);
  const cxl = changedCxl(known.host, listing.host, { names, modelled, find: findListed(listing.items) });
  const unmade = unmadeOf(listing.devices, untold.links);
  const devices = asNewWhereUnmade(withoutSaidAgain(listing.devices, listed.devices, known.devices), unmade);
  return {
    devices: devices.flatMap((device) => importedDevices(device, untold)),
    ...(cxl === null ? {} : { cxl }),
    ...(kernel.told === null ? {} : { told: kernel.told }),
    record: {
      host: listing.host,
      devices: listing.records,
      former: formerAfter(untold, listing),
      ...countedIn(modelled),
    },
    imported: importedOf({ ...listing, devices }, { ofHost: kernel.skipped, unmade }),
  };
}

/** Badblocks that are known by now, which the counts of the record have in them. */
function countedIn({ devices }: Modelled): Pick<Listed, 'counted_sectors'> {
  const bad = devices.filter(({ badblocks }) => badblocks.length > 0);
  if (bad.length === 0) return {};
  const counts = bad.map(({ name, badblocks }) => {
    return [name, badblocks.reduce((sum, { length }) => sum + length, 0)] as const;
  });
  return { counted_sectors: Object.fromEntries(counts) };
}

/** The host's devices as `ndctl list` or `daxctl list` would print them now. */
export function printListing(listed: Listed, modelled: Modelled, format: ExportFormat): string {
  return exportListing(format, inventoryNow(listed, modelled));
}

/**
 * What was listed, as the model has it now. Listed devices that are none here yet, because no listing has shown their
 * size (M122: disabled when first seen), stay as they were listed.
 */
function inventoryNow(listed: Listed, modelled: Modelled): CurrentInventory {
  const { devices, ranges, cxl_regions } = modelled;
  const records = new Map(listed.devices.map((record) => [record.name, record]));
  const rangeOf = new Map(ranges.map((range) => [range.dax_device, range]));
  const regions = new Map(cxl_regions.map((region) => [region.name, region]));
  const idle = new Set(cxl_regions.filter(({ state }) => state !== 'enabled').map(({ name }) => name));
  const stated = devices.map((device) => ({
    record: records.get(device.name) ?? null,
    current: {
      ...currentOf(
        device,
        records.get(device.name),
        rangeOf.get(device.name),
        regions.get(device.cxl_region ?? ''),
      ),
      counted_sectors: listed.counted_sectors?.[device.name] ?? 0,
    },
  }));
  for (const { name } of devices) records.delete(name);
  const unsized = [...records.values()].map((record) => ({ record, current: asListed(record) }));
  return currentInventory(currentCxl(listed.host, modelled), [...stated, ...unsized], idle);
}

function currentOf(
  device: DaxDevice,
  record: InventoryDeviceRecord | undefined,
  range: MemoryRange | undefined,
  region: CxlRegion | undefined,
): CurrentDevice {
  const isDestroyed = has(device, NAMESPACE_DESTROYED);
  // A size of another layout is none of this one: nobody has told it.
  const isPlaced = device.placed_as === null;
  return {
    name: device.name,
    mode: device.mode,
    state: device.state,
    parent_bound: device.parent_bound,
    is_present: device.media_present && !isDestroyed && (region?.state ?? 'enabled') === 'enabled',
    size: isPlaced ? device.size : null,
    align: alignOf(device, record),
    phys_addr: isPlaced ? device.phys_addr : null,
    numa_node: device.numa_node,
    target_node: device.target_node,
    provider: device.provider,
    on_nd_bus: isOnNdBus(device, region),
    map: device.map,
    memory_blocks: range === undefined || isAsListed(range, record) ? null : countBlocks(range),
    badblocks: currentBadblocks(device.badblocks),
  };
}

/** What of the devices a listing alone does not tell. */
interface Unlisted {
  /** Those that have no address here: where one is told, another device is there (IMP46). */
  readonly unplaced: ReadonlySet<string>;
  /** Those that are gone, as they were listed last. */
  readonly former: ReadonlyMap<string, InventoryDeviceRecord>;
  /** What listings told of each up to now, also of those that are gone. */
  readonly before: ReadonlyMap<string, InventoryDeviceRecord>;
  readonly links: ModelledLinks;
}

function unlisted(
  { former: left = [] }: Listed,
  modelled: Modelled,
  known: readonly InventoryDeviceRecord[],
): Unlisted {
  const unplaced = modelled.devices.filter(({ phys_addr }) => phys_addr === null).map(({ name }) => name);
  const former = new Map(left.map((record) => [record.name, record]));
  return {
    unplaced: new Set(unplaced),
    former,
    before: new Map([...former, ...known.map((record) => [record.name, record] as const)]),
    links: linksIn(modelled),
  };
}

/** Those that are gone after an import: what was listed of them last tells whether they come back (IMP48). */
function formerAfter(
  { former, links }: Unlisted,
  { devices: changes, records }: ListingImport,
): readonly InventoryDeviceRecord[] {
  const gone = new Map(former);
  for (const { record, change, is_now } of changes)
    if (change === 'gone' && is_now === null) gone.set(record.name, record);
  const there = new Set(records.map(({ name }) => name));
  return [...gone.values()].filter(({ name }) => links.deviceOf(name) !== undefined && !there.has(name));
}

/** Whether the memory is what the listing made of it: then what it tells stands, and no count that it has not. */
function isAsListed(range: MemoryRange, record: InventoryDeviceRecord | undefined): boolean {
  const told = record?.memory_blocks ?? null;
  return told !== null && isEqual(range.blocks, blocksAsListed(told, nrBlocks(range)));
}

/** Null where only a default of the model says it, and no listing. */
function alignOf({ align, mode }: DaxDevice, record: InventoryDeviceRecord | undefined): number | null {
  const isDefault = record?.mode === mode && record.align === null && align === defaultAlign(mode);
  return isDefault ? null : align;
}

/** Those that listings have shown and the model has not: without a size up to now, or left out (IMP3, IMP41). */
function unmadeOf(changes: readonly DeviceChange[], { deviceOf }: ModelledLinks): ReadonlySet<string> {
  const unmade = changes.filter(
    ({ record, previous_name: former }) =>
      deviceOf(record.name) === undefined && deviceOf(former ?? record.name) === undefined,
  );
  return new Set(unmade.map(({ record }) => record.name));
}

/** A device that listings have shown before is new with the one after which it can be one. */
function asNewWhereUnmade(changes: readonly DeviceChange[], unmade: ReadonlySet<string>): DeviceChange[] {
  return changes.map((device) => {
    const { name, size } = device.record;
    const isNew = device.change !== 'gone' && size !== null && unmade.has(name);
    return isNew ? { ...device, change: 'created', changed_fields: [] } : device;
  });
}

/** What a change submits; nothing where the device is as it was. */
function importedDevices(change: DeviceChange, untold: Unlisted): ImportedDevice[] {
  const { record, previous_name, is_now, listed_at } = change;
  const { unplaced, former, before, links } = untold;
  const isUnplaced = record.phys_addr !== null && unplaced.has(record.name);
  const names = [record.name, ...(previous_name === null ? [] : [previous_name])];
  const [modelled] = names.flatMap((name) => links.deviceOf(name) ?? []);
  const [known] = names.flatMap((name) => before.get(name) ?? []);
  const isLinked = modelled !== undefined && isLeftBehind(record, modelled, links);
  if (change.change === 'unchanged' && !isUnplaced && !isLinked) return [];
  const is_another = isAnothers(change, former.get(record.name));
  const told = Object.entries({ previous_name, is_now, listed_at, is_another });
  return [
    {
      ...importedDevice(record, change.change === 'unchanged' && isLinked ? 'updated' : change.change),
      ...takenBack(record, known, modelled, links),
      ...(hasLostPlace(record, known, modelled) ? { phys_addr: null } : {}),
      ...Object.fromEntries(told.filter(([, value]) => value !== null)),
    },
  ];
}

/** Whether a device has another size, and no address is told with it: where it lay before, says nothing of it (IMP22). */
function hasLostPlace(
  now: InventoryDeviceRecord,
  before: InventoryDeviceRecord | undefined,
  modelled: DaxDevice | undefined,
): boolean {
  if (before === undefined || before.phys_addr === null || now.phys_addr !== null) return false;
  return modelled?.phys_addr === before.phys_addr && now.size !== before.size;
}

/** Whether a device has another content than was known of it last, be it before it was gone; null: that is not told. */
function isAnothers(
  { record, change, is_another }: DeviceChange,
  former: InventoryDeviceRecord | undefined,
): boolean | null {
  if (change !== 'created') return is_another;
  return former === undefined ? null : isAnother(former, record);
}

/** Null is what no listing has shown: left out, so that what is known stands. */
function importedDevice(record: InventoryDeviceRecord, change: ImportedDevice['change']): ImportedDevice {
  const { align, phys_addr, numa_node, target_node, media_serial, provider } = record;
  const { cxl_region, cxl_region_from } = record;
  const map = record.map === 'dev' || record.map === 'mem' ? record.map : null;
  const blocks = record.memory_blocks;
  const memory_blocks =
    blocks === null ? null : { online: blocks.online, total: blocks.total, movable: blocks.movable };
  const told = Object.entries({
    memory_blocks,
    align,
    phys_addr,
    numa_node,
    target_node,
    media_serial,
    cxl_region,
    cxl_region_from,
    provider,
    map,
    mode_as_listed: record.mode_as_listed,
    parent_bound: !isDisabledNamespace(record.listed),
    badblocks: listedBadblocks(record),
  });
  return {
    name: record.name,
    mode: record.mode,
    size: record.size,
    state: record.state,
    change,
    ...Object.fromEntries(told.filter(([, value]) => value !== null)),
  };
}
