import { currentInventory } from '../../../src/inventory/current_inventory.ts';
import { asListed, type CurrentDevice } from '../../../src/inventory/current_state.ts';
import { type ExportFormat, exportListing } from '../../../src/inventory/export_listing.ts';
import { importListing, type ListingImport } from '../../../src/inventory/import_listing.ts';
import type { KnownInventory } from '../../../src/inventory/known_inventory.ts';
import { parseLossless } from '../../../src/inventory/lossless.ts';
import { EMPTY_HOST, type InventoryDeviceRecord, type ListedValue } from '../../../src/inventory/record.ts';
import type { InventoryRefusal } from '../../../src/inventory/refusal.ts';

export const NOTHING: KnownInventory = { host: EMPTY_HOST, devices: [] };

/** An import that must not be refused. */
export function importInto(known: KnownInventory, text: string, isComplete = false): ListingImport {
  const result = importListing(known, text, isComplete);
  if ('refusal' in result) throw new Error(`refused: ${result.refusal.detail}`);
  return result;
}

/** What is known after an import: gone devices dropped, renamed ones replaced. */
export function after(known: KnownInventory, text: string): KnownInventory {
  const { host, devices } = importInto(known, text);
  const ended = new Set(devices.flatMap(({ record, previous_name: before }) => [record.name, before]));
  const kept = known.devices.filter(({ name }) => !ended.has(name));
  const present = devices.filter(({ change }) => change !== 'gone').map(({ record }) => record);
  return { host, devices: [...kept, ...present].sort((one, other) => (one.name < other.name ? -1 : 1)) };
}

/** What is known after several listings, from nothing. */
export function knownAfter(...texts: readonly string[]): KnownInventory {
  return texts.reduce(after, NOTHING);
}

/** The refusal of a text. */
export function refusalOf(text: string): InventoryRefusal {
  const result = importListing(NOTHING, text);
  if (!('refusal' in result)) throw new Error('not refused');
  return result.refusal;
}

/** One device by name. */
export function deviceOf(known: KnownInventory, name: string): InventoryDeviceRecord {
  const device = known.devices.find((record) => record.name === name);
  if (device === undefined)
    throw new Error(`no ${name} among ${known.devices.map((record) => record.name).join()}`);
  return device;
}

/** name → change, for reading an import at a glance. */
export function changesOf(result: ListingImport): Readonly<Record<string, string>> {
  return Object.fromEntries(result.devices.map(({ record, change }) => [record.name, change]));
}

/** A device as the simulator would hold it right after the import. */
export function currentOf(record: InventoryDeviceRecord, change: Partial<CurrentDevice> = {}): CurrentDevice {
  return { ...asListed(record), ...change };
}

/** The export of what is known, as it was imported. */
export function exportOf(format: ExportFormat, known: KnownInventory): string {
  const devices = known.devices.map((record) => ({ record, current: currentOf(record) }));
  return exportListing(format, currentInventory(known.host, devices));
}

/** The value of a listing, exact numbers kept as text; empty text is null. */
export function valueOf(text: string): ListedValue {
  if (text === '') return null;
  const parsed = parseLossless(text);
  if (!('value' in parsed)) throw new Error(parsed.detail);
  return parsed.value;
}

/** The same value with every array sorted: the tools print objects in the order of sysfs. */
export function unordered(value: ListedValue): ListedValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const members = (value as ListedValue[]).map(unordered);
    return members.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
  }
  const entries = Object.entries(value).map(
    ([key, member]) => [key, unordered(member as ListedValue)] as const,
  );
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}
