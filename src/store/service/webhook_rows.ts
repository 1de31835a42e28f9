import type { Attempt, Delivery, DisabledReason, Webhook } from '../../service/webhook.ts';
import { timeOf } from '../time.ts';

/** A row of `webhooks`. */
export interface WebhookRow {
  readonly key: number;
  readonly uid: string;
  readonly revision: number;
  readonly url: string;
  readonly types: string | null;
  readonly host: string | null;
  readonly dax_device: string | null;
  readonly tenant: string | null;
  readonly description: string | null;
  readonly enabled: number;
  readonly disabled_reason: DisabledReason | null;
  readonly secret: string;
  readonly former_secret: string | null;
  readonly former_secret_until_ms: number | null;
  readonly created_ms: number;
  readonly cursor: number;
  readonly failing_since_ms: number | null;
  readonly delivered: number;
  readonly failed: number;
  readonly missed_events: number;
  /** Its deliveries that are, kept with them. */
  readonly pending: number;
}

/** A row of `webhook_deliveries`, with the uid of its webhook. */
export interface DeliveryRow extends Pick<Delivery, 'uid' | 'event_id' | 'type' | 'state'> {
  readonly key: number;
  readonly webhook_uid: string;
  readonly webhook: number;
  readonly seq: number | null;
  readonly attempts: string;
  readonly tries: number;
  readonly redeliveries: number;
  readonly next_attempt_ms: number | null;
  readonly created_ms: number;
}

/** Rows of webhooks, in SQL. */
export const SELECT_WEBHOOKS = 'SELECT w.* FROM webhooks AS w';

/** Rows of deliveries, in SQL. */
export const SELECT_DELIVERIES =
  'SELECT d.*, w.uid AS webhook_uid FROM webhook_deliveries AS d JOIN webhooks AS w ON w.key = d.webhook';

/** A webhook as it is shown: without its secrets. */
export function webhookOf(row: WebhookRow): Webhook {
  const { uid, revision, url, host, dax_device, tenant, description, disabled_reason } = row;
  const { pending, delivered, failed, missed_events } = row;
  return {
    id: uid,
    uid,
    revision,
    url,
    types: row.types === null ? null : (JSON.parse(row.types) as Webhook['types']),
    host,
    dax_device,
    tenant,
    description,
    enabled: row.enabled === 1,
    disabled_reason,
    created_at: timeOf(row.created_ms),
    failing_since: timeOrNull(row.failing_since_ms),
    former_secret_until: timeOrNull(row.former_secret_until_ms),
    counters: { pending, delivered, failed, missed_events },
  };
}

/** A delivery as it is shown. */
export function deliveryOf(row: DeliveryRow): Delivery {
  const { uid, webhook_uid, seq, event_id, type, state } = row;
  return {
    id: uid,
    uid,
    webhook: webhook_uid,
    event_seq: seq,
    event_id,
    type,
    state,
    attempts: JSON.parse(row.attempts) as readonly Attempt[],
    next_attempt_at: timeOrNull(row.next_attempt_ms),
    created_at: timeOf(row.created_ms),
  };
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : timeOf(ms);
}
