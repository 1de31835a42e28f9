import type { FaultRule, FaultRuleFields, HostClock } from './fault_rule.ts';
import type { Attempt, Delivery, ShownSecret, Webhook, WebhookFields } from './webhook.ts';

/**
 * What changes a record of the service: one that is of no host. By the same queue, batches and transactions as the
 * commands for hosts. `take_events`, `end_attempt` and `meet_fault_rules` are what the service does of itself.
 */
export type ServiceCommand =
  /** Where no secret is given, one is made. */
  | { readonly type: 'create_webhook'; readonly fields: WebhookFields; readonly secret: string | null }
  | {
      readonly type: 'patch_webhook';
      readonly webhook: string;
      readonly fields: Partial<WebhookFields>;
      /** The new secret, or null for one that is made; the former one signs too for a day. */
      readonly rotation?: { readonly secret: string | null };
    }
  | { readonly type: 'delete_webhook'; readonly webhook: string }
  | { readonly type: 'test_webhook'; readonly webhook: string }
  | { readonly type: 'redeliver'; readonly webhook: string; readonly delivery: string }
  | { readonly type: 'take_events'; readonly from: readonly TakeFrom[] }
  | {
      readonly type: 'end_attempt';
      readonly delivery: string;
      /** As it was due. */
      readonly redeliveries: number;
      /** Where it was sent: the webhook may have another by now. */
      readonly url: string;
      readonly attempt: Attempt;
      readonly outcome: AttemptOutcome;
      /** A webhook that has only failed for so long is disabled. */
      readonly disable_after_ms: number;
    }
  | { readonly type: 'create_fault_rule'; readonly fields: FaultRuleFields }
  | { readonly type: 'patch_fault_rule'; readonly rule: string; readonly fields: Partial<FaultRuleFields> }
  | { readonly type: 'delete_fault_rule'; readonly rule: string }
  /** A request that these select is there: which of them is applied to it. */
  | { readonly type: 'meet_fault_rules'; readonly rules: readonly string[] }
  | {
      readonly type: 'set_clock';
      readonly host: string;
      readonly mode?: HostClock['mode'];
      readonly advance_ms?: number;
    };
export type ServiceCommandType = ServiceCommand['type'];
export type ServiceCommandOf<Type extends ServiceCommandType> = Extract<
  ServiceCommand,
  { readonly type: Type }
>;

/** What an attempt leaves. `is_gone`: the receiver wants nothing any more. */
export type AttemptOutcome =
  | { readonly state: 'delivered' | 'failed' }
  | { readonly state: 'pending'; readonly next_attempt_ms: number; readonly is_gone: boolean };

/** For whom events are taken; `after`: where the one before left its cursor, which is not always written. */
export interface TakeFrom {
  readonly webhook: string;
  readonly after: number;
}

/** What came of taking events: where the cursor stands, how many became deliveries, whether more are there to be taken now. */
export interface TakenEvents {
  readonly cursor: number;
  readonly taken: number;
  readonly is_more: boolean;
  /** Events that the journal had dropped before they were looked at. */
  readonly missed: number;
}

/** The answer of each command. */
export interface ServiceAnswers {
  readonly create_webhook: Webhook & ShownSecret;
  readonly patch_webhook: Webhook & ShownSecret;
  readonly delete_webhook: null;
  readonly test_webhook: Delivery;
  readonly redeliver: Delivery;
  /** In the order in which they were asked for; null where there is no such webhook, or it is disabled. */
  readonly take_events: readonly (TakenEvents | null)[];
  /** The webhook, where this disabled it. */
  readonly end_attempt: Webhook | null;
  readonly create_fault_rule: FaultRule;
  readonly patch_fault_rule: FaultRule;
  readonly delete_fault_rule: null;
  /** Null where none is applied. */
  readonly meet_fault_rules: FaultRule | null;
  readonly set_clock: HostClock;
}
export type ServiceAnswerTo<Type extends ServiceCommandType = ServiceCommandType> = ServiceAnswers[Type];

/** Kinds of which somebody else may keep records in memory: told of with the commit. */
export type ServiceKind = 'webhooks' | 'fault_rules' | 'clocks';
