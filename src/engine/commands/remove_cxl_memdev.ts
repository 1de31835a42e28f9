import { removeEach } from './remove_dax_device.ts';
import type { RemoveCxlMemdev } from '../model/device_command.ts';
import type { CxlMemdev, CxlRegion } from '../model/cxl.ts';
import type { RemovalRecord } from '../model/removal.ts';
import { isRefusal, kernelRefuses, refuse, type Refusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';
import { besides, type WithUnknown } from '../model/untold.ts';
import { memdevDriver } from '../model/via.ts';
import type { CxlDriver, CxlRemoveVia } from '../model/vocabulary.ts';
import {
  detachDecoder,
  releaseMemdev,
  releaseRegion,
  resetDecode,
  tellConsumers,
} from '../device/cxl/change.ts';
import { untoldOfEmpty } from '../device/cxl/untold.ts';
import { bindsMemdev, consumersOf, findMemdev, memdevGone, regionsOn } from '../device/cxl/chain.ts';

/** A memdev that goes, the regions that it takes with it, and the removals of what stands on them. */
export interface RemovedMemdev extends WithUnknown {
  readonly cxl_memdev: CxlMemdev;
  readonly cxl_regions: readonly CxlRegion[];
  readonly removals: readonly RemovalRecord[];
}

/**
 * A memdev goes, and all that depends on it: memdev → decoder → region → dax device. A removal starts for each
 * device that is bound; what stands on no bound device goes at once. Refused: a memdev without that driver
 * (ENODEV), `cxl disable-memdev` without -f of one that is part of an active region (M106).
 */
export function removeCxlMemdev(tx: Transaction, command: RemoveCxlMemdev): RemovedMemdev | Refusal {
  const memdev = findMemdev(tx.host, command.memdev);
  if (isRefusal(memdev)) return memdev;
  const via = memdevDriver(command.via ?? 'cxl_pci');
  const refusal = refuses(tx, memdev, command.via, via);
  if (refusal !== null) return refusal;
  const regions = regionsOn(tx.host, memdev.name);
  const devices = regions.flatMap(({ name }) => consumersOf(tx.host, name));
  const how = { type: 'remove_dax_device', trigger: command.trigger, via } as const;
  const untold = untoldOfEmpty(tx.host, memdev, regions);
  const removals = removeEach(tx, how, devices, memdev.name);
  if (isRefusal(removals)) return removals;
  const busy = new Set(removals.map(({ dax_device }) => dax_device));
  for (const region of regions) {
    if (consumersOf(tx.host, region.name).some(({ name }) => busy.has(name))) continue;
    resetDecode(tx, region);
    detachDecoder(tx, region, memdev.name);
    releaseRegion(tx, region);
    tellConsumers(tx, region.name);
  }
  if (removals.length === 0) releaseMemdev(tx, memdev.name, via);
  const { cxl_memdevs, cxl_regions } = tx.host.tables;
  return {
    cxl_memdev: cxl_memdevs.get(memdev.name)!,
    cxl_regions: regions.map(({ name }) => cxl_regions.get(name)!),
    removals,
    ...besides(untold),
  };
}

function refuses(
  tx: Transaction,
  memdev: CxlMemdev,
  via: CxlRemoveVia | undefined,
  driver: CxlDriver,
): Refusal | null {
  const { name, state } = memdev;
  if (state === 'gone') return memdevGone(memdev);
  if (state === 'disabled' && driver === 'cxl_mem') {
    return kernelRefuses('ENODEV', `${name} has no driver: ${bindsMemdev(name)} gives it one`);
  }
  if (via !== 'cxl_disable_memdev' || regionsOn(tx.host, name).length === 0) return null;
  const detail = `cxl memdev: action_disable: ${name} is part of an active region`;
  return refuse('tool_refused', detail, { errno: null });
}
