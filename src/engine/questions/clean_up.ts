import { bind, type BoundDevice } from '../commands/bind.ts';
import { exitProcess } from '../commands/exit_process.ts';
import { recordHotplugEvent } from '../commands/record_hotplug_event.ts';
import { umount } from '../commands/umount.ts';
import type { CommandOf } from '../model/command.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import { filesOfDevice, mappingsOfDevice, mountsOfDevice, usersOf } from '../model/lookup.ts';
import { runCount } from '../model/mapping_table.ts';
import { okOutcome, type Outcome } from '../model/outcome.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { entriesOf, type Transaction } from '../model/transaction.ts';
import { whatIf } from './what_if.ts';
import { words } from './words.ts';

/** A call by which an administrator cleans up behind a removal. */
export type CleanUpCall = CommandOf<'bind' | 'exit_process' | 'record_hotplug_event' | 'umount'>;

/** What a call comes to: `fails` where the kernel oopses or it never returns, `unknown` where no source tells. */
export interface Met {
  readonly call: CleanUpCall;
  readonly does: 'ok' | 'refused' | 'fails' | 'unknown';
  readonly words: string;
}

/** What is used by more than this is not cleaned up in the model: each order is played call by call (CLEAN5). */
const RECORDS_MAX = 2_000;
const CALLS_MAX = 100;
/** Each call looks at who else uses a file: calls times records. */
const WORK_MAX = 50_000;

/**
 * Tries to clean up behind a removal in the model: its users end, then umount. What every call comes to, also behind one
 * that fails (CLEAN1). O(extents, entries).
 */
export function cleanUpOf(tx: Transaction, device: DaxDevice): readonly Met[] {
  const [plain] = ordersOf(tx.host, device);
  return whatIf(tx, (imagined) => plain.map((call) => meet(imagined, call)));
}

/** Tries the other orders that there are, each up to the first call that is not ok. */
export function otherOrdersOf(tx: Transaction, device: DaxDevice): readonly (readonly Met[])[] {
  const [, ...others] = ordersOf(tx.host, device);
  return others.map((calls) => whatIf(tx, (imagined) => upToFirst(imagined, calls)));
}

/**
 * The orders in which a device is cleaned up: its users end, then umount; with the device bound again before all else,
 * or once its users have ended (CLEAN2).
 */
export function ordersOf(host: Host, device: DaxDevice): readonly [CleanUpCall[], ...CleanUpCall[][]] {
  const ends = endsOf(host, device);
  const umounts = umountsOf(host, device);
  const back = bindsOf(device);
  const plain = [...ends, ...umounts];
  const first = [...back, ...plain];
  return ends.length === 0 ? [plain, first] : [plain, first, [...ends, ...back, ...umounts]];
}

/** Whether a device is used by too many to try it. O(mappings, files). */
export function isTooMuch(host: Host, device: DaxDevice): boolean {
  const owners = [...mappingsOfDevice(host, device.name), ...filesOfDevice(host, device.name)];
  const records = owners.reduce((sum, { id }) => sum + 1 + runCount(entriesOf(host, id)), 0);
  const calls = usersOf(host, device).length + mountsOfDevice(host, device.name).length;
  return records > RECORDS_MAX || calls > CALLS_MAX || records * calls > WORK_MAX;
}

/** File systems of the device, of whatever instance of it, that still can be torn down. */
export function superblocksOf(host: Host, { name }: DaxDevice): string[] {
  const standing = mountsOfDevice(host, name).filter(({ state }) => state !== 'shutting_down');
  return [...new Set(standing.map(({ file_system }) => file_system))];
}

/** Whether somebody has a deleted node open that was bound over: its last close oopses (S20). */
export function hasDangling({ cdevs, instance }: DaxDevice): boolean {
  return cdevs.some((cdev) => cdev.dangling && cdev.instance !== instance);
}

/** A task that is stuck in the kernel takes no signal. */
function endsOf(host: Host, device: DaxDevice): CleanUpCall[] {
  const ending = usersOf(host, device).filter(({ state }) => state === 'running' || state === 'livelocked');
  return ending.map(({ pid }) => ({ type: 'exit_process', pid }));
}

function umountsOf(host: Host, { name }: DaxDevice): CleanUpCall[] {
  const mounted = mountsOfDevice(host, name).filter(({ state }) => state === 'mounted');
  return mounted.map(({ id }) => ({ type: 'umount', mount: id, lazy: false }));
}

/** The medium comes first, where it is gone. */
function bindsOf({ name, media_present }: DaxDevice): CleanUpCall[] {
  const bound: CleanUpCall = { type: 'bind', dax_device: name };
  return media_present ? [bound] : [{ type: 'record_hotplug_event', dax_device: name, action: 'add' }, bound];
}

/** Plays calls up to the first that is not ok. */
export function upToFirst(tx: Transaction, calls: readonly CleanUpCall[]): Met[] {
  const all: Met[] = [];
  for (const call of calls) {
    const met = meet(tx, call);
    all.push(met);
    if (met.does !== 'ok') break;
  }
  return all;
}

function meet(tx: Transaction, call: CleanUpCall): Met {
  const outcome = act(tx, call);
  if (isRefusal(outcome) && outcome.code !== 'outcome_unknown')
    return { call, does: 'refused', words: outcome.errno ?? outcome.detail };
  return { call, does: doesOf(outcome), words: words(outcome) };
}

function doesOf(outcome: Outcome | Refusal): Met['does'] {
  if (isRefusal(outcome)) return 'unknown';
  return outcome.result === 'ok' ? 'ok' : 'fails';
}

function act(tx: Transaction, call: CleanUpCall): Outcome | Refusal {
  switch (call.type) {
    case 'exit_process':
      return exitProcess(tx, call);
    case 'umount':
      return umount(tx, call);
    case 'bind':
      return ofBind(bind(tx, call));
    case 'record_hotplug_event': {
      const recorded = recordHotplugEvent(tx, call);
      return isRefusal(recorded) ? recorded : okOutcome();
    }
  }
}

function ofBind(bound: BoundDevice | Refusal): Outcome | Refusal {
  if (isRefusal(bound)) return bound;
  const { result, blocked_in } = bound.bind;
  return okOutcome({ result, blocked_in });
}
