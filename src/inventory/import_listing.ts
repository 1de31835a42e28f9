import { isOnDaxBus } from '../engine/model/vocabulary.ts';
import { deriveDevice, isModeTold } from './derive.ts';
import type { CurrentInventory } from './current_inventory.ts';
import type { DeviceMerge } from './merge_state.ts';
import { isEqual } from './is_equal.ts';
import { type Listing, type ListingFormat } from './listing.ts';
import { mergeDaxRegions } from './merge_dax_regions.ts';
import { mergeDevices } from './merge_devices.ts';
import { type HostChange, hostChanges, mergeHost } from './merge_host.ts';
import { isRefusal, parseListing } from './parse.ts';
import { isUuid, textOf } from './read_field.ts';
import type { InventoryDeviceRecord, InventoryHostRecord } from './record.ts';
import type { InventoryRefusal } from './refusal.ts';
import { type Skipped, skippedSize } from './skip.ts';

/** What is known of a host before an import: as it is now, see `currentInventory`. */
export interface KnownInventory {
  readonly host: InventoryHostRecord;
  readonly devices: readonly InventoryDeviceRecord[];
  /** How the tools print each device now; absent: as it was listed. */
  readonly shown?: CurrentInventory['shown'];
}

/**
 * What became of one device. `changed_fields` names the fields of the record that differ (never `listed`).
 * `previous_name`: it was known under this name, that of its namespace, until its own was listed; else null.
 * `is_another`: its content is another one's than what was known under its name [IMP8, IMP13].
 */
export interface DeviceChange {
  readonly record: InventoryDeviceRecord;
  readonly change: 'created' | 'updated' | 'unchanged' | 'gone';
  readonly previous_name: string | null;
  readonly changed_fields: readonly string[];
  readonly is_another: boolean;
}

export interface ListingImport {
  readonly format: ListingFormat;
  readonly host: InventoryHostRecord;
  /** The devices that the listing shows, and those it changes or ends; no others. */
  readonly devices: readonly DeviceChange[];
  /** What became of buses, dimms, regions and the CXL topology. */
  readonly host_objects: readonly HostChange[];
  readonly skipped: readonly Skipped[];
}

/**
 * Works one listing into what is known of a host: any `ndctl list`, `daxctl list` or `cxl list` output as it is.
 *
 * Changes nothing itself; importing the same listing twice, or an export, leaves everything `unchanged`.
 */
export function importListing(
  known: KnownInventory,
  text: string,
): ListingImport | { refusal: InventoryRefusal } {
  const listing = parseListing(text);
  if (isRefusal(listing)) return { refusal: listing };
  const merged = mergeHost(known.host, listing);
  const merge = mergeDevices(merged, known.devices, listing, unseenIn(known));
  const host: InventoryHostRecord = {
    ...merged,
    namespaces: [...merge.namespaces.values()],
    dax_regions: mergeDaxRegions(merged.dax_regions, merge, listing),
  };
  const devices = deviceChanges(known.devices, host, merge);
  return {
    format: listing.format,
    host,
    devices,
    host_objects: hostChanges(known.host, host, listing),
    skipped: [...merge.skipped, ...roundedSizes(listing, devices)],
  };
}

/** The devices that the tools print no object of: a disabled namespace is one only where it is known. */
function unseenIn({ devices, shown }: KnownInventory): ReadonlySet<string> {
  const unseen = devices.filter(({ name, listed }) => {
    const now = shown?.get(name);
    const hasNamespace = listed.namespace !== null && now?.namespace !== 'none';
    return now?.dax_device === 'none' && !hasNamespace;
  });
  return new Set(unseen.map(({ name }) => name));
}

function deviceChanges(
  known: readonly InventoryDeviceRecord[],
  host: InventoryHostRecord,
  merge: DeviceMerge,
): readonly DeviceChange[] {
  const before = new Map(known.map((record) => [record.name, record]));
  const present = [...merge.parts].flatMap(([name, parts]): DeviceChange[] => {
    const previous = merge.renamed.get(name) ?? null;
    const old = before.get(previous ?? name);
    const record = deriveDevice(host, name, parts);
    if (old === undefined) return [{ record, change: 'created', ...AS_IT_IS }];
    const isSame = isEqual(old, record);
    const change = isSame ? 'unchanged' : 'updated';
    const shown = !isSame || merge.listed.has(name);
    return shown
      ? [
          {
            record,
            change,
            previous_name: previous,
            changed_fields: changedFields(old, record),
            is_another: isAnother(old, record),
          },
        ]
      : [];
  });
  const gone = known.filter(({ name }) => merge.gone.has(name));
  return [...present, ...gone.map((record) => ({ record, change: 'gone' as const, ...AS_IT_IS }))];
}

/** What a device has that was not there before, or is not there any more. */
const AS_IT_IS = { previous_name: null, changed_fields: [], is_another: false } as const;

/**
 * Whether a device was made anew while nobody looked: it is listed in another mode, or its namespace has another uuid.
 * Of a dax device of which only the name was told, system-ram is no other mode, but the first that is told [M124].
 */
function isAnother(old: InventoryDeviceRecord, record: InventoryDeviceRecord): boolean {
  const { dax_device: dax } = old.listed;
  const isFirstTold = isOnDaxBus(record.mode) && old.mode === 'devdax' && dax !== null && !isModeTold(dax);
  if (old.mode !== record.mode) return !isFirstTold;
  return isUuid(old.uuid) && isUuid(record.uuid) && old.uuid !== record.uuid;
}

function changedFields(old: InventoryDeviceRecord, record: InventoryDeviceRecord): readonly string[] {
  const keys = Object.keys(record) as (keyof InventoryDeviceRecord)[];
  return keys.filter((key) => key !== 'listed' && !isEqual(old[key], record[key]));
}

/** The sizes that this listing shows rounded, one a device. */
function roundedSizes(listing: Listing, devices: readonly DeviceChange[]): readonly Skipped[] {
  const texts = new Map(
    listing.items.flatMap(({ name, fields: { size } }) =>
      typeof size === 'string' ? [[name, size] as const] : [],
    ),
  );
  return devices.flatMap(({ record, change }) => {
    const shown = textOf(record.listed.dax_device, 'chardev') ?? record.name;
    const text = texts.get(shown) ?? texts.get(record.namespace ?? '');
    const isShown = text !== undefined && change !== 'gone';
    return isShown ? [skippedSize(record.name, text, record.size, record.size_is_rounded)] : [];
  });
}
