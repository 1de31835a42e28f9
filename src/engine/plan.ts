import type { AnswerTo } from './answer.ts';
import { decide } from './decide.ts';
import { running } from './foresee.ts';
import { ifKnown } from './kernels/unsettled.ts';
import { removeWithSiblings } from './commands/remove_dax_device.ts';
import { untoldOf } from './commands/untold.ts';
import { applyChange } from './model/apply.ts';
import type { CommandOf, CommandType } from './model/command.ts';
import { definedOnly } from './model/defined_only.ts';
import { dependOn } from './model/depends_on.ts';
import type { RemoveDaxDevice } from './model/device_command.ts';
import { deviceOf, findDevice } from './model/lookup.ts';
import { PLANNED_MAX, type PlanRemovals } from './model/question.ts';
import { isRefusal, refuse, type Refusal } from './model/refusal.ts';
import type { RemovalRecord } from './model/removal.ts';
import { within, type Transaction } from './model/transaction.ts';
import { besides } from './model/untold.ts';
import type { RemoveTrigger } from './model/vocabulary.ts';
import { toldOf } from './device/told.ts';
import { isPlanned, stepsOf, typed } from './plan_steps.ts';
import { cleanUpInCommon, helpfulCommands, RANKS, type Helpful } from './questions/advice.ts';
import { allHazards, countKinds } from './questions/assess.ts';
import { isDone } from './questions/call.ts';
import { noRemoval } from './questions/compare.ts';
import { aliveOn, impactOf } from './questions/impact.ts';
import { inCommon } from './questions/in_common.ts';
import type { Plan, PlannedDevice, PlanStep } from './questions/plan_record.ts';
import type { PossibleThen } from './questions/record.ts';
import type { RemedyCommand } from './questions/remedies.ts';
import { hasBegun, standingOf, type Standing } from './questions/standing.ts';
import type { ImaginedRemoval } from './questions/run_removal.ts';
import { whatIf } from './questions/what_if.ts';

/**
 * The removal of several devices, with what helps before, and what is then left. All of it is done, as decide() has it,
 * on the host that the transaction puts back: whoever does the same gets the same (PLAN1). Refused:
 * `dax_device_not_found`, and `invalid_field` for more devices than PLANNED_MAX.
 */
export function planRemovals(tx: Transaction, { dax_devices, trigger }: PlanRemovals): Plan | Refusal {
  const { host } = tx;
  const asked = [...new Set(dax_devices ?? host.tables.dax_devices.keys())];
  if (asked.length > PLANNED_MAX) {
    const detail = `${String(asked.length)} devices: name at most ${String(PLANNED_MAX)} of a host in dax_devices`;
    return refuse('invalid_field', detail);
  }
  for (const [at, name] of asked.entries()) {
    const device = findDevice(host, name);
    if (isRefusal(device)) return { ...device, pointer: `/dax_devices/${String(at)}` };
  }
  goOn(tx);
  const going = [...new Set([...asked, ...asked.flatMap((name) => goWith(tx, removalOf(name, trigger)))])];
  const unknown = new Map(going.map((name) => [name, untoldOf(host, removalOf(name, trigger))]));
  const not_cleaned_up = new Map<string, string>();
  const prepared = going.flatMap((name) => [
    ...cleanUp(tx, going, name, not_cleaned_up),
    ...prepare(tx, going, name, trigger),
  ]);
  const chances = new Map(prepared.flatMap((step) => chanceOf(step)));
  const begun = new Map<string, string>();
  const refused = new Map<string, Refusal>();
  const removed = bestFirst(tx, asked, trigger).flatMap((name) => {
    if (begun.has(name)) return [];
    const step = removeOne(tx, removalOf(name, trigger), begun);
    if (!isRefusal(step)) return [chances.has(name) ? withoutOffline(step) : step];
    refused.set(name, step);
    return [];
  });
  const left = going.filter((name) => begun.has(name) || refused.has(name));
  return {
    order: [...prepared, ...removed],
    left: left.map((name) => {
      const told = { dax_device: name, asked: asked.includes(name), ...toldOf(deviceOf(host, name)) };
      const removal = begun.get(name);
      const stands =
        removal === undefined ? notRemoved(tx, name, refused.get(name)!) : removedBy(tx, removal);
      const stays = definedOnly({ not_cleaned_up: not_cleaned_up.get(name) });
      return { ...told, ...besides(unknown.get(name)!), ...stays, ...eitherWay(stands, chances.get(name)) };
    }),
  };
}

