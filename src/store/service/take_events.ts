import type { Connection } from '../connection.ts';
import { eventId, withDashes } from '../event_id.ts';
import { prepareOldestSeq } from '../journal.ts';
import { preparePurgeOf } from './purge.ts';
import type { ServiceContext, ServiceHandler } from './context.ts';
import type { TakenEvents } from '../../service/command.ts';
import { matchesEvent } from '../../service/event_filter.ts';
import { webhookOf, type WebhookRow } from './webhook_rows.ts';
import type { WebhookTable } from './webhooks.ts';

/** Deliveries of a webhook that may be pending: what comes behind them waits in the journal. */
const PENDING_MAX = 1_000;
/** Events that are looked at in one go, for all: the batch that it goes with waits for it, some milliseconds. */
const LOOKED_AT_MAX = 500;
/** A cursor that has passed over events of no interest alone is written behind so many, or this long: the journal keeps them. */
const UNWRITTEN_MAX = 500;
const UNWRITTEN_MS = 3_600_000;

interface EventRow {
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly at_ms: number;
  readonly host: string;
  readonly dax_device: string | null;
  readonly tenant: string | null;
}

/**
 * Prepares making deliveries of the events behind the cursors of webhooks, and moving these on, in one transaction: the
 * journal is the outbox. Each looks at an equal share of what one go may look at. Events that its filters keep back are
 * passed over; those that are gone are counted.
 */
export function prepareTakeEvents(db: Connection, table: WebhookTable): ServiceHandler<'take_events'> {
  const look = db.prepare<[number, number], EventRow>(
    `SELECT e.seq, lower(hex(e.id)) AS id, e.type, e.at_ms, n.name AS host, e.dax_device, e.tenant
     FROM events AS e CROSS JOIN host_names AS n ON n.key = e.host WHERE e.seq > ? ORDER BY e.seq LIMIT ?`,
  );
  const oldest = prepareOldestSeq(db);
  const random = db.prepare<[], string>('SELECT CAST(random AS TEXT) FROM identity').pluck();
  const insert = db.prepare(`INSERT INTO webhook_deliveries
    (uid, webhook, seq, event_id, type, state, next_attempt_ms, created_ms)
    VALUES (@uid, @webhook, @seq, @event_id, @type, 'pending', @now_ms, @now_ms)`);
  const move = db.prepare(
    `UPDATE webhooks SET cursor = @cursor, missed_events = missed_events + @missed, pending = pending + @taken
     WHERE key = @key`,
  );
  const madeAfter = db
    .prepare<[number], number>('SELECT at_ms FROM events WHERE seq > ? ORDER BY seq LIMIT 1')
    .pluck();
  const purge = preparePurgeOf(db);
  const isDue = (written: number, cursor: number, { now_ms }: ServiceContext): boolean =>
    cursor - written >= UNWRITTEN_MAX || (madeAfter.get(written) ?? now_ms) <= now_ms - UNWRITTEN_MS;
  const make = (webhook: WebhookRow, { seq, id, type, at_ms }: EventRow, context: ServiceContext): void => {
    const { uid, now_ms } = context;
    const event_id = id === '' ? eventId(BigInt(random.get()!), seq, at_ms) : withDashes(id);
    insert.run({ uid: uid(), webhook: webhook.key, seq, event_id, type, now_ms });
  };
  const take = (row: WebhookRow, after: number, share: number, context: ServiceContext): TakenEvents => {
    const start = Math.max(row.cursor, after);
    const missed = context.seq > start ? Math.max(0, oldest() - start - 1) : 0;
    const filters = webhookOf(row);
    const room = PENDING_MAX - row.pending;
    let [cursor, taken] = [start + missed, 0];
    if (room > 0)
      for (const event of look.all(cursor, share)) {
        if (matchesEvent(filters, event)) {
          if (taken === room) break;
          make(row, event, context);
          taken += 1;
        }
        cursor = event.seq;
      }
    if (taken + missed > 0 || (cursor > row.cursor && isDue(row.cursor, cursor, context)))
      move.run({ key: row.key, cursor, missed, taken });
    if (taken > 0) purge(row.key, 2 * taken);
    return { cursor, taken, missed, is_more: taken < room && cursor < context.seq };
  };
  return {
    handle: ({ from }, context) => {
      const share = Math.ceil(LOOKED_AT_MAX / from.length);
      return from.map(({ webhook, after }) => {
        const row = table.byId(webhook);
        return row?.enabled === 1 ? take(row, after, share, context) : null;
      });
    },
  };
}
