import { factsOf } from '../../kernels/of_host.ts';
import { ifKnown } from '../../kernels/unsettled.ts';
import type { Host } from '../../model/host.ts';
import type { ImportedCxl } from '../../model/host_command.ts';
import { isInUse } from '../../model/lookup.ts';
import { refuse, unknownOutcome, type Refusal } from '../../model/refusal.ts';
import { emit, identity, patch, put, remove, type Transaction } from '../../model/transaction.ts';
import { consumersOf, regionsOn } from './chain.ts';
import { changeMemdev, detachDecoder, releaseRegion, resetDecode, tellConsumers } from './change.ts';
import { NO_LINK } from './link.ts';

/** A memdev of which no decoder has been reset, and which has left no region. */
export const NEVER_RESET = { committed_with_zero_size: false, left_region: null } as const;

/**
 * Memdevs and regions as listings show them: the listing wins. A memdev is the one it was, whatever its number now
 * [M154]; one that is gone may come back, as after its PCI function was unbound (CX1).
 */
export function importCxl(tx: Transaction, { memdevs, regions, gone }: ImportedCxl): void {
  const { cxl_memdevs, cxl_regions } = tx.host.tables;
  const known = new Map(cxl_memdevs.entries());
  const names = new Set(memdevs.map(({ name }) => name));
  for (const { previous_name: before } of memdevs) {
    if (before !== null && !names.has(before)) remove(tx, 'cxl_memdevs', before);
  }
  for (const { previous_name, listed_at, ...memdev } of memdevs) {
    const before = known.get(previous_name ?? '') ?? { ...identity(tx), ...NEVER_RESET };
    put(tx, 'cxl_memdevs', memdev.name, { ...before, ...memdev, id: memdev.name });
    emit(tx, 'cxl_memdev_changed', `cxl-memdevs/${memdev.name}`, { imported: true });
  }
  for (const { listed_at, ...region } of regions) {
    const before = cxl_regions.get(region.name) ?? { ...identity(tx), locked: false };
    put(tx, 'cxl_regions', region.name, { ...before, ...region, id: region.name });
    emit(tx, 'cxl_region_changed', `cxl-regions/${region.name}`, { imported: true });
  }
  for (const name of gone.memdevs) if (cxl_memdevs.has(name)) endMemdev(tx, name);
}

/**
 * A memdev that is listed no more has left its regions, as one whose PCI function was unbound: they are reset, without it
 * and without a driver (IMP55). Source: drivers/cxl/core/region.c cxl_region_detach(); M96, M100.
 */
function endMemdev(tx: Transaction, memdev: string): void {
  for (const region of regionsOn(tx.host, memdev)) {
    resetDecode(tx, region);
    detachDecoder(tx, region, memdev);
    releaseRegion(tx, region);
    tellConsumers(tx, region.name);
  }
  changeMemdev(tx, memdev, { state: 'gone', nmem: null });
}

/**
 * A listing does not end a memdev beneath a device that is in use: how that went, a removal tells (IMP19). Nor where
 * nobody knows whether the kernel resets a locked region of it.
 */
export function refusesMemdevGone(host: Host, memdev: string): Refusal | null {
  const regions = regionsOn(host, memdev);
  const used = regions.flatMap(({ name }) => consumersOf(host, name)).find(({ name }) => isInUse(host, name));
  if (used === undefined) {
    const locked = regions.find((region) => region.locked);
    const isUnknown =
      locked !== undefined && ifKnown(() => factsOf(host).cxl.decode_reset_before_release) === null;
    if (!isUnknown) return null;
    return unknownOutcome(
      `the listing shows ${memdev} no more, and whether the kernel reset ${locked.name}, which is locked, is not known`,
    );
  }
  const how = `record how it went (POST …/cxl-memdevs/${memdev}/remove)`;
  return refuse(
    'dax_device_in_use',
    `the listing shows ${memdev} no more, and ${used.name} on it is in use: ${how}`,
  );
}

/** Regions that a listing shows no more: those that devices still stand on stay until their devices are gone. */
export function forgetRegions(tx: Transaction, names: readonly string[]): void {
  for (const name of names) {
    const consumers = consumersOf(tx.host, name);
    if (consumers.some(({ state }) => state !== 'gone')) continue;
    for (const device of consumers) patch(tx, 'dax_devices', device.name, NO_LINK);
    if (tx.host.tables.cxl_regions.has(name)) remove(tx, 'cxl_regions', name);
    emit(tx, 'cxl_region_changed', `cxl-regions/${name}`, { imported: true, gone: true });
  }
}
