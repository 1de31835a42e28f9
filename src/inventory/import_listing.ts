import { isOnDaxBus } from '../engine/model/vocabulary.ts';
import { deriveDevice, isModeTold } from './derive.ts';
import { type Absence, absencesFrom } from './absent.ts';
import { type Ended, endDevices, endedBy, withoutEnded } from './end_absent.ts';
import type { KnownInventory } from './known_inventory.ts';
import type { DeviceMerge } from './merge_state.ts';
import { isEqual } from './is_equal.ts';
import { estimated } from './printable.ts';
import { type Listing, type ListingFormat } from './listing.ts';
import { mergeDaxRegions } from './merge_dax_regions.ts';
import { mergeDevices } from './merge_devices.ts';
import { type HostChange, hostChanges, mergeHost } from './merge_host.ts';
import { isRefusal, parseListing } from './parse.ts';
import { isUuid, textOf } from './read_field.ts';
import type { InventoryDeviceRecord, InventoryHostRecord, ListedValue } from './record.ts';
import type { InventoryRefusal } from './refusal.ts';
import { type Skipped, skippedSize } from './skip.ts';

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
  /** What was there, that the listing lacks, and that stays as it is. */
  readonly absent: readonly Absence[];
  readonly skipped: readonly Skipped[];
}

const NOTHING_ENDED: Ended = new Map();

/**
 * Works one listing into what is known of a host: any `ndctl list`, `daxctl list` or `cxl list` output as it is.
 *
 * `isComplete`: it shows everything of each kind in it, so that what it lacks is gone [IMP18]. Changes nothing itself;
 * importing the same listing twice, or an export, leaves everything `unchanged`.
 */
export function importListing(
  known: KnownInventory,
  text: string,
  isComplete = false,
): ListingImport | { refusal: InventoryRefusal } {
  const listing = parseListing(text);
  if (isRefusal(listing)) return { refusal: listing };
  const absences = absencesFrom(known, listing.items, isComplete);
  const ended = isComplete ? endedBy(absences, known.host) : NOTHING_ENDED;
  const merged = withoutEnded(mergeHost(known.host, listing), ended);
  const merge = mergeDevices(merged, known, listing);
  endDevices(merge, known.devices, absences, ended);
  const host: InventoryHostRecord = {
    ...merged,
    namespaces: [...merge.namespaces.values()],
    dax_regions: mergeDaxRegions(merged.dax_regions, merge, listing, isComplete),
  };
  const devices = deviceChanges(known.devices, host, merge);
  return {
    format: listing.format,
    host,
    devices,
    host_objects: hostChanges(known.host, host, listing),
    absent: absences.filter(({ kind, name, dax_device: device }) => {
      const isEnded = ended.get(kind)?.has(name) === true || merge.gone.has(device ?? '');
      return !isEnded;
    }),
    skipped: [...merge.skipped, ...roundedSizes(listing, devices)],
  };
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
    const isSame = saysSame(old, record);
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

/** A number is no news where it is the estimate of the rounded one that was known: an export prints it so [IMP21]. */
function saysSame(old: InventoryDeviceRecord, record: InventoryDeviceRecord): boolean {
  if (isEqual(old, record)) return true;
  const said = ({ size_is_rounded, listed, ...others }: InventoryDeviceRecord): unknown => {
    return { ...others, listed: estimated(listed as unknown as ListedValue) };
  };
  return isEqual(said(old), said(record));
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
