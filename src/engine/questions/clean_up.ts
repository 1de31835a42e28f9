import { isReleased, openedDead } from '../mm/cdev.ts';
import type { CommandOf } from '../model/command.ts';
import type { DaxDevice, Host, Mount, Process } from '../model/host.ts';
import {
  filesOfDevice,
  mappingsOfDevice,
  mountsOfDevice,
  must,
  nodeHoldersOf,
  openFilesOfDevice,
  usersOf,
} from '../model/lookup.ts';
import { runCount } from '../model/mapping_table.ts';
import { entriesOf, type Transaction } from '../model/transaction.ts';
import { isOnDaxBus } from '../model/vocabulary.ts';
import { meet, type Call, type Met } from './call.ts';
import { leftMounts, residualUses } from './residue.ts';

/** What is used by more than this is not cleaned up in the model: each order is played call by call (CLEAN5). */
const RECORDS_MAX = 2_000;
const CALLS_MAX = 100;
/** Each call looks at who else uses a file: calls times records. */
const WORK_MAX = 50_000;

/**
 * The orders in which a device is cleaned up: its users end, then umount; with the device bound again before all else,
 * or once its users have ended (CLEAN2); while its removal waits, with the pins let go of last. One that is bound again
 * is not bound once more, but where nobody can open its node: an unbind and a bind give the cdev a reference (S19).
 */
export function ordersOf(host: Host, device: DaxDevice): readonly [Call[], ...Call[][]] {
  const ends = endsOf(host, device);
  const umounts = umountsOf(host, device);
  const plain = [...ends, ...umounts];
  if (device.state === 'bound') return [isReleased(device) ? [...plain, ...anew(device)] : plain];
  const back = bindsOf(device);
  const between = ends.length === 0 ? [] : [[...ends, ...back, ...umounts]];
  return [plain, ...pinsLast(host, device, ends, umounts), [...back, ...plain], ...between];
}

/**
 * While a removal waits for pins its device is as it was: who holds one lets go of all else that it has of it, the others
 * end, and behind umount the removal may go on. Source: S1, what evicts an inode before the removal finds its pages.
 */
function pinsLast(
  host: Host,
  { name, removal }: DaxDevice,
  ends: readonly CommandOf<'exit_process'>[],
  umounts: readonly Call[],
): Call[][] {
  const waiting_on = removal === null ? [] : must(host.tables.removals.get(removal), removal).waiting_on;
  if (waiting_on.length === 0) return [];
  const pids = new Set(waiting_on.map(({ pid }) => pid));
  const held = <Each extends { readonly pid: number }>(all: readonly Each[]): readonly Each[] =>
    all.filter(({ pid }) => pids.has(pid));
  return [
    [
      ...ends.filter(({ pid }) => !pids.has(pid)),
      ...held(mappingsOfDevice(host, name)).map(({ id }) => ({ type: 'munmap', mapping: id }) as const),
      ...held(openFilesOfDevice(host, name)).map(
        ({ id }) => ({ type: 'close_file', open_file: id }) as const,
      ),
      ...umounts,
      ...waiting_on.map(({ pin }) => ({ type: 'unpin', pin }) as const),
    ],
  ];
}

/** Whether a device is used by too many to try it. O(mappings, files). */
export function isTooMuch(host: Host, device: DaxDevice): boolean {
  const owners = [...mappingsOfDevice(host, device.name), ...filesOfDevice(host, device.name)];
  const records = owners.reduce((sum, { id }) => sum + 1 + runCount(entriesOf(host, id)), 0);
  const calls = usersOf(host, device).length + mountsOfDevice(host, device.name).length;
  return records > RECORDS_MAX || calls > CALLS_MAX || records * calls > WORK_MAX;
}

/** Of the mounts that a removal has left, the file systems that still can be torn down. */
export function superblocksOf(host: Host, device: DaxDevice): string[] {
  const standing = leftMounts(host, device).filter(({ state }) => state !== 'shutting_down');
  return [...new Set(standing.map(({ file_system }) => file_system))];
}

/** Whether somebody has a deleted node open that was bound over: its last close oopses (S20). */
export function hasDangling({ cdevs, instance }: DaxDevice): boolean {
  return cdevs.some((cdev) => cdev.dangling && cdev.instance !== instance);
}

/** A task that is stuck in the kernel takes no signal. */
function endsOf(host: Host, device: DaxDevice): CommandOf<'exit_process'>[] {
  const ending = leftUsers(host, device).filter(({ state }) => state === 'running' || state === 'livelocked');
  return ending.map(({ pid }) => ({ type: 'exit_process', pid }));
}

/** Who uses what a removal has left; of a device that is bound not who has come since. */
function leftUsers(host: Host, device: DaxDevice): Process[] {
  const { name, state, instance } = device;
  const users = usersOf(host, device);
  if (state !== 'bound') return users;
  const isWrong = openedDead(device) !== null || isReleased(device);
  const open = isWrong ? nodeHoldersOf(host, device, instance) : [];
  const opened = [...openFilesOfDevice(host, name), ...mappingsOfDevice(host, name)];
  const former = opened.filter(({ device_instance }) => device_instance !== instance);
  const pids = new Set([...former, ...open, ...residualUses(host, device).values()].map(({ pid }) => pid));
  return users.filter(({ pid }) => pids.has(pid));
}

function umountsOf(host: Host, device: DaxDevice): Call[] {
  const mounted = leftMounts(host, device).filter(({ state }) => state === 'mounted');
  return mounted.map(({ id }) => ({ type: 'umount', mount: id, lazy: false }));
}

/** One for each superblock of these mounts that its user froze: behind its last umount nobody could thaw it (S38). */
export function thawsOf(mounts: readonly Mount[]): CommandOf<'thaw'>[] {
  const frozen = mounts.filter(({ state, frozen_by_user }) => state === 'mounted' && frozen_by_user);
  const once = new Map(frozen.map(({ id, file_system }) => [file_system, id]));
  return [...once.values()].map((mount) => ({ type: 'thaw', mount }));
}

/** A device is bound again: the medium comes first, where it is gone; where its parent has no driver, by its mode. */
export function bindsOf({ name, mode, media_present, parent_bound }: DaxDevice): Call[] {
  const byMode = isOnDaxBus(mode) && !parent_bound ? { mode } : {};
  const bound: Call = { type: 'bind', dax_device: name, ...byMode };
  return media_present ? [bound] : [{ type: 'record_hotplug_event', dax_device: name, action: 'add' }, bound];
}

function anew(device: DaxDevice): Call[] {
  return [{ type: 'remove_dax_device', dax_device: device.name, trigger: 'unbind' }, ...bindsOf(device)];
}

/** Plays calls up to the first that is not ok. */
export function upToFirst(tx: Transaction, calls: readonly Call[]): Met[] {
  const all: Met[] = [];
  for (const call of calls) {
    const met = meet(tx, call);
    all.push(met);
    if (met.does !== 'ok') break;
  }
  return all;
}
