import type { Idempotency, RecordState, Seen } from '../state.ts';
import type { ServiceCommandOf, ServiceCommandType } from '../../service/command.ts';
import type { FaultRule, ReadClock } from '../../service/fault_rule.ts';
import type { Delivery, DeliveryState, DueDelivery, Webhook, WebhookTarget } from '../../service/webhook.ts';

/** What the application may ask of a store beside hosts, by reading alone: records of the service itself. */
export interface ServiceReads {
  webhook(id: string): Promise<Webhook | null>;
  webhooks(query: ServiceListQuery): Promise<ServicePage<Webhook>>;
  delivery(webhook: string, id: string): Promise<Delivery | null>;
  /** In order of creation; of a webhook that is none there are none. */
  deliveries(
    query: ServiceListQuery & { readonly webhook: string; readonly state?: DeliveryState },
  ): Promise<ServicePage<Delivery>>;
  faultRule(id: string): Promise<FaultRule | null>;
  faultRules(query: ServiceListQuery): Promise<ServicePage<FaultRule>>;
  /** Those that may still apply, in order of creation. */
  activeFaultRules(): Promise<readonly FaultRule[]>;
  /** Null where there is no such host. */
  clock(host: string): Promise<ReadClock | null>;
  /** Those that are enabled. */
  webhookTargets(): Promise<readonly WebhookTarget[]>;
  /**
   * Deliveries whose next attempt is due at a time, and when the next one is that is not; earliest first. Of a webhook
   * that is disabled nothing is due.
   */
  dueDeliveries(query: DueQuery): Promise<DueDeliveries>;
}

/** A command for the service's own records, and under which conditions it is run. */
export interface ServiceSubmission<Type extends ServiceCommandType = ServiceCommandType> {
  readonly command: ServiceCommandOf<Type>;
  readonly dry_run?: boolean;
  readonly idempotency?: Idempotency;
  /** If-Match: the record that the command names must be in one of these states, or exist. */
  readonly precondition?: { readonly states: '*' | readonly RecordState[] };
}

/** Which page of a list. */
export interface ServiceListQuery {
  readonly limit: number;
  /** `last` of a former page. */
  readonly after?: number;
}

/** Rows of a list, all of one committed state. */
export interface ServicePage<T> extends Seen {
  readonly items: readonly T[];
  /** Key of its last row where more follow; null at the end. */
  readonly last: number | null;
}

/** Which deliveries are due. */
export interface DueQuery {
  readonly webhook: string;
  readonly now_ms: number;
  readonly limit: number;
  /** Only those that somebody has asked for: a redelivery, or a test. */
  readonly asked_only?: boolean;
}

/** They, and when the next one is that is not; null where none waits, or more are due than were asked for. */
export interface DueDeliveries {
  readonly due: readonly DueDelivery[];
  readonly next_ms: number | null;
}
