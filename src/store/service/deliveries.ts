import { refuse } from '../../engine/model/refusal.ts';
import type { Connection } from '../connection.ts';
import type { AttemptOutcome, ServiceCommandOf } from '../../service/command.ts';
import type { ServiceHandlers } from './context.ts';
import { TEST_TYPE, type Attempt, type DeliveryState, type DisabledReason } from '../../service/webhook.ts';
import {
  deliveryOf,
  SELECT_DELIVERIES,
  webhookOf,
  type DeliveryRow,
  type WebhookRow,
} from './webhook_rows.ts';
import { preparePurgeOf } from './purge.ts';
import { webhookNotFound, type WebhookTable } from './webhooks.ts';

/** Deliveries that may be pending where one more is asked for: those of events leave room. */
const PENDING_MAX = 2_000;
/** Attempts of a delivery that are kept, the last ones. */
const ATTEMPTS_KEPT = 20;

type Handlers = ServiceHandlers<'test_webhook' | 'redeliver' | 'end_attempt'>;

/** Prepares making a test message, sending something again, and noting what became of an attempt. */
export function prepareDeliveries(db: Connection, table: WebhookTable): Handlers {
  const byId = db.prepare<[string], DeliveryRow>(`${SELECT_DELIVERIES} WHERE d.uid = ?`);
  const hasEvent = db.prepare<[number], number>('SELECT 1 FROM events WHERE seq = ?').pluck();
  const insert = db.prepare(`INSERT INTO webhook_deliveries
    (uid, webhook, event_id, type, state, next_attempt_ms, created_ms, asked)
    VALUES (@uid, @webhook, @uid, '${TEST_TYPE}', 'pending', @now_ms, @now_ms, 1)`);
  const again = db.prepare(`UPDATE webhook_deliveries
    SET state = 'pending', tries = 0, next_attempt_ms = @now_ms, ended_ms = NULL, asked = 1,
    redeliveries = redeliveries + 1 WHERE key = @key`);
  const counted = db.prepare(`UPDATE webhooks SET pending = pending + 1, delivered = delivered - @delivered,
    failed = failed - @failed WHERE key = @key`);
  const purge = preparePurgeOf(db);
  /** The webhook that something is to be sent to, or why nothing is. */
  const enabled = (id: string): WebhookRow | ReturnType<typeof refuse> => {
    const row = table.byId(id);
    if (row === null) return webhookNotFound(id);
    return row.enabled === 1 ? row : refuse('webhook_disabled', `the webhook ${id} is disabled`);
  };
  return {
    test_webhook: {
      handle: ({ webhook }, { uid, now_ms, changed }) => {
        const row = enabled(webhook);
        if ('refused' in row) return row;
        if (row.pending >= PENDING_MAX)
          return refuse('limit_reached', `${String(PENDING_MAX)} deliveries are pending already`);
        const id = uid();
        insert.run({ uid: id, webhook: row.key, now_ms });
        counted.run({ key: row.key, delivered: 0, failed: 0 });
        purge(row.key, 2);
        changed('webhooks');
        return deliveryOf(byId.get(id)!);
      },
    },
    redeliver: {
      handle: ({ webhook, delivery }, { now_ms, changed }) => {
        const row = enabled(webhook);
        const found = byId.get(delivery);
        if ('refused' in row && row.code === 'webhook_not_found') return row;
        if (found?.webhook_uid !== webhook)
          return refuse('delivery_not_found', `the webhook ${webhook} has no delivery ${delivery}`);
        if ('refused' in row) return row;
        if (found.seq !== null && hasEvent.get(found.seq) === undefined)
          return refuse('event_not_kept', `the journal keeps event ${String(found.seq)} no more`);
        again.run({ key: found.key, now_ms });
        // What becomes of it is counted in the end: it is one delivery.
        if (found.state !== 'pending') counted.run({ key: row.key, ...countsOf(found.state) });
        changed('webhooks');
        return deliveryOf(byId.get(delivery)!);
      },
    },
    end_attempt: prepareEndAttempt(db, table, (id) => byId.get(id)),
  };
}

/**
 * Of a webhook that was deleted meanwhile nothing is noted. A delivery that was asked for again meanwhile, or that a
 * former receiver has not taken, is still to be sent: the attempt is in its log, no more. What a former receiver did says
 * nothing of the present one.
 */
function prepareEndAttempt(
  db: Connection,
  table: WebhookTable,
  find: (id: string) => DeliveryRow | undefined,
): Handlers['end_attempt'] {
  const log = db.prepare('UPDATE webhook_deliveries SET attempts = @attempts WHERE key = @key');
  const end = db.prepare(`UPDATE webhook_deliveries SET state = @state, tries = tries + 1,
    next_attempt_ms = @next_attempt_ms, ended_ms = @ended_ms, asked = 0 WHERE key = @key`);
  const count = db.prepare(`UPDATE webhooks SET delivered = delivered + @delivered, failed = failed + @failed,
    pending = pending - @delivered - @failed, failing_since_ms = @failing_since_ms WHERE key = @key`);
  const disable = db.prepare(
    'UPDATE webhooks SET enabled = 0, disabled_reason = @reason, revision = revision + 1 WHERE key = @key',
  );
  return {
    handle: (command, { now_ms, changed }) => {
      const { attempt, outcome } = command;
      const delivery = find(command.delivery);
      if (delivery?.state !== 'pending') return null;
      const webhook = table.byKey(delivery.webhook);
      const { key } = webhook;
      const attempts = [...(JSON.parse(delivery.attempts) as Attempt[]), attempt].slice(-ATTEMPTS_KEPT);
      log.run({ key: delivery.key, attempts: JSON.stringify(attempts) });
      const isMoved = webhook.url !== command.url;
      const isToBeSent =
        delivery.redeliveries > command.redeliveries || (isMoved && outcome.state !== 'delivered');
      if (!isToBeSent)
        end.run({
          key: delivery.key,
          state: outcome.state,
          next_attempt_ms: outcome.state === 'pending' ? outcome.next_attempt_ms : null,
          ended_ms: outcome.state === 'pending' ? null : now_ms,
        });
      const failing_since_ms = isMoved ? webhook.failing_since_ms : failingSince(webhook, command);
      count.run({ key, ...countsOf(isToBeSent ? 'pending' : outcome.state), failing_since_ms });
      const reason = isMoved ? null : reasonToDisable(webhook, command, failing_since_ms);
      if (reason === null) return null;
      disable.run({ key, reason });
      changed('webhooks');
      return webhookOf(table.byKey(key));
    },
  };
}

function countsOf(state: DeliveryState): { readonly delivered: number; readonly failed: number } {
  return { delivered: Number(state === 'delivered'), failed: Number(state === 'failed') };
}

type EndAttempt = ServiceCommandOf<'end_attempt'>;

function failingSince(webhook: WebhookRow, { attempt, outcome }: EndAttempt): number | null {
  return outcome.state === 'delivered' ? null : (webhook.failing_since_ms ?? Date.parse(attempt.at));
}

function reasonToDisable(
  { enabled }: WebhookRow,
  { attempt, outcome, disable_after_ms }: EndAttempt,
  failing_since_ms: number | null,
): DisabledReason | null {
  if (enabled === 0) return null;
  if (isGone(outcome)) return 'gone';
  if (failing_since_ms === null) return null;
  return Date.parse(attempt.at) - failing_since_ms >= disable_after_ms ? 'failing' : null;
}

function isGone(outcome: AttemptOutcome): boolean {
  return outcome.state === 'pending' && outcome.is_gone;
}
