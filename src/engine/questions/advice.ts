import type { RemoveDaxDevice } from '../model/device_command.ts';
import { reboot } from '../commands/reboot.ts';
import { ifResolved } from '../kernels/not_resolved.ts';
import { PROFILES } from '../kernels/profiles.ts';
import { NO_PROBES } from '../kernels/told.ts';
import { GOES_OFFLINE } from '../device/kmem/kernel_pages.ts';
import { finishOffline } from '../device/kmem/offline.ts';
import type { Dependent } from '../model/depends_on.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import { deviceOf, mappingsOfDevice } from '../model/lookup.ts';
import { runCount } from '../model/mapping_table.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { cutLists } from '../model/cut.ts';
import { wakeRemovals } from '../removal/wake.ts';
import { entriesOf, hostRecord, remove, type Transaction } from '../model/transaction.ts';
import { KERNEL_NAMES, type KernelName, type Verdict } from '../model/vocabulary.ts';
import { cannotBe } from './cannot_be.ts';
import { cleanUpBehind, REBOOT, type CleanUp } from './clean_up_advice.ts';
import { doCleanUp, thenBehind } from './clean_up_then.ts';
import { inCommon } from './in_common.ts';
import { letGoWords } from './lets_go.ts';
import { remediesOf, type Remedy, type RemedyCommand } from './remedies.ts';
import type { Advice, AdviceAction } from './record.ts';
import { isHarmless, runWithImpact, type ImpactfulRemoval } from './impact.ts';
import { atRest, hasBegun } from './standing.ts';
import { runOn, type ImaginedRemoval } from './run_removal.ts';
import { onKernel, whatIf } from './what_if.ts';

/** Each remedy costs one more simulated removal: devices mapped by more extents than this get no advice. */
const EXTENTS_MAX = 2_000;

/** What makes a new file system where there was one. */
const DESTROYS: ReadonlySet<AdviceAction> = new Set(['mkfs_xfs_rmapbt']);

/** How bad a verdict is: a removal that waits, and leaves nothing once it is let go, is 1. */
export const RANKS = { contained: 0, leaked: 2, unsafe: 3, exposed: 4, undetermined: 5 } as const;

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
 * they are. Nothing where nothing can be better. As long as something of a removal is left: how to clean up behind it
 * (ADV10), and then what could be done before the next. Nothing of a kernel beyond all that are known (KREL8).
 */
export function advise(tx: Transaction, command: RemoveDaxDevice, which: Which): readonly Advice[] {
  return ifResolved(() => {
    const all = inEveryKernel(tx, () => advised(tx, command, which));
    const cleanUps = all.flatMap((advice) => ('state_then' in advice ? [] : [advice]));
    return all.map((advice) => {
      if ('state_then' in advice) return cut(advice);
      const done = cleanUps.slice(0, cleanUps.indexOf(advice) + 1);
      return cut({ ...advice, ...thenBehind(tx, command, done) });
    });
  }, []);
}

function advised(tx: Transaction, command: RemoveDaxDevice, which: Which): readonly (CleanUp | Advice)[] {
  return atRest(tx, deviceOf(tx.host, command.dax_device), (rests, device) => {
    const first = cleanUpBehind(rests, device);
    if (first === null) return adviseBefore(rests, command, which);
    if (first.action === 'reboot') return [first];
    const then = whatIf(rests, (imagined) => {
      doCleanUp(imagined, first);
      return advised(imagined, command, which);
    });
    return [withLetGo(rests.host, device, first), ...then];
  });
}

/** What cleans up behind a removal of the device, where that is the same whatever the facts are that are not known. */
export function cleanUpInCommon(tx: Transaction, device: DaxDevice): CleanUp | null {
  const [cleanUp] = inEveryKernel(tx, () => [cleanUpBehind(tx, device)].filter((found) => found !== null));
  return cleanUp ?? null;
}

function adviseBefore(tx: Transaction, command: RemoveDaxDevice, which: Which): readonly Advice[] {
  const { better, now } = betterThanNow(tx, command, which);
  const device = deviceOf(tx.host, command.dax_device);
  return joined(better, now).map(({ advice, still }) => withLetGo(tx.host, device, advice, still));
}

/** Something that helps before a removal, and the commands that do it. */
export interface Helpful extends Pick<Advice, 'detail'>, Then {
  readonly commands: readonly RemedyCommand[];
}

