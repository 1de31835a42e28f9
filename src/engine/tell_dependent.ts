import { mapRemovals } from './begun.ts';
import { dependOn, type DependsOn, type Dependent } from './model/depends_on.ts';
import type { Change, Event } from './model/event.ts';

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
  return { ...change, record: withMore(change.record, depends_on) };
}

function inAnswer(answer: unknown, depends_on: readonly DependsOn[]): unknown {
  const isOutcome = 'kernel_oopses' in { ...(answer as object) };
  if (isOutcome) return withMore(answer as Dependent, depends_on);
  return mapRemovals(answer, (removal) => withMore(removal, depends_on));
}

/** Beside what earlier steps depended on. */
function withMore<Told extends Dependent>(told: Told, depends_on: readonly DependsOn[]): Told {
  return { ...told, ...dependOn(told, { depends_on }) };
}
