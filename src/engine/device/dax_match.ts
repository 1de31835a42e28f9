import type { DaxDevice, Host } from '../model/host.ts';
import type { ModelledDevice } from '../model/lookup.ts';
import type { DaxDriver } from '../model/dax_driver.ts';
import { driverOf, type RemoveVia } from '../model/vocabulary.ts';
import { defaultMode, isDynamic } from './dax_region.ts';

/**
 * Whether a driver of the dax bus takes a device: it has its name, by a write to `new_id` (daxctl makes one), or is the
 * one of its type. Source: drivers/dax/bus.c dax_bus_match(); up to v6.1 device_dax takes every device (match_always).
 */
export function takes(host: Host, driver: DaxDriver, device: ModelledDevice): boolean {
  if (device.driver === driver || device.driver_ids.includes(driver)) return true;
  return driverOf(defaultMode(host, device)) === driver;
}

/**
 * The drivers that have the name of a device once its driver lets it go: `daxctl disable-device` takes it back first, by
 * a write to `remove_id`. Where the type may do without, nobody has to know whether there was one: that of a pmem is
 * device_dax. Source: daxctl/lib/libdaxctl.c daxctl_unbind(), v81.
 */
export function idsLeft(host: Host, device: DaxDevice, via: RemoveVia | null): readonly DaxDriver[] {
  const { driver } = device;
  if (driver !== 'device_dax' && driver !== 'kmem') return device.driver_ids;
  const others = device.driver_ids.filter((name) => name !== driver);
  const byType = driver === 'device_dax' && !isDynamic(host, device);
  return byType || via === 'daxctl_disable_device' ? others : [...others, driver];
}
