import type { CxlMemdev, CxlRegion } from '../../model/cxl.ts';
import { factsOf } from '../../kernels/of_host.ts';
import { emit, patch, type Transaction } from '../../model/transaction.ts';
import type { CxlDriver } from '../../model/vocabulary.ts';
import { consumersOf, regionConditions, targetsOf } from './chain.ts';
import { nmemOf } from './names.ts';

/** Changes fields of a region; one event. */
export function changeRegion(tx: Transaction, name: string, fields: Partial<CxlRegion>): CxlRegion {
  const record = patch(tx, 'cxl_regions', name, fields);
  emit(tx, 'cxl_region_changed', `cxl-regions/${name}`, { ...fields });
  return record;
}

/** Changes fields of a memdev; one event. */
export function changeMemdev(tx: Transaction, name: string, fields: Partial<CxlMemdev>): CxlMemdev {
  const record = patch(tx, 'cxl_memdevs', name, fields);
  emit(tx, 'cxl_memdev_changed', `cxl-memdevs/${name}`, { ...fields });
  return record;
}

/** The same of a target of a region, whose card no listing may have told: null, for there is no record to change. */
function changeTarget(tx: Transaction, name: string, fields: Partial<CxlMemdev>): CxlMemdev | null {
  return tx.host.tables.cxl_memdevs.has(name) ? changeMemdev(tx, name, fields) : null;
}

/**
 * Clears the HDM decoders of the whole region, of every way of it (M111): its range decodes to nothing. A locked
 * region is passed over where the kernel knows the lock. Source: drivers/cxl/core/region.c
 * cxl_region_decode_reset(); M96, M109. The decoders keep their COMMITTED bit, as the emulated ones do (M97).
 */
export function resetDecode(tx: Transaction, { name, locked, decode_state, mappings }: CxlRegion): void {
  if (decode_state === 'reset') return;
  if (locked && factsOf(tx.host).cxl.decode_reset_before_release === 'unless_locked') return;
  changeRegion(tx, name, { decode_state: 'reset' });
  for (const { memdev } of mappings) changeTarget(tx, memdev, { committed_with_zero_size: true });
}

/** The memdev's endpoint decoder leaves the targets of the region. Source: drivers/cxl/core/region.c; M96. */
export function detachDecoder(tx: Transaction, { name, mappings }: CxlRegion, memdev: string): void {
  const left = mappings.filter((target) => target.memdev !== memdev);
  if (left.length === mappings.length) return;
  changeRegion(tx, name, { mappings: left });
  changeTarget(tx, memdev, { left_region: name });
}

/** No decoder is a target of the region any more, and the memdevs are free. Source: cxl/region.c destroy_region(), v81. */
export function clearTargets(tx: Transaction, { name }: CxlRegion): void {
  changeRegion(tx, name, { mappings: [] });
}

/** Programs the decoders with these targets: the range decodes again. Source: drivers/cxl/core/region.c commit_store(). */
export function commitDecode(
  tx: Transaction,
  { name }: CxlRegion,
  memdevs: readonly string[],
  size: number,
): CxlRegion {
  const record = changeRegion(tx, name, { decode_state: 'commit', mappings: targetsOf(memdevs), size });
  tellConsumers(tx, name);
  return record;
}

/** The region driver is bound. Source: drivers/cxl/core/region.c cxl_region_probe(). */
export function bindRegion(tx: Transaction, { name }: CxlRegion): CxlRegion {
  const record = changeRegion(tx, name, { state: 'enabled' });
  tellConsumers(tx, name);
  return record;
}

/** cxl_mem is bound: persistent capacity has its NVDIMM device. Source: drivers/cxl/mem.c cxl_mem_probe(). */
export function bindMemdev(tx: Transaction, memdev: CxlMemdev): CxlMemdev {
  return changeMemdev(tx, memdev.name, { state: 'enabled', nmem: nmemOf(memdev) });
}

/**
 * The region driver is released. The region itself stays, and its host physical addresses with it (M110).
 * Source: drivers/cxl/core/region.c cxlr_pmem_unregister(); M102.
 */
export function releaseRegion(tx: Transaction, { name, state }: CxlRegion): void {
  if (state === 'enabled') changeRegion(tx, name, { state: 'disabled' });
}

/**
 * What becomes of a memdev whose driver, or whose PCI function's driver, is unbound: it stays on the bus, or is
 * gone; null where no listing has told it (CX22). Source: drivers/cxl/core/memdev.c cxl_memdev_unregister(); M96, M100.
 */
export function releaseMemdev(tx: Transaction, name: string, driver: CxlDriver): CxlMemdev | null {
  if (driver === 'cxl_pci') return changeTarget(tx, name, { state: 'gone', nmem: null });
  const gone = factsOf(tx.host).cxl.nmem_after_cxl_mem_unbind === 'gone';
  return changeTarget(tx, name, gone ? { state: 'disabled', nmem: null } : { state: 'disabled' });
}

/** Devices that nothing is bound to say what is missing beneath them. */
export function tellConsumers(tx: Transaction, region: string): void {
  for (const device of consumersOf(tx.host, region)) {
    if (device.state !== 'unbound') continue;
    const others = device.conditions.filter(({ type }) => !type.startsWith('cxl_region_'));
    const conditions = [...others, ...regionConditions(tx.host, device)];
    patch(tx, 'dax_devices', device.name, { conditions });
    emit(tx, 'dax_device_changed', `dax-devices/${device.name}`, { conditions });
  }
}
