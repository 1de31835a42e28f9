import type { ImportedCxl, ImportedDevice } from '../engine/command.ts';
import type { DaxDevice, MemoryRange } from '../engine/host.ts';
import { countBlocks } from '../engine/kmem/blocks.ts';
import { refuse, type Refusal } from '../engine/refusal.ts';
import { PROVIDERS, type Provider } from '../engine/vocabulary.ts';
import { type CurrentDevice, withCurrentState } from '../inventory/current_state.ts';
import { exportListing, type ExportFormat } from '../inventory/export_listing.ts';
import { importListing, type DeviceChange, type ListingImport } from '../inventory/import_listing.ts';
import { listedCxl } from './listed_cxl.ts';
import { EMPTY_HOST, type InventoryDeviceRecord, type InventoryHostRecord } from '../inventory/record.ts';

/**
 * The work on listings, pure: what an import does to a host, and what an export prints. It may take long
 * (a listing has up to 4 MiB), so it runs in a thread of its own: listing_worker.ts.
 */
/** Everything the listings of a host have told, as the store keeps it in the host's one inventory record. */
export interface Listed {
  readonly host: InventoryHostRecord;
  readonly devices: readonly InventoryDeviceRecord[];
}

export const NOTHING_LISTED: Listed = { host: EMPTY_HOST, devices: [] };

/** What an import answers: what became of each object of the listing. */
export interface Imported {
  readonly format: ListingImport['format'];
  readonly devices: readonly (Omit<DeviceChange, 'record'> & { readonly name: string })[];
  readonly host_objects: ListingImport['host_objects'];
  readonly skipped: ListingImport['skipped'];
}

/** What an import submits, and what it answers. */
export interface ImportPlan {
  readonly devices: readonly ImportedDevice[];
  /** From a `cxl list` alone: the other tools say nothing of it. */
  readonly cxl?: ImportedCxl;
  readonly record: Listed;
  readonly imported: Imported;
}

export type ListingJob =
  | {
      readonly do: 'import';
      readonly listed: Listed;
      readonly devices: readonly DaxDevice[];
      readonly ranges: readonly MemoryRange[];
      readonly text: string;
    }
  | {
      readonly do: 'export';
      readonly listed: Listed;
      readonly devices: readonly DaxDevice[];
      readonly ranges: readonly MemoryRange[];
      readonly format: ExportFormat;
    };

/** Works a listing into what is known; a refusal where it is none. */
export function planImport(
  listed: Listed,
  devices: readonly DaxDevice[],
  ranges: readonly MemoryRange[],
  text: string,
): ImportPlan | Refusal {
  const present = devices.filter(({ state }) => state !== 'gone');
  const known = [
    ...present.map((device) =>
      withCurrentState(listed.host, recordOf(listed, device.name), currentOf(device, ranges)),
    ),
    ...unsized(listed, present),
  ];
  const listing = importListing({ host: listed.host, devices: known }, text);
  if ('refusal' in listing) {
    const { detail, pointer } = listing.refusal;
    return refuse('malformed_inventory', detail, { pointer });
  }
  return {
    devices: listing.devices.flatMap(importedDevices),
    ...(listing.format === 'cxl' ? { cxl: listedCxl(listing.host) } : {}),
    record: { host: listing.host, devices: devicesAfter(known, listing.devices) },
    imported: importedOf(listing),
  };
}

/** The host's devices as `ndctl list` or `daxctl list` would print them now. */
export function printListing(
  listed: Listed,
  devices: readonly DaxDevice[],
  ranges: readonly MemoryRange[],
  format: ExportFormat,
): string {
  const exported = devices.map((device) => ({
    record: recordOf(listed, device.name),
    current: currentOf(device, ranges),
  }));
  const others = unsized(listed, devices).map((record) => ({ record, current: record }));
  return exportListing(format, listed.host, [...exported, ...others]);
}

/** Listed devices that are none here yet, because no listing has told their size (M122: disabled when first seen). */
function unsized(listed: Listed, devices: readonly DaxDevice[]): readonly InventoryDeviceRecord[] {
  const names = new Set(devices.map(({ name }) => name));
  return listed.devices.filter(({ name }) => !names.has(name));
}

function recordOf(listed: Listed, name: string): InventoryDeviceRecord | null {
  return listed.devices.find((record) => record.name === name) ?? null;
}

function currentOf(device: DaxDevice, ranges: readonly MemoryRange[]): CurrentDevice {
  const { name, mode, state, size, align, phys_addr, numa_node } = device;
  const range = ranges.find((own) => own.dax_device === name);
  const memory = range === undefined ? {} : { memory_blocks: countBlocks(range) };
  return { name, mode, state, size, align, phys_addr, numa_node, ...memory };
}

/** A device that was known by its namespace's name until now is gone under that name. */
function importedDevices({ record, change, previous_name }: DeviceChange): ImportedDevice[] {
  if (change === 'unchanged') return [];
  if (previous_name === null) return [importedDevice(record, change)];
  return [importedDevice({ ...record, name: previous_name }, 'gone'), importedDevice(record, 'created')];
}

/** Null is what no listing has told: left out, so that what is known stands. */
function importedDevice(record: InventoryDeviceRecord, change: ImportedDevice['change']): ImportedDevice {
  const { align, phys_addr, numa_node, target_node, media_serial, cxl_region } = record;
  const provider = PROVIDERS.find((known): known is Provider => known === record.provider);
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
    provider: provider ?? null,
    map,
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

/** The reason why a device that a listing shows is not one yet. */
function unsizedSkip({ record }: DeviceChange): ListingImport['skipped'][number][] {
  if (record.size !== null) return [];
  const detail = 'no listing has told its size: it becomes a device with the first that does';
  return [{ kind: 'namespace', name: record.name, reason: 'size unknown', detail }];
}

function devicesAfter(
  known: readonly InventoryDeviceRecord[],
  changes: readonly DeviceChange[],
): readonly InventoryDeviceRecord[] {
  const devices = new Map(known.map((record) => [record.name, record]));
  for (const { record, change, previous_name } of changes) {
    if (previous_name !== null) devices.delete(previous_name);
    if (change === 'gone') devices.delete(record.name);
    else devices.set(record.name, record);
  }
  return [...devices.values()];
}

function importedOf({ format, devices, host_objects, skipped }: ListingImport): Imported {
  return {
    format,
    devices: devices.map(({ record, change, previous_name, changed_fields }) => ({
      name: record.name,
      change,
      previous_name,
      changed_fields,
    })),
    host_objects,
    skipped: [...skipped, ...devices.flatMap(unsizedSkip)],
  };
}
