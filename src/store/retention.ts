import type { Connection } from './connection.ts';
import { prepareHeldFrom } from './service/purge.ts';

/** How much of the journal is kept: an event goes when it is past either bound. Null is no bound. */
export interface Retention {
  /** Age in days. */
  readonly days: number | null;
  /** Events, the newest of all hosts together. */
  readonly events: number | null;
}

/** The journal grows for ever. */
export const KEPT_FOR_EVER: Retention = { days: null, events: null };

const DAY_MS = 86_400_000;
/** Events that one purge drops at most: the batch that it goes with waits for it, some milliseconds. */
const PURGED_MAX = 1_000;

interface Ends {
  readonly oldest: number | null;
  readonly last: number | null;
}

/**
 * Prepares dropping the oldest events that are past a bound, of these 1 000 at most; answers whether more may be. What
 * goes is always a prefix of the journal, and the last event stays, from whose number the next is made. What a webhook is
 * still to be sent stays, too.
 */
export function preparePurgeEvents(db: Connection, { days, events }: Retention): (nowMs: number) => boolean {
  const ends = db.prepare<[], Ends>(
    'SELECT (SELECT min(seq) FROM events) AS oldest, (SELECT max(seq) FROM events) AS last',
  );
  const firstYoung = db
    .prepare<[number, number], number>(
      'SELECT seq FROM (SELECT seq, at_ms FROM events ORDER BY seq LIMIT ?) WHERE at_ms >= ? LIMIT 1',
    )
    .pluck();
  const heldFrom = prepareHeldFrom(db);
  const drop = db.prepare<[number]>('DELETE FROM events WHERE seq < ?');
  return (nowMs) => {
    const { oldest, last } = ends.get()!;
    if (oldest === null || last === null) return false;
    const most = Math.min(oldest + PURGED_MAX, last);
    const byAge = days === null ? oldest : (firstYoung.get(PURGED_MAX, nowMs - days * DAY_MS) ?? most);
    const byCount = events === null ? oldest : last - events + 1;
    const kept = Math.min(Math.max(byAge, byCount), most, heldFrom() ?? most);
    if (kept <= oldest) return false;
    drop.run(kept);
    return kept === oldest + PURGED_MAX;
  };
}
