import type { Decision } from './handle.ts';
import type { Worlds } from './kernels/worlds.ts';
import type { CommandType } from './model/command.ts';
import type { Change, Event } from './model/event.ts';
import type { Kind, RecordOf } from './model/host.ts';
import { isRefusal, type Refusal } from './model/refusal.ts';

/** What a decision comes to in the end, by whatever events. */
export interface Effect<Type extends CommandType> extends Omit<Decision<Type>, 'events'> {
  /** What is stored last of each record that changes, by `kind/id`; null where it is gone. */
  readonly records: Readonly<Record<string, RecordOf<Kind> | null>>;
  /** What changes in page tables, and in the blocks of files, in its order. */
  readonly entries: readonly Change[];
}

/** The effect of a decision: what two ways to the same end have in common. */
function effectOf<Type extends CommandType>(decision: Decision<Type> | Refusal): Effect<Type> | Refusal {
  if (isRefusal(decision)) return decision;
  const { answer, exposures, events } = decision;
  return { answer, exposures, ...changesOf(events) };
}

/** The effects in every world. */
export function effectsOf<Type extends CommandType>({
  tried,
  ...worlds
}: Decided<Type>): Worlds<Effect<Type> | Refusal> {
  return { ...worlds, tried: tried.map(({ assumed, outcome }) => ({ assumed, outcome: effectOf(outcome) })) };
}

/** The effects with the events that they come by, so that a difference in these alone is seen, too. */
export function effectsByEvents({ tried, ...worlds }: Decided<CommandType>): Worlds<unknown> {
  const byEvents = tried.map(({ assumed, outcome }) => {
    const { events } = outcome as Partial<Decision>;
    return { assumed, outcome: { ...effectOf(outcome), events } };
  });
  return { ...worlds, tried: byEvents };
}

type Decided<Type extends CommandType> = Worlds<Decision<Type> | Refusal>;

function changesOf(events: readonly Event[]): Pick<Effect<CommandType>, 'records' | 'entries'> {
  const records: Record<string, RecordOf<Kind> | null> = {};
  const entries: Change[] = [];
  for (const change of events.flatMap(({ changes }) => changes)) {
    if (change.op === 'put') records[`${change.kind}/${change.id}`] = change.record;
    else if (change.op === 'delete') records[`${change.kind}/${change.id}`] = null;
    else entries.push(change);
  }
  return { records, entries };
}