/**
 * All that commands can do before the removal and that advise() would take for better, the best first; of what helps
 * alike, what stops the fewest processes.
 */
export function helpfulCommands(tx: Transaction, command: RemoveDaxDevice): readonly Helpful[] {
  return inEveryKernel(tx, () => {
    const { better, now } = betterThanNow(tx, command, { kernels: false });
    const asked = better.filter(({ remedy }) => remedy.planned.length > 0);
    asked.sort((a, b) => compareEnds(a.end, b.end) || stopped(a.remedy) - stopped(b.remedy));
    return asked.map(({ remedy, end }) => {
      const { detail, planned: commands } = remedy;
      return { detail, commands, ...thenOf(remedy, end, now) };
    });
  });
}

type Then = Pick<Advice, 'state_then' | 'verdict_then' | 'possible'>;

/** How the removal ends then; where chance decides whether the remedy can be done, how it ends either way. */
function thenOf({ possible }: Tried['remedy'], { removal }: End, now: Now): Then {
  const then = { state_then: removal.state, verdict_then: removal.verdict };
  if (possible === undefined) return then;
  const asNow = { state_then: now.state, verdict_then: now.verdict };
  return {
    state_then: alike(then.state_then, asNow.state_then),
    verdict_then: alike(then.verdict_then, asNow.verdict_then),
    possible: possible.map((each) => ({ ...each, ...(each.outcome === GOES_OFFLINE ? then : asNow) })),
  };
}

function alike<Word>(one: Word, other: Word | null): Word | 'undetermined' {
  return one === other ? one : 'undetermined';
}

function stopped({ planned }: Tried['remedy']): number {
  return planned.filter(({ type }) => type === 'exit_process').length;
}

/** What of it holds whatever the facts are that are not known. */
function inEveryKernel<Row>(tx: Transaction, rows: () => readonly Row[]): readonly Row[] {
  const { advice } = inCommon<Advised<Row>>(
    tx.host,
    () => ({ advice: rows() }),
    () => ({ advice: [] }),
  );
  return advice;
}

interface Advised<Row> extends Dependent {
  readonly advice: readonly Row[];
}

/** Whether other kernels are tried, too. */
interface Which {
  readonly kernels: boolean;
}

/** What was tried and does better, the best first, and what it does better than. */
interface Better {
  readonly better: readonly Tried[];
  readonly now: Now;
}

/** What the removal would come to now, as far as remedies are made of it. */
interface Now extends Pick<ImaginedRemoval, 'dax_device' | 'hazards' | 'waiting_on' | 'verdict'> {
  /** Null where it is refused. */
  readonly state: ImaginedRemoval['state'] | null;
}

/**
 * A removal that is refused for what is not known of its end is worse than any that is not (UNK9); one that cannot
 * begin is nothing to prepare.
 */
function betterThanNow(tx: Transaction, command: RemoveDaxDevice, { kernels }: Which): Better {
  const { dax_device } = command;
  const none = { dax_device, state: null, verdict: null, hazards: [], waiting_on: [] };
  const nothing: Better = { better: [], now: none };
  if (hasBegun(deviceOf(tx.host, dax_device)) || mappedExtents(tx, dax_device) > EXTENTS_MAX) return nothing;
  const end = whatIf(tx, (imagined) => endOf(imagined, command));
  const isRefused = isRefusal(end);
  if (!isRefused && rankOf(end) === 0 && harmOf(end) === 0) return nothing;
  const now = isRefused ? nothing.now : end.removal;
  const tried = remediesOf(tx, now).flatMap((remedy) => tryRemedy(tx, command, remedy));
  const isWorse = isRefused || rankOf(end) > 0;
  const others = kernels && isWorse ? KERNEL_NAMES.flatMap((kernel) => tryKernel(tx, command, kernel)) : [];
  const all = [...tried, ...(isWorse ? tryReboot(tx, command) : []), ...others];
  const better = isRefused ? all : all.filter((one) => compareEnds(one.end, end) < 0);
  better.sort((a, b) => compareEnds(a.end, b.end));
  return { better, now };
}

/** Below zero where the first leaves less behind, or no more and harms nobody any more, be it a newcomer (CDEV3). */
function compareEnds(one: End, other: End): number {
  return rankOf(one) - rankOf(other) || harmOf(one) - harmOf(other);
}

