import { factsOf } from '../kernels/of_host.ts';
import { evictionOf } from '../mm/evict.ts';
import { neverReturns } from '../mm/never_returns.ts';
import type { Dependent } from '../model/depends_on.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import { filesOf } from '../model/lookup.ts';
import type { Hazard } from '../model/removal.ts';
import type { Transaction } from '../model/transaction.ts';
import type { Met } from './call.ts';
import { hasDangling, isTooMuch, superblocksOf } from './clean_up.ts';
import { cleansUpAtOnce } from './clean_up_at_once.ts';
import { cleanUpOf, isClean, otherOrdersOf, type Played } from './clean_up_orders.ts';
import { callWords, failsWords, howSure, notCleanWords, orderWords } from './clean_up_words.ts';
import { inCommon } from './in_common.ts';

/** What tells of each call. */
const SOURCES = { exit: 'R140, R123-R126, S4, S5, S20', umount: 'S1' } as const;

const NONE = { pid: null, mapping: null, pin: null, pfn_ranges: [], writable: false } as const;

interface Found extends Dependent {
  readonly hazards: readonly Hazard[];
}

/**
 * The hazard of cleaning up behind a removal (CLEAN1): which call oopses, never returns, leaves a superblock that nobody
 * comes to any more, or is not known, and which order is safe. None where it is harmless; of a kernel of which not all is
 * known, what it meets whatever that is (CLEAN6).
 */
export function cleanUpHazards(tx: Transaction, device: DaxDevice): readonly Hazard[] {
  const hasSuperblock = superblocksOf(tx.host, device).length > 0;
  if (!hasDangling(device) && (!hasSuperblock || cleansUpAtOnce(tx.host, device))) return [];
  const { hazards, ...dependent } = inCommon<Found>(
    tx.host,
    () => ({ hazards: hazardsOnce(tx, device) }),
    () => ({ hazards: [] }),
  );
  return hazards.map((hazard) => ({ ...hazard, ...dependent }));
}

function hazardsOnce(tx: Transaction, device: DaxDevice): Hazard[] {
  if (isTooMuch(tx.host, device)) return evictionAlone(tx.host, device);
  const plain = cleanUpOf(tx, device);
  const first = plain.find(isDanger);
  return first === undefined ? [] : [dangerOf(tx, device, plain, first)];
}

function isDanger({ does }: Met): boolean {
  return does !== 'ok' && does !== 'refused';
}

function dangerOf(tx: Transaction, device: DaxDevice, plain: readonly Met[], first: Met): Hazard {
  const told = failsWords(tx.host, plain.slice(0, plain.indexOf(first) + 1));
  return {
    ...NONE,
    kind: 'unsafe_clean_up',
    detail: `${told}${busyWords(tx.host, plain)}; ${wayOut(tx, device, first)}`,
    triggered_by: [...new Set(plain.filter(isDanger).map(triggerOf))],
    source: sourceOf(tx.host, first),
  };
}

/** And of the ways out: what waits for references never does on a kernel that counts none. */
function sourceOf(host: Host, met: Met): string {
  if (met.does === 'stays') return 'S38';
  const calls = neverReturns(host, 'namespace_unlock') === null ? SOURCES[triggerOf(met)] : 'S32';
  return `${calls}; ${factsOf(host).eviction.waits_for_refs ? 'S7, S10, S11' : 'S7, S11'}`;
}

function triggerOf({ call }: Met): keyof typeof SOURCES {
  return call.type === 'exit_process' ? 'exit' : 'umount';
}

/** What a task that is never reaped keeps. */
function busyWords(host: Host, plain: readonly Met[]): string {
  const busy = plain.filter(({ call, does }) => call.type === 'umount' && does === 'refused');
  return busy.map(({ call, words }) => `, ${callWords(host, call)}: ${words} until a reboot`).join('');
}

/** The order that is safe, and how sure that is; else why there is none. */
function wayOut(tx: Transaction, device: DaxDevice, first: Met): string {
  const { host } = tx;
  const others = otherOrdersOf(tx, device);
  const safe = others.find(isClean);
  if (safe !== undefined) {
    const calls = safe.met.map(({ call }) => call);
    return `safe (${howSure(host, device, calls)}): ${orderWords(host, calls)}`;
  }
  const isKnown = others.every(({ met }) => met.at(-1)!.does !== 'unknown');
  const verdict = isKnown ? 'no order that was tried is safe' : 'whether another order is safe is not known';
  const told = others
    .filter((order) => !endsAs(host, order, first))
    .map((order) => notCleanWords(host, order));
  return told.length === 0 ? verdict : `${verdict}; tried: ${told.join('; ')}`;
}

function endsAs(host: Host, { met }: Played, first: Met): boolean {
  const last = met.at(-1)!;
  return callWords(host, last.call) === callWords(host, first.call) && last.words === first.words;
}

/** Where there is too much to try: what an eviction meets now, whoever does it. O(extents, entries). */
function evictionAlone(host: Host, device: DaxDevice): Hazard[] {
  const files = superblocksOf(host, device).flatMap((file_system) => filesOf(host, file_system));
  const eviction = evictionOf(host, files);
  if (eviction.do !== 'oops') return [];
  const detail = `who evicts its inodes, by umount or as their last user: the kernel oopses in ${eviction.at}; too much uses it for any order to be tried`;
  return [
    {
      ...NONE,
      kind: 'unsafe_clean_up',
      detail,
      triggered_by: ['umount'],
      source: `${SOURCES.umount}; S7, S11`,
    },
  ];
}
