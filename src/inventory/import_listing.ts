import { type Absence, absencesFrom } from './absent.ts';
import { asListed } from './current_state.ts';
import { deriveDevice } from './derive.ts';
import { changeOf, changeToGone, combineChanges, devicesAfter, type DeviceChange } from './device_change.ts';
import { withoutAbsent } from './end_absent.ts';
import type { KnownInventory } from './known_inventory.ts';
import type { ListedItem, Listing, Tool } from './listing.ts';
import { mergeDaxRegions } from './merge_dax_regions.ts';
import { mergeDevices } from './merge_devices.ts';
import { type HostChange, hostChanges, mergeHost } from './merge_host.ts';
import type { DeviceMerge } from './merge_state.ts';
import { isRefusal, readListings } from './parse.ts';
import type { InventoryDeviceRecord, InventoryHostRecord, ListedValue } from './record.ts';
import type { InventoryRefusal } from './refusal.ts';
import { roundedSizes } from './rounded.ts';
import { shownAs } from './shown.ts';
import type { Skipped } from './skip.ts';

/**
 * Which tools printed a text: `empty`, nothing in it is of one: nothing matched its filters, and no one can tell which
 * tool it was [M116, M117]; `mixed`, several.
 */
export type TextFormat = Tool | 'empty' | 'mixed';

export interface ListingImport {
  readonly format: TextFormat;
  readonly host: InventoryHostRecord;
  /** The devices that the listings show, and those they change or end; no others. */
  readonly devices: readonly DeviceChange[];
  /** All devices that are known now. */
  readonly records: readonly InventoryDeviceRecord[];
  /** What became of buses, dimms, regions and the CXL topology. */
  readonly host_objects: readonly HostChange[];
  /** What was there, that the listings lack, and that stays as it is. */
  readonly absent: readonly Absence[];
  readonly skipped: readonly Skipped[];
  /** Every object of the text. */
  readonly items: readonly ListedItem[];
  /** What the text says of the host itself, unread. */
  readonly kernel_release?: ListedValue;
  readonly kernel_probes?: ListedValue;
}

/**
 * Works a text into what is known of a host: any `ndctl list`, `daxctl list` or `cxl list` output as it is, or several
 * of them one behind another, each worked in as if it had come alone.
 *
 * `isComplete`: it shows everything of each kind in it, so that what it lacks is gone [IMP18]. Changes nothing itself;
 * importing the same text twice, or an export, leaves everything `unchanged`.
 */
export function importListing(
  known: KnownInventory,
  text: string,
  isComplete = false,
): ListingImport | { refusal: InventoryRefusal } {
  const reading = readListings(text);
  if (isRefusal(reading)) return { refusal: reading };
  const { listings, skipped: unread, is_whole: isWhole, ...told } = reading;
  const items = listings.flatMap((listing) => listing.items);
  const isUnread = isComplete && !isWhole;
  const absences = absencesFrom(known, listings, isComplete).map((absence) =>
    isUnread ? unreadIn(absence) : absence,
  );
  const left = isComplete ? withoutAbsent(known, absences, isUnread ? [] : items) : { known, gone: [] };
  const changes: (readonly DeviceChange[])[] = [left.gone.map((record) => changeToGone(record))];
  const skipped: Skipped[] = [...unread];
  let now = left.known;
  for (const listing of listings) {
    const worked = workIn(now, listing);
    changes.push(worked.devices);
    skipped.push(...worked.skipped);
    now = knownAfter(now, worked);
  }
  const devices = combineChanges(known.devices, changes);
  return {
    ...told,
    format: formatOf(listings),
    host: now.host,
    devices,
    records: now.devices,
    host_objects: hostChanges(known.host, now.host, items),
    absent: stillThere(absences, devices, isComplete),
    skipped,
    items,
  };
}

/** Nothing ends by a listing of which a part cannot be read. */
function unreadIn(absence: Absence): Absence {
  if (absence.reason !== 'not listed') return absence;
  const detail = 'a part of the listing cannot be read, see `skipped`: nothing is ended by it';
  return { ...absence, reason: 'not read', detail };
}

function formatOf(listings: readonly Listing[]): TextFormat {
  const [format = 'empty', another] = new Set(listings.map((listing) => listing.format));
  return another === undefined ? format : 'mixed';
}

/** What is missed and has not ended. */
function stillThere(
  absences: readonly Absence[],
  devices: readonly DeviceChange[],
  isComplete: boolean,
): readonly Absence[] {
  const gone = new Set(devices.filter(({ change }) => change === 'gone').map(({ record }) => record.name));
  return absences.filter(
    ({ reason, dax_device: device }) => !(isComplete && reason === 'not listed') && !gone.has(device ?? ''),
  );
}

interface WorkedIn {
  readonly host: InventoryHostRecord;
  readonly devices: readonly DeviceChange[];
  readonly skipped: readonly Skipped[];
}

function workIn(known: KnownInventory, listing: Listing): WorkedIn {
  const merged = mergeHost(known.host, listing);
  const merge = mergeDevices(merged, known, listing);
  const { dax_seeds: _former, ...others } = merged;
  const host: InventoryHostRecord = {
    ...others,
    ...(merge.dax_seeds.size === 0 ? {} : { dax_seeds: [...merge.dax_seeds.values()] }),
    namespaces: [...merge.namespaces.values()],
    dax_regions: mergeDaxRegions(merged.dax_regions, merge, listing),
  };
  const devices = deviceChanges(known.devices, host, merge);
  return { host, devices, skipped: [...merge.skipped, ...roundedSizes(listing, devices, host)] };
}

/** What is known once a listing is worked in: the tools show what it changed as it was listed. */
function knownAfter(known: KnownInventory, { host, devices: changes }: WorkedIn): KnownInventory {
  const changed = changes.filter(({ change }) => change === 'created' || change === 'updated');
  const now = changed.map(({ record }) => [record.name, shownAs(asListed(record))] as const);
  const devices = devicesAfter(known.devices, changes);
  return {
    ...known,
    host,
    devices,
    ...(known.shown === undefined ? {} : { shown: new Map([...known.shown, ...now]) }),
  };
}

function deviceChanges(
  known: readonly InventoryDeviceRecord[],
  host: InventoryHostRecord,
  merge: DeviceMerge,
): readonly DeviceChange[] {
  const before = new Map(known.map((record) => [record.name, record]));
  const present = [...merge.parts].flatMap(([name, parts]): DeviceChange[] => {
    const old = before.get(merge.renamed.get(name) ?? name);
    const change = changeOf(old, deriveDevice(host, name, parts), merge.listed.get(name) ?? null);
    return change.change !== 'unchanged' || merge.listed.has(name) ? [change] : [];
  });
  const gone = known.filter(({ name }) => merge.gone.has(name));
  const ended = gone.map((record) => changeToGone(record, merge.is_now.get(record.name) ?? null));
  return [...present, ...ended];
}
