import { mapRemovals, removalsIn } from './begun.ts';
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
 */
export function tellDependent<Done extends Granted>(
  done: Done | Refusal,
  { depends_on, left_out }: Pick<Settled<unknown>, 'depends_on' | 'left_out'>,
): Done | Refusal {
  if (depends_on.length === 0) return done;
  if (isRefusal(done)) return withMore(done, depends_on);
  const isInAnswer = left_out.some((pointer) => pointer.startsWith('/answer'));
  const answer = inAnswer(done.answer, depends_on, isInAnswer);
  const { events } = done;
  if (events === undefined) return { ...done, answer };
  const told = events.map((event) => ({
    ...event,
    changes: event.changes.map((change) => inChange(change, depends_on)),
  }));
  return { ...done, answer, events: told };
}

function inChange(change: Change, depends_on: readonly DependsOn[]): Change {
  if (change.op !== 'put' || change.kind !== 'removals') return change;
  return { ...change, record: inRemoval(change.record, depends_on) };
}

function inAnswer(answer: unknown, depends_on: readonly DependsOn[], isInAnswer: boolean): unknown {
  if (removalsIn(answer).length > 0) return mapRemovals(answer, (removal) => inRemoval(removal, depends_on));
  const isOutcome = 'kernel_oopses' in { ...(answer as object) };
  return isOutcome || isInAnswer ? withMore(answer as Dependent, depends_on) : answer;
}

/** Beside what earlier steps depended on: of a choice that both name, what has come of it by now is told by this one. */
function inRemoval(removal: RemovalRecord, depends_on: readonly DependsOn[]): RemovalRecord {
  return { ...removal, ...dependOn({ depends_on }, retold(removal)) };
}

/** Beside what is said already. */
function withMore<Told extends Dependent>(told: Told, depends_on: readonly DependsOn[]): Told {
  return { ...told, ...dependOn(told, { depends_on }) };
}
