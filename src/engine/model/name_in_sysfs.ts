import { isOnDaxBus, type DeviceMode } from './vocabulary.ts';

/**
 * The name of a device where the kernel has it in its present mode: its disk in /sys/block, with an s behind it in sector
 * mode, else its dax device in /sys/bus/dax. A device keeps its own name when it is given to another mode, the kernel's
 * hangs on the namespace: pmemR[.N] and daxR.N are of namespaceR.N. Null where the device has no name that tells it.
 *
 * Source: drivers/nvdimm/namespace_devs.c nvdimm_namespace_disk_name(), drivers/dax/pmem.c __dax_pmem_probe(), v6.12; [M129].
 */
export function nameInSysfs(name: string, mode: DeviceMode): string | null {
  const match = /^pmem(\d+)(?:\.(\d+))?s?$/.exec(name) ?? /^dax(\d+)\.(\d+)$/.exec(name);
  if (match === null) return null;
  const [, region, index = '0'] = match;
  if (isOnDaxBus(mode)) return `dax${region!}.${index}`;
  const disk = index === '0' ? `pmem${region!}` : `pmem${region!}.${index}`;
  return mode === 'sector' ? `${disk}s` : disk;
}
