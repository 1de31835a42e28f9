import type { Change } from '../model/event.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import { consumersOf } from '../device/cxl/chain.ts';
import { deviceOf, mappingsOfDevice, must, pinsOfDevice } from '../model/lookup.ts';
import type { Transaction } from '../model/transaction.ts';

/** What of a device decides who is reached (EX1). */
const REACH = [
  'generation',
  'tenant',
  'former_tenants',
  'media_present',
  'base_pfn',
  'size',
  'cxl_region',
  'hwpoisoned',
] as const satisfies readonly (keyof DaxDevice)[];

/**
 * The mappings and pins whose windows a transaction may have changed, each with the position of the event that did it:
 * the last that touched its entries or record, else the last that touched its device. A device that had one owner so far,
 * or where nothing changed that matters, costs nothing.
 */
export function touchedBy(tx: Transaction): Map<string, number> {
  const { host } = tx;
  const direct = new Map<string, number>();
  // Most commands change no device.
  let devices: Map<string, number> | null = null;
  for (const [at, { changes }] of tx.events.entries()) {
    for (const change of changes) {
      addSubjects(direct, host, change, at);
      for (const name of devicesOf(host, change))
        devices = (devices ?? new Map<string, number>()).set(name, at);
    }
  }
  return devices === null ? direct : withDevices(tx, devices, direct);
}

function withDevices(
  tx: Transaction,
  devices: ReadonlyMap<string, number>,
  direct: Map<string, number>,
): Map<string, number> {
  const { host } = tx;
  const touched = new Map<string, number>();
  for (const [name, at] of devices) {
    if (!reachChanged(tx, deviceOf(host, name))) continue;
    for (const { id } of mappingsOfDevice(host, name)) touched.set(id, at);
    for (const { id } of pinsOfDevice(host, name)) touched.set(id, at);
  }
  if (touched.size === 0) return direct;
  for (const [id, at] of direct) touched.set(id, at);
  return touched;
}

/** Owners of entries, files among them, and records of mappings and pins; of those that are gone, or empty, the windows. */
function addSubjects(subjects: Map<string, number>, host: Host, change: Change, at: number): void {
  switch (change.op) {
    case 'put':
      if (change.kind === 'mappings' || change.kind === 'pins') subjects.set(change.id, at);
      return;
    case 'delete':
      if (host.open_exposures.windows.has(change.id)) subjects.set(change.id, at);
      return;
    case 'insert_entries':
    case 'drop_entries':
      subjects.set(change.owner, at);
      return;
    case 'copy_entries':
      subjects.set(change.to, at);
      return;
    case 'empty_entries':
      for (const owner of change.owners)
        if (host.open_exposures.windows.has(owner) || subjects.has(owner)) subjects.set(owner, at);
      return;
    case 'protect_entries':
      for (const owner of change.owners) subjects.set(owner, at);
      return;
    case 'give_blocks':
    case 'count_windows':
    case 'note_mapped':
    case 'set_mapped':
      return;
  }
}

const NONE: readonly string[] = [];

function devicesOf(host: Host, change: Change): readonly string[] {
  if (change.op !== 'put') return NONE;
  if (change.kind === 'dax_devices') return [change.id];
  if (change.kind !== 'cxl_regions') return NONE;
  return consumersOf(host, change.id).map(({ name }) => name);
}

function reachChanged(tx: Transaction, device: DaxDevice): boolean {
  const before = tx.replaced.dax_devices?.get(device.name);
  if (hasOneOwner(device) && hasOneOwner(before ?? device)) return false;
  if (before !== undefined && REACH.some((field) => before[field] !== device[field])) return true;
  const region = tx.replaced.cxl_regions?.get(String(device.cxl_region));
  if (region === undefined) return false;
  return region.decode_state !== must(tx.host.tables.cxl_regions.get(region.name), region.name).decode_state;
}

function hasOneOwner({ generation, former_tenants }: DaxDevice): boolean {
  return generation === 1 && former_tenants.length === 0;
}
