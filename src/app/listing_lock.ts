import { isOnNdBus } from '../engine/device/dax_region.ts';
import type { CxlRegion } from '../engine/model/cxl.ts';
import type { DaxDevice } from '../engine/model/host.ts';
import { factsOfRecord } from '../engine/kernels/of_host.ts';
import type { KernelOfHost } from '../engine/kernels/told.ts';
import { ifKnown } from '../engine/kernels/unsettled.ts';
import type { RemovalRecord } from '../engine/model/removal.ts';
import { viaOf } from '../engine/model/via.ts';
import { isOnDaxBus } from '../engine/model/vocabulary.ts';
import type { ExportFormat } from '../inventory/export_listing.ts';

/** A removal that does not go on, and the device whose lock it holds meanwhile. */
export interface HeldLock {
  readonly removal: RemovalRecord;
  readonly device: DaxDevice;
  /** The CXL region it stands on. */
  readonly region: CxlRegion | undefined;
}

/**
 * The uid of the removal behind which the tool sleeps instead of printing; null where it prints.
 *
 * ndctl takes the lock of every namespace before anything else (wait_probe): it sleeps behind one whose driver is
 * being unbound. daxctl reads the size of each dax device, which up to v6.1 takes that device's lock. cxl asks for
 * neither.
 * Source: drivers/nvdimm/bus.c wait_probe_show(), flush_namespaces(); drivers/dax/bus.c size_show(); M160, M161,
 * `fsdax-xfs-rmapbt-unbind-late@7.3`.
 */
export function blockedBehind(
  format: ExportFormat,
  kernel: KernelOfHost,
  held: readonly HeldLock[],
): string | null {
  return held.find((lock) => BLOCKS[format](lock, kernel))?.removal.uid ?? null;
}

/** Dynamic dax regions are on no nd bus; of a dax device the namespace's own driver has to go. */
function blocksNdctl({ removal, device, region }: HeldLock): boolean {
  if (!isOnNdBus(device, region)) return false;
  return !isOnDaxBus(device.mode) || viaOf(removal.via)?.with_parent === true;
}

/** Where nobody can say whether the kernel takes the lock, the tool prints. */
function blocksDaxctl({ device }: HeldLock, kernel: KernelOfHost): boolean {
  if (!isOnDaxBus(device.mode)) return false;
  return ifKnown(() => factsOfRecord(kernel).kmem.list_blocks_behind_unbind) ?? false;
}

const BLOCKS: Readonly<Record<ExportFormat, (lock: HeldLock, kernel: KernelOfHost) => boolean>> = {
  ndctl: blocksNdctl,
  daxctl: blocksDaxctl,
  cxl: () => false,
};
