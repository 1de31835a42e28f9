import { basePfn, refusesPlace, type Places } from '../device/place.ts';
import { leftOut, type LeftOut } from './left_out.ts';
import type { ImportedDevice } from '../model/host_command.ts';
import type { DaxDevice } from '../model/host.ts';
import { isInUse } from '../model/lookup.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';

/** An import under way: where devices are, and what was left out up to now. */
export interface Import {
  readonly places: Places;
  readonly left: LeftOut[];
}

/** Says that a device is told at an address where another is, and does not get it (IMP46). */
export function leaveOutAddress(
  { left }: Import,
  { name, phys_addr, listed_at }: ImportedDevice,
  { detail }: Refusal,
): void {
  const told = `${phys_addr ?? 'the address that it had'}: ${detail}; it has a range of its own, and no phys_addr`;
  left.push(leftOut('dax_device', name, { code: 'overlap', reason: 'overlap', detail: told }, listed_at));
}

/**
 * A device where nothing else is (IMP2): one that grew into another, or that a listing puts where another is, gets a
 * range of its own, and no address, which the answer says. Its pages take with them what the kernel says of them.
 * Refused: in use.
 */
export function placed(
  tx: Transaction,
  imports: Import,
  imported: ImportedDevice,
  device: DaxDevice,
): DaxDevice | Refusal {
  const { places } = imports;
  const refusal = refusesPlace(tx.host, places, device);
  if (refusal?.code !== 'overlap') return refusal ?? device;
  if (isInUse(tx.host, device.name)) {
    return refuse('dax_device_in_use', `${device.name} is in use, and ${refusal.detail}`);
  }
  const moved = at(device, basePfn(places, device, null), null);
  const refused = refusesPlace(tx.host, places, moved);
  if (refused === null && device.phys_addr !== null) leaveOutAddress(imports, imported, refusal);
  return refused ?? moved;
}

/**
 * A device that is listed as before, at an address that it did not get: it gets it once nothing else is there, and
 * while nobody uses it, whose entries are of the range that it has. Until then each listing is told that it has not.
 */
export function takeAddress(
  tx: Transaction,
  imports: Import,
  imported: ImportedDevice,
  before: DaxDevice,
): DaxDevice {
  const phys_addr = imported.phys_addr!;
  const told = at(before, basePfn(imports.places, before, phys_addr), phys_addr);
  const refusal = refusesPlace(tx.host, imports.places, told);
  if (refusal !== null) {
    leaveOutAddress(imports, imported, refusal);
    return before;
  }
  if (!staysInPlace(tx, before)) return told;
  leaveAddressOfUsed(imports, imported);
  return before;
}

/** Whether what is in use of a device, or left of it, is of the range that it has. */
export function staysInPlace({ host }: Transaction, { name, state, mem_region }: DaxDevice): boolean {
  return state === 'removing' || mem_region === 'leaked' || isInUse(host, name);
}

/** Says that a device in use stays in the range that it has, whatever address it is told at (IMP46). */
export function leaveAddressOfUsed({ left }: Import, { name, phys_addr, listed_at }: ImportedDevice): void {
  const detail = `${phys_addr!}: in use, ${name} stays in the range that it has, without phys_addr`;
  const why = { code: 'dax_device_in_use', reason: 'dax_device_in_use', detail } as const;
  left.push(leftOut('dax_device', name, why, listed_at));
}

/** A device at another place, or the same told: its pages take with them what the kernel says of them. */
export function at(device: DaxDevice, base_pfn: number, phys_addr: string | null): DaxDevice {
  const by = base_pfn - device.base_pfn;
  const shifted = (ranges: DaxDevice['hwpoisoned']) =>
    ranges.map(([pfn, pages]) => [pfn + by, pages] as const);
  const { hwpoisoned, faulted } = device;
  return { ...device, phys_addr, base_pfn, hwpoisoned: shifted(hwpoisoned), faulted: shifted(faulted) };
}