function removalOf(dax_device: string, trigger: RemoveTrigger): RemoveDaxDevice {
  return { type: 'remove_dax_device', dax_device, trigger };
}

/** The devices that a removal begins with: none where that is refused, or not known. */
function goWith(tx: Transaction, command: RemoveDaxDevice): string[] {
  const removals = ifKnown(() => whatIf(tx, (imagined) => removeWithSiblings(imagined, command)));
  if (removals === null || isRefusal(removals)) return [];
  return removals.map(({ dax_device }) => dax_device);
}

/** Does a command as it would be done, until the transaction is rolled back, and all that then goes on by itself. */
function play<Type extends CommandType>(tx: Transaction, command: CommandOf<Type>): AnswerTo<Type> | Refusal {
  const answer = act(tx, command);
  if (!isRefusal(answer)) goOn(tx);
  return answer;
}

/** Removals take turns until nothing moves any more. */
function goOn(tx: Transaction): void {
  for (let due = running(tx.host); due.length > 0; due = running(tx.host))
    for (const { id } of due) act(tx, { type: 'advance_removal', removal: id });
}

function act<Type extends CommandType>(tx: Transaction, command: CommandOf<Type>): AnswerTo<Type> | Refusal {
  const decision = decide(tx.host, command, tx.context);
  if (isRefusal(decision)) return decision;
  for (const { changes } of decision.events)
    for (const change of changes) applyChange(tx.host, change, tx.undo);
  return decision.answer;
}

/**
 * What an earlier removal has left of a device goes first, in the order that serves, and tells `not_cleaned_up` what is
 * left for the plan binds nothing, for its calls are refused, or for no order serves (PLAN10).
 */
function cleanUp(
  tx: Transaction,
  going: readonly string[],
  name: string,
  not_cleaned_up: Map<string, string>,
): readonly PlanStep[] {
  const advice = cleanUpInCommon(tx, deviceOf(tx.host, name));
  if (advice === null) return [];
  if (advice.action === 'reboot') {
    not_cleaned_up.set(name, advice.detail);
    return [];
  }
  const { calls, detail, targets } = advice;
  const planned = calls.filter(isPlanned);
  const why = `what an earlier removal has left of ${name} goes first: ${detail}`;
  const steps = stepsOf(tx.host, going, planned, why);
  if (planned.length === calls.length && doAll(tx, planned)) return steps;
  not_cleaned_up.set(name, targets.join(', '));
  return [];
}

/** Does commands in their order, each of which has to return, all or none. */
function doAll(tx: Transaction, commands: readonly RemedyCommand[]): boolean {
  return within(
    tx,
    (tried) => commands.every((command) => isDone(play(tried, command))),
    (areDone) => areDone,
  );
}

/**
 * What helps a device, one remedy after the other: each takes away what it is done to, so that this ends. Last comes what
 * chance decides: nobody can do it in the model (PLAN4).
 */
function prepare(
  tx: Transaction,
  going: readonly string[],
  name: string,
  trigger: RemoveTrigger,
): readonly PlanStep[] {
  // What is in the way of unmounting refuses an orderly removal: what an unbind would do to it is what helps.
  const command = removalOf(name, trigger === 'orderly_removal' ? 'unbind' : trigger);
  const helpful = helpfulCommands(tx, command);
  for (const each of helpful.filter(({ possible }) => possible === undefined)) {
    const steps = stepsOf(tx.host, going, each.commands, whyOf(name, each));
    if (doAll(tx, each.commands)) return [...steps, ...prepare(tx, going, name, trigger)];
  }
  return helpful.flatMap((each) => {
    const { possible } = each;
    if (possible === undefined) return [];
    const steps = stepsOf(tx.host, going, each.commands, whyOf(name, each));
    return steps.map((step) => ({ ...step, possible }));
  });
}

function whyOf(name: string, { detail, possible, ...then }: Helpful): string {
  const ends = (possible ?? [then]).map(({ state_then: state, verdict_then: verdict }) =>
    endWords({ state, verdict }),
  );
  return `${detail}; that of ${name} is then ${[...new Set(ends)].join(', or ')}`;
}

/** The devices that a step is for, where chance decides it. */
function chanceOf({ possible, before }: PlanStep): (readonly [string, readonly PossibleThen[]])[] {
  return possible === undefined ? [] : before.map((name) => [name, possible] as const);
}

/** What the model can do: the step before it is refused there until somebody tells what is in the blocks. */
function withoutOffline(step: PlanStep): PlanStep {
  return { ...step, why: `${step.why}, as long as its memory is online` };
}

