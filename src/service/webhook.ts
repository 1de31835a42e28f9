import type { EventType } from '../engine/model/event.ts';

/** Which events a webhook is told of: those that all of its filters let through. Null lets everything through. */
export interface WebhookFilters {
  readonly types: readonly EventType[] | null;
  readonly host: string | null;
  readonly dax_device: string | null;
  readonly tenant: string | null;
}

/** What whoever creates a webhook says of it. */
export interface WebhookFields extends WebhookFilters {
  readonly url: string;
  readonly description: string | null;
  readonly enabled: boolean;
}

/** Why nothing is sent: somebody asked for it, the receiver answered 410, or it has failed for days. */
export const DISABLED_REASONS = ['requested', 'gone', 'failing'] as const;
export type DisabledReason = (typeof DISABLED_REASONS)[number];

/** How many there are at most: each is looked at with each commit, and has a connection of its own. */
export const WEBHOOKS_MAX = 100;

/** Days of nothing but failures after which a webhook is disabled, where an operator does not say another number. */
export const DISABLE_DAYS = 5;

/** A webhook as the API shows it. */
export interface Webhook extends WebhookFields {
  readonly id: string;
  readonly uid: string;
  /** Counts what people changed, and its being disabled; not its counters. */
  readonly revision: number;
  readonly disabled_reason: DisabledReason | null;
  readonly created_at: string;
  /** Since when no attempt has succeeded; null where the last one did. */
  readonly failing_since: string | null;
  /** Until when the former secret signs, too. */
  readonly former_secret_until: string | null;
  readonly counters: WebhookCounters;
}

/**
 * Deliveries by what became of them, each once: one that is sent again is pending again. And events that were gone before
 * one could be made.
 */
export interface WebhookCounters {
  readonly pending: number;
  readonly delivered: number;
  readonly failed: number;
  readonly missed_events: number;
}

/** The same with the secret: as it is created, and as its secret changes, never else. */
export interface ShownSecret {
  readonly secret?: string;
}

/** What sending to a webhook needs; its secrets are in it. */
export interface WebhookTarget {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  readonly former_secret: string | null;
  readonly former_secret_until_ms: number | null;
  readonly cursor: number;
}

export const DELIVERY_STATES = ['pending', 'delivered', 'failed'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One try to deliver: an HTTP status, or why there was none. */
export interface Attempt {
  readonly at: string;
  readonly status: number | null;
  readonly error: string | null;
  readonly duration_ms: number;
}

/** A message to one webhook, as the API shows it. */
export interface Delivery {
  readonly id: string;
  readonly uid: string;
  readonly webhook: string;
  /** Null of a test message, which is of no event. */
  readonly event_seq: number | null;
  readonly event_id: string;
  readonly type: EventType | typeof TEST_TYPE;
  readonly state: DeliveryState;
  /** The last 20. */
  readonly attempts: readonly Attempt[];
  readonly next_attempt_at: string | null;
  readonly created_at: string;
}

/** The type of a test message. */
export const TEST_TYPE = 'webhook_test';

/**
 * A delivery that is due; `tries` were made since it was created, or sent again by request. `event_bytes` are those of its
 * event's data: 0 of a test, and where the journal keeps it no more.
 */
export interface DueDelivery extends Pick<Delivery, 'id' | 'event_seq' | 'created_at'> {
  readonly tries: number;
  readonly event_bytes: number;
  /** How often it was sent again by request. */
  readonly redeliveries: number;
}
