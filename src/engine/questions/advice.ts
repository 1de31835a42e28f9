import type { RemoveDaxDevice } from '../model/device_command.ts';
import { PROFILES } from '../kernels/profiles.ts';
import { finishOffline } from '../device/kmem/offline.ts';
import type { Dependent } from '../model/depends_on.ts';
import { deviceOf, mappingsOfDevice } from '../model/lookup.ts';
import { runCount } from '../model/mapping_table.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { cutLists } from '../model/cut.ts';
import { wakeRemovals } from '../removal/wake.ts';
import { entriesOf, hostRecord, remove, type Transaction } from '../model/transaction.ts';
import { KERNEL_NAMES, type KernelName, type Verdict } from '../model/vocabulary.ts';
import { cannotBe } from './cannot_be.ts';
import { inCommon } from './in_common.ts';
import { remediesOf, type Remedy } from './remedies.ts';
import type { Advice, AdviceAction } from './record.ts';
import { isHarmless, runWithImpact, type ImpactfulRemoval } from './impact.ts';
import { onKernel, runOn, whatIf, type ImaginedRemoval } from './what_if.ts';

/** Each remedy costs one more simulated removal: devices mapped by more extents than this get no advice. */
const EXTENTS_MAX = 2_000;

/** What makes a new file system where there was one. */
const DESTROYS: ReadonlySet<AdviceAction> = new Set(['mkfs_xfs_rmapbt']);

const RANKS = { contained: 0, leaked: 2, unsafe: 3, exposed: 4, undetermined: 5 } as const;

/** How a removal ends. `finally`: its verdict once nothing holds it any more. */
interface End extends ImpactfulRemoval {
  readonly finally: Verdict;
}

/** How bad an end is. One that waits is never as good as one that does not: nobody knows for how long. */
function rankOf({ removal, finally: verdict }: End): number {
  const held = removal.state === 'completed' ? 0 : 1;
  return Math.max(held, RANKS[verdict]);
}

/**
 * What could be done before the removal, so that it leaves less behind: every remedy is acted out, and only what then
 * does better than now is advised, the best first; where facts of the kernel are not known, only what does so whatever
 * they are. Nothing where nothing can be better, or there is no removal.
 */
export function advise(tx: Transaction, command: RemoveDaxDevice, which: Which): readonly Advice[] {
  const { advice } = inCommon<Advised>(
    tx.host,
    () => ({ advice: adviseOnce(tx, command, which) }),
    () => ({ advice: [] }),
  );
  return advice;
}

interface Advised extends Dependent {
  readonly advice: readonly Advice[];
}

/** Whether other kernels are tried, too. */
interface Which {
  readonly kernels: boolean;
}

function adviseOnce(tx: Transaction, command: RemoveDaxDevice, { kernels }: Which): Advice[] {
  const now = whatIf(tx, (imagined) => endOf(imagined, command));
  if (isRefusal(now) || extentsOf(tx, command.dax_device) > EXTENTS_MAX) return [];
  const rank = rankOf(now);
  if (rank === 0 && isHarmless(now.impact)) return [];
  const tried = remediesOf(tx, now.removal).flatMap((remedy) => tryRemedy(tx, command, remedy));
  const others = kernels && rank > 0 ? KERNEL_NAMES.flatMap((kernel) => tryKernel(tx, command, kernel)) : [];
  const better = [...tried, ...others].filter(({ end }) => isBetter(end, now));
  better.sort((a, b) => rankOf(a.end) - rankOf(b.end) || harmOf(a.end) - harmOf(b.end));
  return joined(better, now.removal);
}

/** It leaves less behind, or no more and harms nobody any more. */
function isBetter(end: End, now: End): boolean {
  const [rank, before] = [rankOf(end), rankOf(now)];
  return rank < before || (rank === before && harmOf(end) < harmOf(now));
}

/** Harm is there or not: nobody can weigh a file system against a process. */
function harmOf({ impact }: End): number {
  return isHarmless(impact) ? 0 : 1;
}

function endOf(tx: Transaction, command: RemoveDaxDevice): End | Refusal {
  const run = runWithImpact(tx, deviceOf(tx.host, command.dax_device), command);
  if (isRefusal(run)) return run;
  return { ...run, finally: run.removal.verdict ?? verdictAfterWait(tx, run.removal) };
}

/** As if all that it waits for were let go; an offline that held it up ends first. */
function verdictAfterWait(tx: Transaction, { id, waiting_on }: ImaginedRemoval): Verdict {
  for (const { pin } of waiting_on) remove(tx, 'pins', pin);
  finishOffline(tx);
  wakeRemovals(tx);
  return runOn(tx, id).verdict!;
}

interface Tried {
  readonly remedy: Omit<Remedy, 'act'>;
  readonly end: End;
}

function tryRemedy(tx: Transaction, command: RemoveDaxDevice, remedy: Remedy): Tried[] {
  const trigger = remedy.trigger ?? command.trigger;
  const end = whatIf(tx, (imagined) =>
    remedy.act(imagined) ? endOf(imagined, { ...command, trigger }) : null,
  );
  return end === null || isRefusal(end) ? [] : [{ remedy, end }];
}

function tryKernel(tx: Transaction, command: RemoveDaxDevice, kernel: KernelName): Tried[] {
  if (kernel === hostRecord(tx.host).kernel || !PROFILES[kernel].released) return [];
  const end = whatIf(tx, (imagined) => {
    onKernel(imagined, kernel);
    return cannotBe(imagined.host, deviceOf(imagined.host, command.dax_device)) ?? endOf(imagined, command);
  });
  const detail = 'boot another kernel, with the same file systems and processes';
  return isRefusal(end) ? [] : [{ remedy: { action: 'boot_kernel', targets: [kernel], detail }, end }];
}

/** One advice for each action: its best; kernels with the same result are listed together. */
function joined(better: readonly Tried[], now: ImaginedRemoval): Advice[] {
  const source = [...new Set(now.hazards.map((hazard) => hazard.source))].join('; ') || 'RM3';
  const advice = new Map<string, Advice>();
  for (const { remedy, end } of better) {
    const { action, detail } = remedy;
    const { state, verdict } = end.removal;
    const before = advice.get(action);
    const same = before?.state_then === state && before.verdict_then === verdict;
    if (before !== undefined && (action !== 'boot_kernel' || !same)) continue;
    const { rows, told } = cutLists({ targets: [...(before?.targets ?? []), ...remedy.targets] });
    const then = { state_then: state, verdict_then: verdict, impact_then: end.impact };
    const destructive = DESTROYS.has(action);
    advice.set(action, { action, detail, ...rows, ...told, destructive, ...then, source });
  }
  return [...advice.values()];
}

function extentsOf(tx: Transaction, name: string): number {
  const mappings = mappingsOfDevice(tx.host, name);
  return mappings.reduce((sum, mapping) => sum + runCount(entriesOf(tx.host, mapping.id)), 0);
}
