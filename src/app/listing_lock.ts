import type { DaxDevice } from '../engine/model/host.ts';
import { PROFILES } from '../engine/kernels/profiles.ts';
import type { RemovalRecord } from '../engine/model/removal.ts';
import type { KernelName, RemoveVia } from '../engine/model/vocabulary.ts';
import type { ExportFormat } from '../inventory/export_listing.ts';
import { isDaxMode } from '../inventory/shown.ts';

/** A removal that does not go on, and the device whose lock it holds meanwhile. */
export interface HeldLock {
  readonly removal: RemovalRecord;
  readonly device: DaxDevice;
}

/** Unbound with these, the namespace's own driver goes; without, that of the dax device below it. */
const OF_THE_NAMESPACE: readonly RemoveVia[] = [
  'dax_pmem',
  'ndctl_disable_namespace',
  'ndctl_destroy_namespace',
  'cxl_region',
  'cxl_mem',
  'cxl_pci',
];

/**
 * The uid of the removal behind which the tool sleeps instead of printing; null where it prints.
 *
 * ndctl takes the lock of every namespace before anything else (wait_probe): it sleeps behind one whose driver is
 * being unbound. daxctl reads the size of each dax device, which up to v6.1 takes that device's lock.
 * Source: drivers/nvdimm/bus.c wait_probe_show(), flush_namespaces(); drivers/dax/bus.c size_show(); M160, M161,
 * `fsdax-xfs-rmapbt-unbind-late@7.3`.
 */
export function blockedBehind(
  format: ExportFormat,
  kernel: KernelName,
  held: readonly HeldLock[],
): string | null {
  const blocks = format === 'ndctl' ? blocksNdctl : blocksDaxctl;
  return held.find((lock) => blocks(lock, kernel))?.removal.uid ?? null;
}

/** The dynamic dax regions of hmem are on no nd bus. */
function blocksNdctl({ removal, device }: HeldLock): boolean {
  if (device.provider === 'hmem') return false;
  return !isDaxMode(device.mode) || (removal.via !== null && OF_THE_NAMESPACE.includes(removal.via));
}

function blocksDaxctl({ device }: HeldLock, kernel: KernelName): boolean {
  return isDaxMode(device.mode) && PROFILES[kernel].facts.kmem.list_blocks_behind_unbind;
}
