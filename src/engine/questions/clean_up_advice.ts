import { reapLazyMounts } from '../fs/mount.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import { deviceOf, mountsOfDevice, must } from '../model/lookup.ts';
import { cutLists } from '../model/cut.ts';
import { hostRecord, type Transaction } from '../model/transaction.ts';
import type { Verdict } from '../model/vocabulary.ts';
import { dangersOf } from '../removal/hazards.ts';
import { verdictOf } from '../removal/report.ts';
import { hasDangling, isTooMuch, ordersOf, upToFirst, type CleanUpCall, type Met } from './clean_up.ts';
import { callWords, failsWords, howSure } from './clean_up_words.ts';
import type { Advice } from './record.ts';
import { residualUses } from './residue.ts';
import { whatIf } from './what_if.ts';

/** Nobody is hit by what comes after a removal: there is none any more. */
const NO_IMPACT: Advice['impact_then'] = {
  file_systems_shut_down: 0,
  file_systems_frozen: 0,
  file_systems_cut_off: 0,
  processes_signalled: 0,
  processes_killed: 0,
  dirty_bytes: 0,
};

/** An order that was played. */
interface Played {
  readonly calls: readonly CleanUpCall[];
  readonly met: readonly Met[];
  /** Null where something of the removal is left. */
  readonly verdict: Verdict | null;
}

/**
 * What leads to a clean state behind a removal that has ended, or never will: calls in their order, each of which returns,
 * and nothing of it is left then (ADV10); where no order does, a reboot, and why (ADV11). Nothing where nothing is left.
 */
export function cleanUpAdvice(tx: Transaction, device: DaxDevice): Advice[] {
  const { host } = tx;
  if (isUnderWay(host, device) || !isLeft(host, device) || isTooMuch(host, device)) return [];
  const played = ordersOf(host, device).map((calls) => play(tx, device, calls));
  const clean = played.find(({ verdict }) => verdict !== null);
  return [clean === undefined ? byReboot(host, played) : inOrder(host, device, clean, played.indexOf(clean))];
}

/** What a removal that still goes on comes to is for that removal to say. */
function isUnderWay(host: Host, { removal }: DaxDevice): boolean {
  return removal !== null && must(host.tables.removals.get(removal), removal).state !== 'stuck';
}

/** Whether somebody still reaches the device, or has a node that dangles, or a superblock of it is there. */
function isLeft(host: Host, device: DaxDevice): boolean {
  const mounts = mountsOfDevice(host, device.name).length;
  return mounts > 0 || hasDangling(device) || residualUses(host, device).size > 0;
}

function play(tx: Transaction, { name }: DaxDevice, calls: readonly CleanUpCall[]): Played {
  return whatIf(tx, (imagined) => {
    const met = upToFirst(imagined, calls);
    reapLazyMounts(imagined);
    const device = deviceOf(imagined.host, name);
    const isClean = met.every(({ does }) => does === 'ok') && !isLeft(imagined.host, device);
    return {
      calls,
      met,
      verdict: isClean ? verdictOf(dangersOf(imagined.host, { steps: [] }, device)) : null,
    };
  });
}

function inOrder(host: Host, device: DaxDevice, { calls, verdict }: Played, at: number): Advice {
  const sure = at === 0 ? '' : ` (${howSure(host, device, at === 1)})`;
  const { rows, told } = cutLists({ targets: calls.map((call) => callWords(host, call)) });
  return {
    action: 'clean_up',
    detail: `in this order every call returns, and nothing of the removal is left${sure}`,
    ...rows,
    ...told,
    destructive: false,
    state_then: 'completed',
    verdict_then: verdict,
    impact_then: NO_IMPACT,
    source: 'CLEAN2, S7, S11',
  };
}

/** HOST1: nothing outlives it. */
function byReboot(host: Host, played: readonly Played[]): Advice {
  const why = played.map(({ met }) =>
    met.every(({ does }) => does === 'ok') ? STAYS : failsWords(host, met),
  );
  return {
    action: 'reboot',
    detail: `no order that was tried leads to a clean state: ${[...new Set(why)].join('; ')}`,
    targets: [hostRecord(host).name],
    destructive: false,
    state_then: 'completed',
    verdict_then: 'contained',
    impact_then: NO_IMPACT,
    source: 'CLEAN2, HOST1',
  };
}

const STAYS = 'a task or a superblock that is stuck in the kernel stays';
