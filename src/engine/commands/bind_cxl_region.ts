import type { CxlRegion } from '../model/cxl.ts';
import type { BindCxlRegion } from '../model/device_command.ts';
import { MEDIUM_REPLACED, NAMESPACE_DESTROYED } from '../device/conditions.ts';
import { has } from '../model/conditions.ts';
import { findRegion, hasLostTarget, consumersOf } from '../device/cxl/chain.ts';
import { bindRegion } from '../device/cxl/change.ts';
import { isTyped, typeUnknown } from '../device/cxl/region_type.ts';
import { isModelled } from '../model/lookup.ts';
import { isRefusal, kernelRefuses, refuse, type Refusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';
import { bind } from './bind.ts';

/**
 * Binds cxl_region again: its devices are found anew and bound, but for those whose medium is another now. ENXIO
 * below CXL_CONFIG_COMMIT: its decoders are reset, or a target has left.
 * Source: drivers/cxl/core/region.c cxl_region_probe().
 */
export function bindCxlRegion(tx: Transaction, command: BindCxlRegion): CxlRegion | Refusal {
  const region = findRegion(tx.host, command.region);
  if (isRefusal(region)) return region;
  if (region.state === 'enabled') return kernelRefuses('EBUSY', `${region.name} has a driver`);
  if (region.decode_state === 'reset' || hasLostTarget(tx.host, region)) {
    return kernelRefuses('ENXIO', `${region.name} is not committed`);
  }
  if (consumersOf(tx.host, region.name).some(({ removal }) => removal !== null)) {
    return refuse('removal_in_progress', `a device on ${region.name} is being removed`);
  }
  if (!isTyped(region)) return typeUnknown(region);
  const record = bindRegion(tx, region);
  const modelled = consumersOf(tx.host, region.name).filter(isModelled);
  for (const device of modelled) {
    const { name, mode, state, media_present } = device;
    const isNone = has(device, MEDIUM_REPLACED) || has(device, NAMESPACE_DESTROYED);
    if (state === 'unbound' && media_present && !isNone) bind(tx, { type: 'bind', dax_device: name, mode });
  }
  return record;
}
