import type { Event } from '../engine/model/event.ts';
import type { Applied } from './applied.ts';
import { textOfChanges } from './change_text.ts';
import type { Concerns } from './concerns.ts';
import type { Connection } from './connection.ts';
import { prepareNameKey } from './host_names.ts';
import { createKnown, type Known } from './known.ts';
import type { Origin } from './port.ts';
import { packRequestId } from './request_ids.ts';
import { prepareShapes } from './shapes.ts';

/** The journal's writing end: dense numbers from 1, handed out inside the transaction that is open. */
export interface Journal {
  /** The highest number so far. */
  readonly last: () => number;
  /** Appends events that were applied, of that time in RFC 3339, and returns the last one's number. */
  readonly append: (host: string, at: string, events: readonly Event[], facts: Facts) => number;
}

/** What is stored of events beside themselves. */
export interface Facts {
  readonly applied: Applied;
  /** Null where nobody has told. */
  readonly origin: Origin | null;
  /** Of each event. */
  readonly concerns: readonly Concerns[];
}

/** Prepares asking for the number of the last event; 0 where there is none. */
export function prepareLastSeq(db: Connection): () => number {
  const last = db.prepare<[], number>('SELECT coalesce(max(seq), 0) FROM events').pluck();
  return () => last.get() ?? 0;
}

/** Prepares asking for the number of the oldest event that is kept; 1 where there is none. */
export function prepareOldestSeq(db: Connection): () => number {
  const oldest = db.prepare<[], number>('SELECT coalesce(min(seq), 1) FROM events').pluck();
  return () => oldest.get()!;
}

/** The number of a host's name: of one that never had an event it is none. */
export const NAME_KEY = '(SELECT key FROM host_names WHERE name = ?)';

/** Prepares asking for the number of the last event of a host; 0 where it has none. */
export function prepareHostSeq(db: Connection): (host: string) => number {
  const last = db
    .prepare<[string], number>(`SELECT coalesce(max(seq), 0) FROM events WHERE host = ${NAME_KEY}`)
    .pluck();
  return (host) => last.get(host) ?? 0;
}

const UNTOLD = { request_id: null, traceparent: null, actor: null };

/**
 * Prepares appending to the journal. The number is SQLite's own, so what is rolled back leaves no gap. Whoever rolls back
 * has to forget what is `known`.
 */
export function prepareJournal(db: Connection, known: Known = createKnown()): Journal {
  const last = prepareLastSeq(db);
  const nameKey = prepareNameKey(db, known);
  const shapes = prepareShapes(db, known);
  const insert = db.prepare(
    `INSERT INTO events (host, at_ms, type, subject, data, changes, request_id, traceparent, actor, dax_device, tenant)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return {
    last,
    append: (host, at, events, { applied, origin, concerns }) => {
      const [key, atMs] = [nameKey(host), Date.parse(at)];
      const { traceparent, actor, ...asked } = origin ?? UNTOLD;
      const request_id = packRequestId(asked.request_id);
      let seq: number | bigint | undefined;
      for (const [place, { type, subject, data, changes }] of events.entries()) {
        const text = textOfChanges(shapes, host, changes, applied);
        const json = JSON.stringify(data);
        const told = json === '{}' ? null : json;
        const { dax_device, tenant } = concerns[place]!;
        const values = [type, subject, told, text, request_id, traceparent, actor, dax_device, tenant];
        seq = insert.run(key, atMs, ...values).lastInsertRowid;
      }
      return seq === undefined ? last() : Number(seq);
    },
  };
}
