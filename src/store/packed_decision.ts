import type { Change, Event } from '../engine/model/event.ts';
import type { Kind } from '../engine/model/host.ts';
import type { Decided } from './decided.ts';
import { haveSameNames } from './record_patch.ts';

/** Plain JSON as a record has it. */
type Plain = Readonly<Record<string, unknown>>;
type Put = Extract<Change, { op: 'put' }>;

/**
 * A change as it is packed: of a record that the same decision has put before, only the members with another value. A
 * listing that shows a device first puts it twice, with fifty members.
 */
type Told = Change | { readonly op: 'put'; readonly kind: Kind; readonly id: string; readonly set: Plain };

/** Packs what was decided elsewhere: the length of its JSON, its JSON, and the content of a snapshot as it is. O(what it puts). */
export function packDecided({ content, ...decided }: Decided): ArrayBuffer {
  const json = Buffer.from(JSON.stringify(withEvents(decided, toldEvents)));
  const packed = new Uint8Array(LENGTH_BYTES + json.length + (content?.length ?? 0));
  new DataView(packed.buffer).setUint32(0, json.length);
  packed.set(json, LENGTH_BYTES);
  if (content !== undefined) packed.set(content, LENGTH_BYTES + json.length);
  return packed.buffer;
}

const LENGTH_BYTES = 4;

/** What was packed; the content is no copy. */
export function unpackDecided(bytes: ArrayBuffer): Decided {
  const end = LENGTH_BYTES + new DataView(bytes).getUint32(0);
  const decided = JSON.parse(
    Buffer.from(bytes, LENGTH_BYTES, end - LENGTH_BYTES).toString('utf8'),
  ) as Decided;
  const content = Buffer.from(bytes, end);
  return withEvents({ ...decided, ...(content.length === 0 ? {} : { content }) }, wholeEvents);
}

function withEvents(decided: Decided, map: (events: readonly Event[]) => unknown): Decided {
  if (!('decision' in decided) || !('events' in decided.decision)) return decided;
  const { decision } = decided;
  return { ...decided, decision: { ...decision, events: map(decision.events) as Event[] } };
}

function toldEvents(events: readonly Event[]): unknown {
  const records = new Map<string, Plain>();
  return changesIn(events, (change): Told => {
    if (change.op !== 'put') return change;
    const record = change.record as unknown as Plain;
    const before = records.get(keyOf(change));
    records.set(keyOf(change), record);
    const set = before === undefined ? null : differing(before, record);
    return set === null ? change : { op: 'put', kind: change.kind, id: change.id, set };
  });
}

function wholeEvents(events: readonly Event[]): unknown {
  const records = new Map<string, Plain>();
  return changesIn(events, (change: Told): Change => {
    if (change.op !== 'put') return change;
    if (!('set' in change)) {
      records.set(keyOf(change), change.record as unknown as Plain);
      return change;
    }
    const { kind, id, set } = change;
    const record = { ...records.get(keyOf(change)), ...set };
    records.set(keyOf(change), record);
    return { op: 'put', kind, id, record } as unknown as Put;
  });
}

/** The same events with other changes. */
function changesIn(events: readonly Event[], map: (change: Change) => Told): unknown {
  return events.map(({ type, subject, data, changes }) => {
    return { type, subject, data, changes: changes.map(map) };
  });
}

function keyOf({ kind, id }: Pick<Put, 'kind' | 'id'>): string {
  return `${kind}/${id}`;
}

/** The members with another value; null where two states have other members, or not in the same order. */
function differing(before: Plain, after: Plain): Plain | null {
  const names = Object.keys(after);
  if (!haveSameNames(names, Object.keys(before))) return null;
  const set: Record<string, unknown> = {};
  for (const name of names) {
    if (after[name] === before[name]) continue;
    // JSON has no members that are undefined.
    if (after[name] === undefined || before[name] === undefined) return null;
    set[name] = after[name];
  }
  return set;
}
