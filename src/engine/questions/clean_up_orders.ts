import { isReleased, openedDead } from '../mm/cdev.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import { deviceOf } from '../model/lookup.ts';
import { memoryRangesOf } from '../model/memory_range.ts';
import type { Transaction } from '../model/transaction.ts';
import { meet, type Call, type Met } from './call.ts';
import { hasDangling, ordersOf, thawsOf, upToFirst } from './clean_up.ts';
import { leftMounts, residualUses } from './residue.ts';
import { whatIf } from './what_if.ts';

/** An order that was played, up to the first call that is not ok. */
export interface Played {
  readonly met: readonly Met[];
  /** What of the removal is there still behind it; null: nothing. */
  readonly left: string | null;
}

/**
 * Tries to clean up behind a removal in the model: its users end, then umount. What every call comes to, also behind one
 * that fails (CLEAN1). O(extents, entries).
 */
export function cleanUpOf(tx: Transaction, device: DaxDevice): readonly Met[] {
  const [plain] = ordersOf(tx.host, device);
  return whatIf(tx, (imagined) => plain.map((call) => meet(imagined, call)));
}

/** That very order, up to the first call that is not ok. */
export function plainOrderOf(tx: Transaction, device: DaxDevice): Played {
  const [plain] = ordersOf(tx.host, device);
  return play(tx, device, [], plain);
}

/** Tries the other orders that there are; what a user froze is thawed before all else. */
export function otherOrdersOf(tx: Transaction, device: DaxDevice): readonly Played[] {
  return whatIf(tx, (imagined) => {
    const thawed = upToFirst(imagined, thawsOf(leftMounts(imagined.host, device)));
    const orders = ordersOf(imagined.host, device);
    if (!thawed.every(isOk)) return [play(imagined, device, thawed, [])];
    const others = thawed.length === 0 ? orders.slice(1) : orders;
    return others.map((calls) => play(imagined, device, thawed, calls));
  });
}

/** The one test of an order: every call returns, and nothing of the removal is left then. */
export function isClean({ met, left }: Played): boolean {
  return met.every(isOk) && left === null;
}

function isOk({ does }: Met): boolean {
  return does === 'ok';
}

function play(tx: Transaction, { name }: DaxDevice, before: readonly Met[], calls: readonly Call[]): Played {
  return whatIf(tx, (imagined) => {
    const met = [...before, ...upToFirst(imagined, calls)];
    const { host } = imagined;
    const device = deviceOf(host, name);
    return { met, left: leftBehind(host, device) };
  });
}

/**
 * What a removal has left that is not cleaned up: itself where it never ends, a range that leaked, a superblock in whatever
 * state, a node that dangles (S20), somebody who reaches the device still, a node that anybody opens (CDEV3), or nobody can
 * (CDEV4); null where there is nothing. O(mapped extents).
 */
export function leftBehind(host: Host, device: DaxDevice): string | null {
  if (device.removal !== null) return 'the removal never ends';
  if (memoryRangesOf(host, device.name).some(({ leaked }) => leaked))
    return 'the range that leaked stays System RAM';
  const [mount] = leftMounts(host, device);
  if (mount !== undefined) return `the superblock of ${mount.path} stays`;
  if (hasDangling(device) || residualUses(host, device).size > 0)
    return 'a task that is stuck in the kernel stays';
  if (isReleased(device)) return `nobody opens the node of ${device.name} any more`;
  return isNodeLeft(device) ? `anybody opens the node of ${device.name} still` : null;
}

/** Whose count alone is wrong is left so where another driver has the device: nothing but its unbind would help. */
function isNodeLeft(device: DaxDevice): boolean {
  const cdev = openedDead(device);
  return cdev !== null && (cdev.opens > 0 || device.state !== 'bound');
}
