import type { CxlRegion } from '../model/cxl.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import { isOnDaxBus, type DeviceMode, type KnownMode } from '../model/vocabulary.ts';
import type { ModelledDevice } from '../model/lookup.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import { regionTypeUnknown } from './cxl/region_type.ts';
import { factsOf } from '../kernels/of_host.ts';

/** Whether ndctl knows the device: the dax regions of soft-reserved memory and of CXL ram are on no nd bus (CX11). */
export function isOnNdBus(
  { provider }: Pick<DaxDevice, 'provider'>,
  region: Pick<CxlRegion, 'type'> | undefined,
): boolean {
  return provider !== 'hmem' && region?.type !== 'ram';
}

/** Whether its dax region is a dynamic one: no nd bus, no namespace (CX11). */
export function isDynamic(host: Host, device: DaxDevice): boolean {
  return !isOnNdBus(device, host.tables.cxl_regions.get(device.cxl_region ?? ''));
}

/** Dynamic dax regions, of soft-reserved memory and of CXL ram, are no namespaces, and dax_pmem makes neither: a `via` finds none (CX11). */
export function noNamespace(host: Host, device: DaxDevice): Refusal | null {
  const unknown = regionTypeUnknown(host, device);
  if (unknown !== null) return unknown;
  if (!isDynamic(host, device)) return null;
  const detail = `${device.name} is not a namespace: its dax region is dynamic`;
  return refuse('invalid_field', detail, { pointer: '/via' });
}

/** A dynamic dax region has no nd bus: no namespace is made of it, only dax devices (CX11). */
export function noNamespaceMode(host: Host, device: DaxDevice, mode: DeviceMode): Refusal | null {
  if (mode === 'unknown' || isOnDaxBus(mode) || !isDynamic(host, device)) return null;
  return refuse('invalid_field', `a dynamic dax region has no ${mode} device`, { pointer: '/mode' });
}

/** The mode a dax device comes up in where nobody chose a driver: M92. */
export function defaultMode(host: Host, device: ModelledDevice): KnownMode {
  if (!isOnDaxBus(device.mode)) return device.mode;
  const byKmem = isDynamic(host, device) && factsOf(host).kmem.default_driver_hmem === 'kmem';
  return byKmem ? 'system-ram' : 'devdax';
}
