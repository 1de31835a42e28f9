import { isReleased, releasedWords } from '../mm/cdev.ts';
import { cdevOf, initialised, newCdev, putCdev, type Cdev } from '../model/cdev.ts';
import { without } from '../model/conditions.ts';
import type { DaxDevice, HostRecord } from '../model/host.ts';
import { emit, patch, type Transaction } from '../model/transaction.ts';
import { isOnDaxBus } from '../model/vocabulary.ts';
import { CDEV_RELEASED } from './conditions.ts';

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

/**
 * A device whose node nobody can open although device_dax serves it says so, and what helps, which hangs on what a dead
 * task of the host keeps; one that is served again, or by nobody, does not (CDEV4).
 */
export function tellReleased(tx: Transaction): void {
  const { host, replaced } = tx;
  const isKept = [...host.tables.hosts.values()].every(({ name, stuck }) => {
    const before = replaced.get(`hosts/${name}`) as HostRecord | undefined;
    return before === undefined || before.stuck === stuck;
  });
  const { dax_devices } = host.tables;
  const changed = [...replaced.keys()]
    .filter((key) => key.startsWith(DEVICES))
    .map((key) => key.slice(DEVICES.length));
  for (const asked of isKept ? changed : [...dax_devices.keys()]) {
    const device = dax_devices.get(asked);
    if (device !== undefined) tellOne(tx, device);
  }
}

/** How a transaction names what it has replaced. */
const DEVICES = 'dax_devices/';

function tellOne(tx: Transaction, device: DaxDevice): void {
  const { type } = CDEV_RELEASED;
  const told = device.conditions.find((condition) => condition.type === type)?.detail ?? null;
  const detail = isReleased(device) ? releasedWords(tx.host, device) : null;
  if (told === detail) return;
  const conditions = [...without(device, type), ...(detail === null ? [] : [{ type, detail }])];
  patch(tx, 'dax_devices', device.name, { conditions });
  emit(tx, 'dax_device_changed', `dax-devices/${device.name}`, { conditions });
}

/** The cdevs of a device whose users started again behind a boot. */
export function cdevsOfBoot(device: DaxDevice): readonly Cdev[] {
  const cdev = cdevOf(device, device.instance);
  if (cdev === null) return [];
  const { instance, opens } = cdev;
  return [{ instance, opens, refs: opens + (device.driver === 'device_dax' ? 1 : 0), dangling: false }];
}