/** A device whose removal ends as chance has it. */
function eitherWay(stands: Stands, possible: readonly PossibleThen[] | undefined): Stands {
  return possible === undefined ? stands : { ...stands, verdict: 'undetermined', hazards: [], possible };
}

/** Those that end best first: one that is stuck may hold what others need. */
function bestFirst(tx: Transaction, asked: readonly string[], trigger: RemoveTrigger): string[] {
  const ends = asked.map((name) => {
    const rank = within(
      tx,
      (tried) => rankOf(tried, removalOf(name, trigger)),
      () => false,
    );
    return { name, rank };
  });
  return ends.sort((one, other) => one.rank - other.rank).map(({ name }) => name);
}

/** Behind all verdicts. */
const STATE_RANKS = { completed: 0, waiting: 10, undetermined: 11, stuck: 12 } as const;
const REFUSED_RANK = 20;

function rankOf(tx: Transaction, command: RemoveDaxDevice): number {
  const begun = new Map<string, string>();
  if (isRefusal(removeOne(tx, command, begun))) return REFUSED_RANK;
  const { state, verdict } = recordOf(tx, begun.get(command.dax_device)!);
  return STATE_RANKS[state] + (verdict === null ? 0 : RANKS[verdict]) / 10;
}

/** Begins a removal, and tells `begun` what began with it. */
function removeOne(
  tx: Transaction,
  command: RemoveDaxDevice,
  begun: Map<string, string>,
): PlanStep | Refusal {
  const { host } = tx;
  const { removals, dax_devices } = host.tables;
  const known = new Set(removals.keys());
  const alive = new Map([...dax_devices.values()].map((device) => [device.name, aliveOn(host, device)]));
  const shell = typed(host, command);
  const answer = play(tx, command);
  if (isRefusal(answer)) return answer;
  const ended = removals.where(({ id }) => !known.has(id));
  for (const { dax_device, id } of ended) begun.set(dax_device, id);
  const named = recordOf(tx, begun.get(command.dax_device)!);
  const others = ended.map(({ dax_device }) => dax_device).filter((name) => name !== command.dax_device);
  const along = others.length === 0 ? '' : `, and ${others.join(', ')} with it`;
  const before = ended.flatMap(({ dax_device }) => alive.get(dax_device)!);
  return {
    action: 'remove',
    command: shell,
    calls: [command],
    why: `${command.dax_device} is removed${along}: ${endWords(named)}`,
    before: [],
    cost: {
      ...impactOf(host, before, ended),
      simulated_kernel_cost: named.report.simulated_kernel_cost,
    },
  };
}

function endWords({ state, verdict }: Pick<PlannedDevice, 'state' | 'verdict'>): string {
  return [state, verdict].filter((word) => word !== null).join(', ');
}

/** At rest. */
function recordOf({ host }: Transaction, id: string): ImaginedRemoval {
  return host.tables.removals.get(id) as RemovalRecord as ImaginedRemoval;
}

type Stands = Omit<PlannedDevice, 'dax_device' | 'asked' | 'holders' | 'told_at'>;

/** How a removal of the plan leaves its device. */
function removedBy(tx: Transaction, id: string): Stands {
  const removal = recordOf(tx, id);
  const { state, verdict } = removal;
  const hazards = allHazards(tx, removal);
  return { state, verdict, hazards: countKinds(hazards), refused: null, ...dependOn(removal, ...hazards) };
}

/** How a device stands that the plan does not remove. */
function notRemoved(tx: Transaction, name: string, refused: Refusal): Stands {
  const { hazards, ...stands } = standing(tx, name, refused);
  const why = noRemoval(refused);
  return { ...stands, hazards: countKinds(hazards), refused: why, ...dependOn(refused, stands) };
}

const NOTHING = { state: null, verdict: null, hazards: [] } as const;
const NOT_KNOWN = { state: 'undetermined', verdict: 'undetermined', hazards: [] } as const;

type Earlier = Pick<Standing, 'hazards'> & Pick<PlannedDevice, 'state' | 'verdict' | 'depends_on'>;

/** What an earlier removal has left, or what is not known of a later one. */
function standing(tx: Transaction, name: string, refused: Refusal): Earlier {
  const device = deviceOf(tx.host, name);
  if (refused.code === 'undetermined') return NOT_KNOWN;
  if (!hasBegun(device)) return NOTHING;
  return inCommon<Earlier>(
    tx.host,
    () => pickOf(standingOf(tx, device) ?? NOTHING),
    () => NOT_KNOWN,
  );
}

function pickOf({ state, verdict, hazards }: Earlier): Earlier {
  return { state, verdict, hazards };
}
