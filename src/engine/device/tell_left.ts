import { isReleased, miscounted, miscountedWords, releasedWords } from '../mm/cdev.ts';
import { isAbandoned } from '../mm/last_user.ts';
import type { Condition, DaxDevice, Host, Mount } from '../model/host.ts';
import { blockDeviceGone, mountsOfDevice } from '../model/lookup.ts';
import { emit, patch, type Transaction } from '../model/transaction.ts';
import { CDEV_MISCOUNTED, CDEV_RELEASED, SUPERBLOCK_STAYS } from './conditions.ts';

/** What a device says for as long as it is so, whatever a bind or an unbind makes of its other conditions. */
const TOLD: ReadonlySet<string> = new Set([CDEV_MISCOUNTED.type, CDEV_RELEASED.type, SUPERBLOCK_STAYS.type]);

/**
 * What a command has left of a device until a reboot, or until somebody helps: a node that nobody can open although
 * device_dax serves it (CDEV4), or soon may not (CDEV5), a superblock that is never torn down (S2, S10, S32, S38).
 * O(what changed, uses of it).
 */
export function tellLeft(tx: Transaction, touched: Iterable<string>): void {
  const { dax_devices } = tx.host.tables;
  for (const name of isStuckOtherwise(tx) ? dax_devices.keys() : touched) {
    const device = dax_devices.get(name);
    if (device === undefined) continue;
    const { conditions } = withLeft(tx, device);
    if (conditions !== device.conditions)
      emit(tx, 'dax_device_changed', `dax-devices/${name}`, { conditions });
  }
}

/** Whether what a dead task keeps of the host has changed: what a device says of its node hangs on that. */
function isStuckOtherwise({ host, replaced }: Transaction): boolean {
  const record = host.tables.hosts.first();
  if (record === undefined) return false;
  const before = replaced.hosts?.get(record.name);
  return before !== undefined && before.stuck !== record.stuck;
}

/** The record of a device that says so, for the event that comes next. */
export function withLeft(tx: Transaction, device: DaxDevice): DaxDevice {
  const { name, conditions } = device;
  const told = conditions.filter(({ type }) => TOLD.has(type));
  const left = [...released(tx.host, device), ...forgotten(tx.host, device), ...staying(tx.host, device)];
  const words = (all: readonly Condition[]): string => all.map(({ detail }) => detail).join('\n');
  if (words(told) === words(left)) return device;
  const now = [...conditions.filter(({ type }) => !TOLD.has(type)), ...left];
  return patch(tx, 'dax_devices', name, { conditions: now });
}

/** What a device says whose node nobody can open any more although device_dax serves it; else nothing. */
export function released(host: Host, device: DaxDevice): Condition[] {
  return isReleased(device) ? [{ ...CDEV_RELEASED, detail: releasedWords(host, device) }] : [];
}

function forgotten(host: Host, device: DaxDevice): Condition[] {
  const cdev = miscounted(device);
  return cdev === null ? [] : [{ ...CDEV_MISCOUNTED, detail: miscountedWords(host, device, cdev) }];
}

function staying(host: Host, { name }: DaxDevice): Condition[] {
  return mountsOfDevice(host, name).flatMap((mount) => {
    const detail = staysWords(host, mount);
    return detail === null ? [] : [{ ...SUPERBLOCK_STAYS, detail }];
  });
}

/** Null where it does not stay. Of what a live device has a mount finds the superblock that a freeze keeps. */
function staysWords(host: Host, mount: Mount): string | null {
  if (mount.state === 'shutting_down' || mount.umount_blocked) return tornDownWords(mount);
  if (!isAbandoned(host, mount) || !blockDeviceGone(host, mount)) return null;
  return `the superblock of ${mount.path} was unmounted while frozen: no mount shows it, so that nobody can thaw it by a path, and it stays until a reboot; SysRq-j, which thaws it by the source and then tears it down, is not modelled`;
}

function tornDownWords({ path, state, blocked_in }: Mount): string {
  const task =
    blocked_in === undefined ? 'a task died, or waits for ever,' : `a task never returns from ${blocked_in},`;
  const sync = state === 'shutting_down' ? ', for which sync(2) waits for ever' : '';
  return `${task} on its way to tear down the superblock of ${path}${sync}: it stays until a reboot`;
}
