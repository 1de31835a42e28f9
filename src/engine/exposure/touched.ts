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
  const devices = new Map<string, number>();
  const direct = new Map<string, number>();
  for (const [at, { changes }] of tx.events.entries()) {
    for (const change of changes) {
      for (const id of subjectsOf(change)) direct.set(id, at);
      for (const name of devicesOf(host, change)) devices.set(name, at);
    }
  }
  const touched = new Map<string, number>();
  for (const [name, at] of devices) {
    if (!reachChanged(tx, deviceOf(host, name))) continue;
    for (const { id } of mappingsOfDevice(host, name)) touched.set(id, at);
    for (const { id } of pinsOfDevice(host, name)) touched.set(id, at);
  }
  for (const [id, at] of direct) touched.set(id, at);
  return touched;
}

/** Owners of entries, files among them, and records of mappings and pins. */
function subjectsOf(change: Change): readonly string[] {
  if (change.op === 'protect_entries') return change.owners;
  if (change.op === 'insert_entries' || change.op === 'drop_entries') return [change.owner];
  if (change.op === 'copy_entries') return [change.to];
  if (change.op === 'give_blocks' || change.op === 'count_windows' || change.op === 'note_mapped') return [];
  return change.kind === 'mappings' || change.kind === 'pins' ? [change.id] : [];
}

function devicesOf(host: Host, change: Change): readonly string[] {
  if (change.op !== 'put') return [];
  if (change.kind === 'dax_devices') return [change.id];
  if (change.kind !== 'cxl_regions') return [];
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
