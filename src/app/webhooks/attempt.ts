import type { Log } from '../../runtime/log.ts';
import type { Store } from '../../store/port.ts';
import type { AttemptOutcome } from '../../service/command.ts';
import type { DueDelivery, WebhookTarget } from '../../service/webhook.ts';
import type { Clock } from './clock.ts';
import { messageOf } from './message.ts';
import type { Attempted } from './outgoing.ts';
import { outcomeOf, pauseOf, type Retries } from './schedule.ts';
import { signatureHeaders } from './signature.ts';
import type { Send, SendResult } from './send.ts';

/** By what an attempt is made, and what its end may do. */
export interface AttemptOptions {
  readonly store: Store;
  readonly log: Log;
  readonly clock: Clock;
  readonly send: Send;
  readonly retries: Retries;
  /** A webhook that has only failed for so long is disabled. */
  readonly disable_after_ms: number;
  /** `daxplane/VERSION`. */
  readonly user_agent: string;
  readonly signal: AbortSignal;
}

const GONE: SendResult = {
  status: null,
  error: 'the journal keeps the event no more',
  retry_after_ms: null,
};

/**
 * Sends a message once, to the webhook as it is then, and has the store note what came of it. Where that cannot be noted,
 * it is sent again.
 */
export async function attempt(
  options: AttemptOptions,
  target: () => WebhookTarget,
  due: DueDelivery,
): Promise<Attempted> {
  const { store, clock, send, signal } = options;
  const body = await messageOf(store, target().id, due);
  const [at_ms, sentTo] = [clock.now(), target()];
  const result =
    body === null ? GONE : await send(signed(options, sentTo, { id: due.id, at_ms, body }), signal);
  const now_ms = clock.now();
  const isMoved = target().url !== sentTo.url;
  const told: AttemptOutcome =
    body === null ? { state: 'failed' } : outcomeOf(result, due.tries, now_ms, options.retries);
  // When, and whether, a former receiver wants it again is nothing to the present one.
  const outcome: AttemptOutcome =
    isMoved && told.state === 'pending' ? { ...told, next_attempt_ms: now_ms, is_gone: false } : told;
  const { status, error } = result;
  const noted = { at: new Date(at_ms).toISOString(), status, error, duration_ms: now_ms - at_ms };
  const is_disabled = await note(options, due.id, noted, outcome);
  return { is_answered: result.status !== null, pause_ms: isMoved ? null : pauseOf(result), is_disabled };
}

/** By both secrets while the former one is still to be known. */
function signed(
  { user_agent }: AttemptOptions,
  { url, secret, former_secret, former_secret_until_ms }: WebhookTarget,
  message: { readonly id: string; readonly at_ms: number; readonly body: string },
): Parameters<Send>[0] {
  const isFormerKnown = former_secret !== null && (former_secret_until_ms ?? 0) > message.at_ms;
  return {
    url,
    body: message.body,
    headers: {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'user-agent': user_agent,
      ...signatureHeaders(message, isFormerKnown ? [secret, former_secret] : [secret]),
    },
  };
}

/** Whether the webhook is disabled by it. */
async function note(
  { store, log, disable_after_ms }: AttemptOptions,
  delivery: string,
  attempt: {
    readonly at: string;
    readonly status: number | null;
    readonly error: string | null;
    readonly duration_ms: number;
  },
  outcome: AttemptOutcome,
): Promise<boolean> {
  const submitted = await store.service.submit<'end_attempt'>({
    command: { type: 'end_attempt', delivery, attempt, outcome, disable_after_ms },
  });
  if (submitted.status === 'unavailable') throw new Error(submitted.why.detail);
  if (submitted.status !== 'done' || submitted.answer === null) return false;
  const { id: webhook, disabled_reason } = submitted.answer;
  log.warn({ webhook, disabled_reason }, 'webhook disabled');
  return true;
}
