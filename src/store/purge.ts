import type { Connection } from './connection.ts';
import type { IdempotencyKeys } from './idempotency.ts';
import { preparePurgeEvents, type Retention } from './retention.ts';
import { preparePurgeDeliveries } from './service/purge.ts';

/** What is true only once the batch is committed. */
export type Remember = () => void;

/** Where it is purged, and by which bounds. */
interface PurgeOptions {
  readonly db: Connection;
  readonly keys: IdempotencyKeys;
  readonly now: () => string;
  readonly retention: Retention;
}

const EVERY_MS = 60_000;

/**
 * With the first batch, and then once a minute at most: the keys' own time is what is looked at, so a late purge changes
 * no answer. Of the journal and of
 * the log of deliveries a batch drops a part; where more is past its bounds, the next one goes on. Answers what is to be
 * called once that is committed.
 */
export function createPurge({ db, keys, now, retention }: PurgeOptions): () => Remember {
  const purgeEvents = preparePurgeEvents(db, retention);
  const purgeDeliveries = preparePurgeDeliveries(db);
  let due = 0;
  return () => {
    const at = now();
    const nowMs = Date.parse(at);
    if (nowMs < due) return () => undefined;
    keys.purge(at);
    const isMore = [purgeEvents(nowMs), purgeDeliveries(nowMs)].includes(true);
    return () => {
      due = isMore ? nowMs : nowMs + EVERY_MS;
    };
  };
}
