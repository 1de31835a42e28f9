import type { Connection } from './connection.ts';
import type { Reply } from './port.ts';

/** How long a reply is kept under its key: 24 hours. */
const KEPT_MS = 24 * 3600 * 1000;

/** A reply as it was first given. */
export interface KeptReply {
  readonly fingerprint: string;
  readonly reply: Reply;
  readonly seq: number;
}

/** Replies under their Idempotency-Key. Times are RFC 3339 in UTC, which sort as text. */
export interface IdempotencyKeys {
  readonly find: (key: string, now: string) => KeptReply | null;
  readonly keep: (key: string, kept: KeptReply, now: string) => void;
  /** Deletes what is older than 24 hours. */
  readonly purge: (now: string) => void;
}

interface Row {
  readonly fingerprint: string;
  readonly reply: string;
  readonly seq: number;
}

/** Prepares keeping replies in the table of keys, inside the transaction that is open. */
export function prepareIdempotencyKeys(db: Connection): IdempotencyKeys {
  const select = db.prepare<[string, string], Row>(
    'SELECT fingerprint, reply, seq FROM idempotency_keys WHERE key = ? AND created_at > ?',
  );
  const replace = db.prepare(
    'INSERT OR REPLACE INTO idempotency_keys (key, fingerprint, reply, seq, created_at) VALUES (?, ?, ?, ?, ?)',
  );
  const remove = db.prepare('DELETE FROM idempotency_keys WHERE created_at <= ?');
  return {
    find: (key, now) => {
      const row = select.get(key, dayBefore(now));
      return row === undefined ? null : { ...row, reply: JSON.parse(row.reply) as Reply };
    },
    keep: (key, { fingerprint, reply, seq }, now) => {
      replace.run(key, fingerprint, JSON.stringify(reply), seq, now);
    },
    purge: (now) => void remove.run(dayBefore(now)),
  };
}

function dayBefore(now: string): string {
  return new Date(Date.parse(now) - KEPT_MS).toISOString();
}
