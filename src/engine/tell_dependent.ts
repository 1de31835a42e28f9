import { mapRemovals } from './begun.ts';
import { dependOn, retold, type DependsOn, type Dependent } from './model/depends_on.ts';
import type { Change, Event } from './model/event.ts';
import type { RemovalRecord } from './model/removal.ts';

/** What is granted: an answer, and the events behind it where it is to happen. */
interface Granted {
  readonly answer: unknown;
  readonly events?: readonly Event[];
}

/** Says of the outcomes and removals in an answer, and of removals as they are stored, what they depend on (UNK4). */
export function tellDependent<Done extends Granted>(done: Done, depends_on: readonly DependsOn[]): Done {
  if (depends_on.length === 0) return done;
  const answer = inAnswer(done.answer, depends_on);
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

function inAnswer(answer: unknown, depends_on: readonly DependsOn[]): unknown {
  const isOutcome = 'kernel_oopses' in { ...(answer as object) };
  if (isOutcome) return { ...(answer as Dependent), ...dependOn(answer as Dependent, { depends_on }) };
  return mapRemovals(answer, (removal) => inRemoval(removal, depends_on));
}

/** Beside what earlier steps depended on: of a choice that both name, what has come of it by now is told by this one. */
function inRemoval(removal: RemovalRecord, depends_on: readonly DependsOn[]): RemovalRecord {
  return { ...removal, ...dependOn({ depends_on }, retold(removal)) };
}
