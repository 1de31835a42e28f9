import { cdevOf, initialised, newCdev, putCdev, type Cdev } from '../model/cdev.ts';
import type { DaxDevice } from '../model/host.ts';
import { isOnDaxBus } from '../model/vocabulary.ts';

/**
 * The cdevs of a device that has become another: that of its dev_dax, which a probe of device_dax initialises, and those of
 * nodes that are gone and open. An unbind takes the reference of its driver in a step of its own; one that nobody has seen
 * takes it here. Source: drivers/dax/device.c dev_dax_probe(), fs/char_dev.c cdev_init(); S13, S19.
 */
export function cdevsNow(before: DaxDevice | null, now: Omit<DaxDevice, 'cdevs'>): readonly Cdev[] {
  const cdevs = before?.cdevs ?? [];
  const deleted = cdevs.filter(({ instance, opens }) => instance !== now.instance && opens > 0);
  if (!isOnDaxBus(now.mode) || !now.parent_bound) return deleted;
  const found = cdevOf({ cdevs }, now.instance);
  const cdev = found ?? newCdev(now.instance);
  const was = found !== null && before?.driver === 'device_dax';
  const is = now.driver === 'device_dax';
  if (was === is) return [...deleted, cdev];
  return [...deleted, is ? initialised(cdev) : putCdev(cdev)];
}

/** The cdevs of a device whose users started again behind a boot. */
export function cdevsOfBoot(device: DaxDevice): readonly Cdev[] {
  const cdev = cdevOf(device, device.instance);
  if (cdev === null) return [];
  const { instance, opens } = cdev;
  return [{ instance, opens, refs: opens + (device.driver === 'device_dax' ? 1 : 0), dangling: false }];
}