/** Harm is there or not: nobody can weigh a file system against a process, nor either against who opens a node later. */
function harmOf({ impact, removal }: End): number {
  const leavesOpen = removal.hazards.some(({ kind }) => kind === 'open_node');
  return isHarmless(impact) && !leavesOpen ? 0 : 1;
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
  const end = whatIf(tx, (imagined) => (remedy.act(imagined) ? endOf(imagined, command) : null));
  return triedAs(remedy, end);
}

/** Nothing where it cannot be done, or is refused. */
function triedAs(remedy: Tried['remedy'], end: End | Refusal | null): Tried[] {
  return end === null || isRefusal(end) ? [] : [{ remedy, end }];
}

/**
 * What a task has died with, or holds for ever, is gone with a boot of the same kernel, as all that runs (HOST1); for
 * s_umount of another superblock no removal waits.
 */
function tryReboot(tx: Transaction, command: RemoveDaxDevice): Tried[] {
  const { name, stuck } = hostRecord(tx.host);
  if (stuck.every((what) => what === 's_umount')) return [];
  const end = whatIf(tx, (imagined) => {
    reboot(imagined, REBOOT);
    return endOf(imagined, command);
  });
  const detail = 'reboot before the removal: what is mounted and what runs on the host ends with it';
  return triedAs({ action: 'reboot', targets: [name], detail, calls: [REBOOT], planned: [] }, end);
}

function tryKernel(tx: Transaction, command: RemoveDaxDevice, kernel: KernelName): Tried[] {
  if (kernel === hostRecord(tx.host).kernel || !PROFILES[kernel].released) return [];
  const end = whatIf(tx, (imagined) => {
    onKernel(imagined, { kernel, kernel_release: null, kernel_probes: NO_PROBES }, command.dax_device);
    return cannotBe(imagined.host, deviceOf(imagined.host, command.dax_device)) ?? endOf(imagined, command);
  });
  const detail =
    'boot another kernel, with the same file systems and processes: no request boots it with those, a reboot ends them';
  const remedy = { action: 'boot_kernel', targets: [kernel], detail, calls: null, planned: [] } as const;
  return triedAs(remedy, end);
}

interface Joined {
  readonly advice: Advice;
  /** What cleaning up behind the removal then still meets. */
  readonly still: string;
}

/** One advice for each action: its best; kernels with the same result are listed together. */
function joined(better: readonly Tried[], now: Now): Joined[] {
  const source = [...new Set(now.hazards.map((hazard) => hazard.source))].join('; ') || 'RM3';
  const all = new Map<string, Joined>();
  for (const { remedy, end } of better) {
    const { action, detail } = remedy;
    const ending = thenOf(remedy, end, now);
    const before = all.get(action);
    const same =
      before?.advice.state_then === ending.state_then && before.advice.verdict_then === ending.verdict_then;
    if (before !== undefined && (action !== 'boot_kernel' || !same)) continue;
    const targets = [...(before?.advice.targets ?? []), ...remedy.targets];
    const then = { ...ending, impact_then: end.impact };
    const destructive = DESTROYS.has(action);
    const advice = { action, detail, targets, calls: remedy.calls, destructive, ...then, source };
    all.set(action, { advice, still: `${before?.still ?? ''}${stillWords(remedy, end)}` });
  }
  return [...all.values()];
}

/** Of kernels, which are told together, on which. */
function stillWords({ action, targets }: Tried['remedy'], { removal }: End): string {
  const hazard = removal.hazards.find(({ kind }) => kind === 'unsafe_clean_up');
  if (hazard === undefined) return '';
  const on = action === 'boot_kernel' ? ` on ${targets.join(', ')}` : '';
  return `; behind it cleaning up still${on}: ${hazard.detail}`;
}

/** With what those may do instead that are to be ended, and what remains then. */
function withLetGo<Told extends Pick<Advice, 'detail' | 'calls'>>(
  host: Host,
  device: DaxDevice,
  advice: Told,
  still = '',
): Told {
  const { detail, calls } = advice;
  return { ...advice, detail: `${detail}${letGoWords(host, device, calls ?? [])}${still}` };
}

function cut(advice: Advice): Advice {
  const { targets, calls } = advice;
  const { rows, told } = cutLists(calls === null ? { targets } : { targets, calls });
  return { ...advice, ...rows, ...told };
}

function mappedExtents(tx: Transaction, name: string): number {
  const mappings = mappingsOfDevice(tx.host, name);
  return mappings.reduce((sum, mapping) => sum + runCount(entriesOf(tx.host, mapping.id)), 0);
}
