import type { ImportedDevice } from '../engine/command.ts';
import type { DaxDevice } from '../engine/host.ts';
import { refuse, type Refusal } from '../engine/refusal.ts';
import { PROVIDERS, type Provider } from '../engine/vocabulary.ts';
import { type CurrentDevice, withCurrentState } from '../inventory/current_state.ts';
import { exportListing, type ExportFormat } from '../inventory/export_listing.ts';
import { importListing, type DeviceChange, type ListingImport } from '../inventory/import_listing.ts';
import { EMPTY_HOST, type InventoryDeviceRecord, type InventoryHostRecord } from '../inventory/record.ts';
import type { Store, Submission, Submitted } from '../store/port.ts';

export type ImportSubmission = Omit<Submission, 'command' | 'imported'> & { readonly text: string };

/** Everything the listings of a host have told, as the store keeps it in the host's one inventory record. */
interface Listed {
  readonly host: InventoryHostRecord;
  readonly devices: readonly InventoryDeviceRecord[];
}

const NOTHING_LISTED: Listed = { host: EMPTY_HOST, devices: [] };
const INVENTORY_ID = 'inventory';
const PAGE_ROWS = 500;

/** What an import answers: what became of each object of the listing. */
export interface Imported {
  readonly format: ListingImport['format'];
  readonly devices: readonly (Omit<DeviceChange, 'record'> & { readonly name: string })[];
  readonly host_objects: ListingImport['host_objects'];
  readonly skipped: ListingImport['skipped'];
}

/**
 * Works the text of a listing into a host. Refused with `malformed_inventory` where it is none, `host_not_found`.
 * Imports of one host must not run side by side: each starts from what the one before has stored.
 */
export async function importInventory(
  store: Store,
  { text, ...submission }: ImportSubmission,
): Promise<Submitted> {
  const { host } = submission;
  if ((await store.get('hosts', host, host)) === null)
    return { status: 'refused', refusal: hostNotFound(host) };
  const listed = await loadListed(store, host);
  const present = (await loadDevices(store, host)).filter(({ state }) => state !== 'gone');
  const known = [
    ...present.map((device) =>
      withCurrentState(listed.host, recordOf(listed, device.name), currentOf(device)),
    ),
    ...unsized(listed, present),
  ];
  const listing = importListing({ host: listed.host, devices: known }, text);
  if ('refusal' in listing) {
    const { detail, pointer } = listing.refusal;
    return { status: 'refused', refusal: refuse('malformed_inventory', detail, { pointer }) };
  }
  const devices = listing.devices.flatMap(importedDevices);
  const record: Listed = { host: listing.host, devices: devicesAfter(known, listing.devices) };
  return store.submit({
    ...submission,
    command: { type: 'import_inventory', devices, record },
    imported: importedOf(listing),
  });
}

/** The host's devices as `ndctl list` or `daxctl list` would print them now. */
export async function exportInventory(
  store: Store,
  host: string,
  format: ExportFormat,
): Promise<string | Refusal> {
  if ((await store.get('hosts', host, host)) === null) return hostNotFound(host);
  const listed = await loadListed(store, host);
  const devices = await loadDevices(store, host);
  const exported = devices.map((device) => ({
    record: recordOf(listed, device.name),
    current: currentOf(device),
  }));
  const others = unsized(listed, devices).map((record) => ({ record, current: record }));
  return exportListing(format, listed.host, [...exported, ...others]);
}

/** Listed devices that are none here yet, because no listing has told their size (M122: disabled when first seen). */
function unsized(listed: Listed, devices: readonly DaxDevice[]): readonly InventoryDeviceRecord[] {
  const names = new Set(devices.map(({ name }) => name));
  return listed.devices.filter(({ name }) => !names.has(name));
}

function hostNotFound(host: string): Refusal {
  return refuse('host_not_found', `there is no host ${host}`);
}

async function loadListed(store: Store, host: string): Promise<Listed> {
  const inventory = await store.get('inventories', host, INVENTORY_ID);
  return inventory === null ? NOTHING_LISTED : (inventory.record as Listed);
}

async function loadDevices(store: Store, host: string): Promise<DaxDevice[]> {
  const devices: DaxDevice[] = [];
  let from: { readonly page_token?: string } | null = {};
  while (from !== null) {
    const page = await store.list({ kind: 'dax_devices', host, filters: {}, limit: PAGE_ROWS, ...from });
    if ('refused' in page) throw new Error(`the store refused its own page token: ${page.detail}`);
    devices.push(...page.items.map((item) => JSON.parse(item) as DaxDevice));
    from = page.next_page === null ? null : { page_token: page.next_page };
  }
  return devices;
}

function recordOf(listed: Listed, name: string): InventoryDeviceRecord | null {
  return listed.devices.find((record) => record.name === name) ?? null;
}

function currentOf({ name, mode, state, size, align, phys_addr, numa_node }: DaxDevice): CurrentDevice {
  return { name, mode, state, size, align, phys_addr, numa_node };
}

/** A device that was known by its namespace's name until now is gone under that name. */
function importedDevices({ record, change, previous_name }: DeviceChange): ImportedDevice[] {
  if (change === 'unchanged') return [];
  if (previous_name === null) return [importedDevice(record, change)];
  return [importedDevice({ ...record, name: previous_name }, 'gone'), importedDevice(record, 'created')];
}

/** Null is what no listing has told: left out, so that what is known stands. */
function importedDevice(record: InventoryDeviceRecord, change: ImportedDevice['change']): ImportedDevice {
  const { align, phys_addr, numa_node, target_node, media_serial } = record;
  const provider = PROVIDERS.find((known): known is Provider => known === record.provider);
  const map = record.map === 'dev' || record.map === 'mem' ? record.map : null;
  const told = Object.entries({
    align,
    phys_addr,
    numa_node,
    target_node,
    media_serial,
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
