import type { Change, Event } from '../engine/model/event.ts';
import type { Kind } from '../engine/model/host.ts';
import type { Decided } from './decided.ts';
import { packJson, unpackJson } from './packed.ts';
import { areSame } from './record_patch.ts';

/** Plain JSON as a record has it. */
type Plain = Readonly<Record<string, unknown>>;
type Put = Extract<Change, { op: 'put' }>;

/**
 * A change as it is packed: of a record that the same decision has put before, only the members with another value. A
 * listing that shows a device first puts it twice, with fifty members.
 */
type Told = Change | { readonly op: 'put'; readonly kind: Kind; readonly id: string; readonly set: Plain };

/** Packs what was decided elsewhere. O(what it puts). */
export function packDecided(decided: Decided): ArrayBuffer {
  return packJson(withEvents(decided, toldEvents));
}

/** What was packed. */
export function unpackDecided(bytes: ArrayBuffer): Decided {
  return withEvents(unpackJson(bytes) as Decided, wholeEvents);
}

function withEvents(decided: Decided, map: (events: readonly Event[]) => unknown): Decided {
  if (!('decision' in decided) || !('events' in decided.decision)) return decided;
  const { decision } = decided;
  return { ...decided, decision: { ...decision, events: map(decision.events) as Event[] } };
}

function toldEvents(events: readonly Event[]): unknown {
  const seen = createSeen();
  return changesIn(events, (change): Told => {
    if (change.op !== 'put') return change;
    const record = change.record as unknown as Plain;
    const before = seen(change, record);
    const set = before === undefined ? null : differing(before, record);
    return set === null ? change : { op: 'put', kind: change.kind, id: change.id, set };
  });
}

function wholeEvents(events: readonly Event[]): unknown {
  const seen = createSeen();
  return changesIn(events, (change: Told): Change => {
    if (change.op !== 'put') return change;
    if (!('set' in change)) {
      seen(change, change.record as unknown as Plain);
      return change;
    }
    const { kind, id, set } = change;
    const record = { ...seen(change), ...set };
    seen(change, record);
    return { op: 'put', kind, id, record } as unknown as Put;
  });
}

/** The same events with other changes; few members are known of what is packed. */
function changesIn(events: readonly Event[], map: (change: Change) => Told): unknown {
  return events.map(({ type, subject, data, changes }) => {
    return { type, subject, data, changes: changes.map(map) };
  });
}

/** Answers the record that was put last under the kind and id of a change, and remembers this one, if there is one. */
function createSeen(): (change: Pick<Put, 'kind' | 'id'>, record?: Plain) => Plain | undefined {
  const kinds = new Map<Kind, Map<string, Plain>>();
  return ({ kind, id }, record) => {
    const records = kinds.get(kind) ?? new Map<string, Plain>();
    const before = records.get(id);
    if (record !== undefined) records.set(id, record);
    kinds.set(kind, records);
    return before;
  };
}

/** The members with another value; null where two states have other members, or not in the same order. */
function differing(before: Plain, after: Plain): Plain | null {
  const names = Object.keys(after);
  if (!areSame(names, Object.keys(before))) return null;
  const set: Record<string, unknown> = {};
  for (const name of names) {
    if (after[name] === before[name]) continue;
    // JSON has no members that are undefined.
    if (after[name] === undefined || before[name] === undefined) return null;
    set[name] = after[name];
  }
  return set;
}
