import type { Host, DaxDevice } from '../model/host.ts';
import { isOnDaxBus, type DeviceMode } from '../model/vocabulary.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import { factsOf } from '../kernels/of_host.ts';

/** Whether its dax region is one of soft-reserved memory or of CXL ram: no nd bus, no namespace (CX11). */
export function isDynamic(host: Host, { provider, cxl_region }: DaxDevice): boolean {
  return provider === 'hmem' || host.tables.cxl_regions.get(cxl_region ?? '')?.type === 'ram';
}

/** A dynamic dax region has no nd bus: no namespace is made of it, only dax devices (CX11). */
export function noNamespaceMode(host: Host, device: DaxDevice, mode: DeviceMode): Refusal | null {
  if (isOnDaxBus(mode) || !isDynamic(host, device)) return null;
  return refuse('invalid_field', `a dynamic dax region has no ${mode} device`, { pointer: '/mode' });
}

/** The mode a dax device comes up in where nobody chose a driver: M92. */
export function defaultMode(host: Host, device: DaxDevice): DeviceMode {
  if (!isOnDaxBus(device.mode)) return device.mode;
  const byKmem = isDynamic(host, device) && factsOf(host).kmem.default_driver_hmem === 'kmem';
  return byKmem ? 'system-ram' : 'devdax';
}
