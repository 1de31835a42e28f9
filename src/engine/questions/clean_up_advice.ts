import type { CommandOf } from '../model/command.ts';
import { isReleased, openedDead } from '../mm/cdev.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import { must } from '../model/lookup.ts';
import { hostRecord, type Transaction } from '../model/transaction.ts';
import type { Call } from './call.ts';
import { isTooMuch } from './clean_up.ts';
import { isClean, leftBehind, otherOrdersOf, plainOrderOf, type Played } from './clean_up_orders.ts';
import { callWords, howSure, notCleanWords } from './clean_up_words.ts';
import type { Advice } from './record.ts';
import { stuckFor } from './stuck_for.ts';

/** The same kernel boots again: told nothing of another, it is never refused. */
export const REBOOT: CommandOf<'reboot'> = { type: 'reboot' };

/** What cleans up behind a removal, its lists whole: calls in their order, or a reboot where none does. */
export type CleanUp = InOrder | ByReboot;
interface InOrder extends Behind {
  readonly action: 'clean_up';
  readonly calls: readonly Call[];
}
interface ByReboot extends Behind {
  readonly action: 'reboot';
  readonly calls: readonly [typeof REBOOT];
}
/** What the device then comes to: thenBehind(). */
type Behind = Omit<Advice, 'state_then' | 'verdict_then' | 'impact_then'>;

/**
 * What leads to a clean state behind a removal that has ended, or never will: calls in their order, each of which returns,
 * and nothing of it is left then (ADV10); where no order does, or what the host has stuck keeps a device that is not bound
 * from a life of its own, a reboot, and why (ADV11, ADV18). Null where nothing is left, or too much uses it for an order to
 * be tried.
 */
export function cleanUpBehind(tx: Transaction, device: DaxDevice): CleanUp | null {
  const { host } = tx;
  if (isUnderWay(host, device) || isTooMuch(host, device)) return null;
  if (leftBehind(host, device) === null) return byRebootAlone(tx, device);
  const plain = plainOrderOf(tx, device);
  if (isClean(plain)) return inOrder(host, device, plain);
  const others = otherOrdersOf(tx, device);
  const clean = others.find(isClean);
  if (clean === undefined) return byReboot(host, noOrderWords(host, [plain, ...others]));
  return byRebootAlone(tx, device) ?? inOrder(host, device, clean);
}

/** Nothing is left, or what binds it again serves: of a host on which that leads nowhere. */
function byRebootAlone(tx: Transaction, device: DaxDevice): ByReboot | null {
  const why = stuckFor(tx, device);
  return why === null ? null : byReboot(tx.host, why);
}

/** What a removal that rests comes to nobody knows; one that goes on has gone as far as it goes by itself. */
function isUnderWay(host: Host, { removal }: DaxDevice): boolean {
  return removal !== null && must(host.tables.removals.get(removal), removal).state === 'undetermined';
}

/** Nothing is left: what holds the device then is not of the removal. */
function inOrder(host: Host, device: DaxDevice, { met }: Played): InOrder {
  const calls = met.map(({ call }) => call);
  const isPlain = calls.every(({ type }) => type === 'exit_process' || type === 'umount');
  const ofNode = openedDead(device) !== null || isReleased(device);
  const sure = isPlain || ofNode ? '' : ` (${howSure(host, device, calls)})`;
  return {
    action: 'clean_up',
    detail: `in this order every call returns, and nothing of the removal is left${sure}`,
    targets: calls.map((call) => callWords(host, call)),
    calls,
    destructive: false,
    source: ofNode ? 'CLEAN2, S13, S14, S19' : 'CLEAN2, S7, S11',
  };
}

function noOrderWords(host: Host, played: readonly Played[]): string {
  const why = played.map((each) => notCleanWords(host, each));
  return `no order that was tried leads to a clean state: ${[...new Set(why)].join('; ')}`;
}

/** HOST1: nothing outlives it. */
function byReboot(host: Host, detail: string): ByReboot {
  return {
    action: 'reboot',
    detail,
    targets: [hostRecord(host).name],
    calls: [REBOOT],
    destructive: false,
    source: 'CLEAN2, HOST1',
  };
}
