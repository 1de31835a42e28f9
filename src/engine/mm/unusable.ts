import { cdevOf } from '../model/cdev.ts';
import type { CommandType } from '../model/command.ts';
import type { Host } from '../model/host.ts';
import { unknownOutcome, type Refusal } from '../model/refusal.ts';
import { hostRecord } from '../model/transaction.ts';

/** What is told of a host, or does not ask its kernel for anything more. */
const NOT_ASKED: ReadonlySet<CommandType> = new Set<CommandType>([
  'create_host',
  'patch_host',
  'delete_host',
  'reboot',
  'import_inventory',
  'create_dax_device',
  'patch_dax_device',
  'delete_dax_device',
  'advance_removal',
]);

/** A command, and the device that it names. */
export interface Asked {
  readonly type: CommandType;
  readonly dax_device?: string;
}

/**
 * A task has died with `cdev_lock`, which the open of any character device takes, /dev/null too: only that those spin,
 * and the unbind that gives up the last reference of a cdev, is recorded or read. All else is `outcome_unknown`, until a
 * reboot. Null where the lock is free. Source: fs/char_dev.c chrdev_open(); S20.
 */
export function hostUnusable(host: Host, command: Asked): Refusal | null {
  if (NOT_ASKED.has(command.type)) return null;
  const isFree = !hostRecord(host).stuck.includes('cdev_lock');
  if (isFree || spins(host, command)) return null;
  return unknownOutcome(
    'a task has died with cdev_lock, so that the open of any character device spins: what the host still does is neither recorded nor in the sources read: POST …/reboot ends it',
  );
}

/** Whether it comes to that lock for certain, or is refused before. */
function spins({ tables }: Host, { type, dax_device }: Asked): boolean {
  const device = dax_device === undefined ? undefined : tables.dax_devices.get(dax_device);
  if (device === undefined) return false;
  if (type === 'remove_dax_device')
    return device.driver === 'device_dax' && cdevOf(device, device.instance)!.refs === 1;
  return (type === 'open_file' || type === 'create_mapping') && device.mode === 'devdax';
}
