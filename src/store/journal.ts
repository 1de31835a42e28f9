import type { Event } from '../engine/model/event.ts';
import type { Connection } from './connection.ts';

/** The journal's writing end: dense numbers from 1, handed out inside the transaction that is open. */
export interface Journal {
  /** The highest number so far. */
  readonly last: () => number;
  /** Appends events of one command, and returns the last one's number. */
  readonly append: (host: string, at: string, events: readonly Event[], uid: () => string) => number;
}

/** Prepares asking for the number of the last event; 0 where there is none. */
export function prepareLastSeq(db: Connection): () => number {
  const last = db.prepare<[], number>('SELECT coalesce(max(seq), 0) FROM events').pluck();
  return () => last.get() ?? 0;
}

/** Prepares asking for the number of the last event of a host; 0 where it has none. */
export function prepareHostSeq(db: Connection): (host: string) => number {
  const last = db
    .prepare<[string], number>('SELECT coalesce(max(seq), 0) FROM events WHERE host = ?')
    .pluck();
  return (host) => last.get(host) ?? 0;
}

/** Prepares appending to the journal. The number is SQLite's own, so what is rolled back leaves no gap. */
export function prepareJournal(db: Connection): Journal {
  const last = prepareLastSeq(db);
  const insert = db.prepare(
    'INSERT INTO events (id, host, type, subject, at, data, changes) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  return {
    last,
    append: (host, at, events, uid) => {
      for (const { type, subject, data, changes } of events) {
        insert.run(uid(), host, type, subject, at, JSON.stringify(data), JSON.stringify(changes));
      }
      return last();
    },
  };
}
