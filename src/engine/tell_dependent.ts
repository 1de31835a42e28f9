import { mapRemovals, removalsIn } from './begun.ts';
import type { Effect } from './effect.ts';
import { dependsOn } from './kernels/depends_on.ts';
import type { Worlds } from './kernels/worlds.ts';
import type { CommandType } from './model/command.ts';
import { dependOn, retold, type DependsOn, type Dependent } from './model/depends_on.ts';
import type { Change, Event } from './model/event.ts';
import { isRefusal, type Refusal } from './model/refusal.ts';
import type { RemovalRecord } from './model/removal.ts';
import type { Settled } from './settle.ts';

/** What is granted: an answer, and the events behind it where it is to happen. */
interface Granted {
  readonly answer: unknown;
  readonly events?: readonly Event[];
}

/**
 * Says of an answer of which something was left out what that depends on (UNK4): of the removals in it each, and as they
 * are stored, else the whole of it, a refusal, too. An outcome says so also where only what is stored is told without it.
 * Of a removal is said what itself depends on, as it is stored in every world: it is read without that answer, too.
 */
export function tellDependent<Done extends Granted>(
  done: Done | Refusal,
  { depends_on, left_out }: Pick<Settled<unknown>, 'depends_on' | 'left_out'>,
  effects: Worlds<Effect<CommandType> | Refusal>,
): Done | Refusal {
  if (depends_on.length === 0) return done;
  if (isRefusal(done)) return withMore(done, depends_on);
  const isInAnswer = left_out.some((pointer) => pointer.startsWith('/answer'));
  const inRemoval: Tell = (removal) => {
    const own = dependsOn(storedOf(effects, removal));
    // Of a choice that earlier steps depended on, too, what has come of it by now is told by this one.
    return { ...removal, ...dependOn({ depends_on: own }, retold(removal)) };
  };
  const answer = inAnswer(done.answer, depends_on, isInAnswer, inRemoval);
  const { events } = done;
  if (events === undefined) return { ...done, answer };
  const told = events.map((event) => ({
    ...event,
    changes: event.changes.map((change) => inChange(change, inRemoval)),
  }));
  return { ...done, answer, events: told };
}

type Tell = (removal: RemovalRecord) => RemovalRecord;

/** What is stored last of a removal in every world: all of them grant where one does. */
function storedOf(
  { tried, ...worlds }: Worlds<Effect<CommandType> | Refusal>,
  { id }: RemovalRecord,
): Worlds<unknown> {
  const stored = tried.map(({ assumed, outcome }) => {
    return { assumed, outcome: (outcome as Effect<CommandType>).records[`removals/${id}`] };
  });
  return { ...worlds, tried: stored };
}

function inChange(change: Change, tell: Tell): Change {
  if (change.op !== 'put' || change.kind !== 'removals') return change;
  return { ...change, record: tell(change.record) };
}

function inAnswer(
  answer: unknown,
  depends_on: readonly DependsOn[],
  isInAnswer: boolean,
  tell: Tell,
): unknown {
  if (removalsIn(answer).length > 0) return mapRemovals(answer, tell);
  const isOutcome = 'kernel_oopses' in { ...(answer as object) };
  return isOutcome || isInAnswer ? withMore(answer as Dependent, depends_on) : answer;
}

/** Beside what is said already. */
function withMore<Told extends Dependent>(told: Told, depends_on: readonly DependsOn[]): Told {
  return { ...told, ...dependOn(told, { depends_on }) };
}
