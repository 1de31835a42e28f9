import { effectsOf, type Effect } from './effect.ts';
import { playToRest } from './foresee.ts';
import { decideOnce, type Decision } from './handle.ts';
import { inEveryWorld } from './kernels/worlds.ts';
import type { CommandOf, CommandType } from './model/command.ts';
import type { Change, Event } from './model/event.ts';
import type { Host } from './model/host.ts';
import { isRefusal, type Refusal } from './model/refusal.ts';
import type { RemovalRecord } from './model/removal.ts';
import { replayed } from './model/replayed.ts';
import type { Context } from './model/transaction.ts';
import { withoutProgress } from './removal/progress.ts';
import { settle, undetermined } from './settle.ts';
import { tellDependent } from './tell_dependent.ts';

/**
 * Begins removals on a kernel of which not every fact is known: a kernel does not stop half-way to ask, so that the end
 * is foreseen before anything is done (UNK11).
 *
 *   several ends ─────────────────────▶ refused, `undetermined`
 *   one end ─┬─ by the same steps ────▶ null: it begins as on any kernel, and goes on step by step
 *            └─ by steps not known ───▶ it is at its end at once, told with the steps that it has in any case
 */
export function beginForeseen<Type extends CommandType>(
  host: Host,
  command: CommandOf<Type>,
  context: Context,
): Decision<Type> | Refusal | null {
  const again = replayed(context);
  const ends = inEveryWorld(
    host,
    () => playToRest(host, command, again()),
    (worlds) => worlds,
  );
  if (!('tried' in ends)) return null;
  const effects = effectsOf(ends);
  const settled = settle(effects);
  const { one, depends_on } = settled;
  if (one === null) return undetermined(depends_on);
  if (isRefusal(one) || beginsAlike(host, command, again)) return null;
  return tellDependent(atOnce(ends.tried[0]!.outcome as Decision<Type>, one), settled, effects);
}

/** Whether it begins in one way in every world. */
function beginsAlike<Type extends CommandType>(
  host: Host,
  command: CommandOf<Type>,
  again: () => Context,
): boolean {
  const begun = inEveryWorld(
    host,
    () => decideOnce(host, command, again()),
    (worlds) => settle(worlds).one,
  );
  return begun !== null;
}

/** The events of one world, its removals with no more than they are in every world. */
function atOnce<Type extends CommandType>(
  first: Decision<Type>,
  { answer, records }: Effect<Type>,
): Decision<Type> {
  const inAny = (change: Change): Change => {
    if (change.op !== 'put' || change.kind !== 'removals') return change;
    const { state, revision } = change.record;
    const end = records[`removals/${change.id}`] as RemovalRecord;
    const record = state === end.state ? { ...end, revision } : { ...change.record, steps: end.steps };
    return { ...change, record };
  };
  const events = first.events.map((event: Event) => ({
    ...event,
    data: event.type === 'removal_step_done' ? {} : withoutProgress(event.data),
    changes: event.changes.map(inAny),
  }));
  return { ...first, answer, events };
}
