import { basePfn, refusesPlace, type Places } from '../device/place.ts';
import { putDevice } from '../device/lifecycle.ts';
import type { ImportedDevice, ListedAt } from '../model/host_command.ts';
import type { DaxDevice } from '../model/host.ts';
import { isInUse } from '../model/lookup.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';

/** What of a listing the model has no place for, as its answer says it in `skipped`; the rest of it enters. */
export interface LeftOut {
  readonly kind: 'dax_device' | 'host';
  readonly name: string;
  /** `refused`: the object is not taken. `overlap`, `dax_device_in_use`: its address is not. */
  readonly reason: 'refused' | 'overlap' | 'dax_device_in_use';
  readonly detail: string;
  readonly document: number | null;
  readonly pointer: string;
}

/** An import under way: where devices are, and what was left out up to now. */
export interface Import {
  readonly places: Places;
  readonly leftOut: LeftOut[];
}

/** Says that something was not taken, and where it stands. */
export function leaveOut(
  leftOut: LeftOut[],
  { kind, name, reason }: Pick<LeftOut, 'kind' | 'name' | 'reason'>,
  detail: string,
  at: ListedAt | undefined,
): void {
  leftOut.push({ kind, name, reason, detail, document: at?.document ?? null, pointer: at?.pointer ?? '' });
}

/** Says that a device is told at an address where another is, and does not get it (IMP46). */
export function leaveOutAddress(
  { leftOut }: Import,
  { name, phys_addr, listed_at }: ImportedDevice,
  { detail }: Refusal,
): void {
  const told = `${phys_addr ?? 'the address that it had'}: ${detail}; it has a range of its own, and no phys_addr`;
  leaveOut(leftOut, { kind: 'dax_device', name, reason: 'overlap' }, told, listed_at);
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
    return refuse('dax_device_in_use', `${device.name} is in use, and ${refusal.detail}`, { pointer: '' });
  }
  const moved = at(device, basePfn(places, null), null);
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
  const { name, listed_at } = imported;
  const phys_addr = imported.phys_addr!;
  const told = at(before, basePfn(imports.places, phys_addr), phys_addr);
  const refusal = refusesPlace(tx.host, imports.places, told);
  if (refusal !== null) {
    leaveOutAddress(imports, imported, refusal);
    return before;
  }
  const isHeld = before.state === 'removing' || before.mem_region === 'leaked';
  if (!isHeld && !isInUse(tx.host, name)) return putDevice(tx, told);
  const detail = `${phys_addr}: in use, ${name} stays in the range that it has, without phys_addr`;
  leaveOut(imports.leftOut, { kind: 'dax_device', name, reason: 'dax_device_in_use' }, detail, listed_at);
  return before;
}

function at(device: DaxDevice, base_pfn: number, phys_addr: string | null): DaxDevice {
  const by = base_pfn - device.base_pfn;
  const shifted = (ranges: DaxDevice['hwpoisoned']) =>
    ranges.map(([pfn, pages]) => [pfn + by, pages] as const);
  const { hwpoisoned, faulted } = device;
  return { ...device, phys_addr, base_pfn, hwpoisoned: shifted(hwpoisoned), faulted: shifted(faulted) };
}
