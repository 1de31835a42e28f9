import type { AttemptOutcome } from '../../service/command.ts';
import type { DueDelivery, WebhookTarget } from '../../service/webhook.ts';
import type { TurnQueue } from '../event_loop_turns.ts';
import type { BodyOf } from './message.ts';
import { noteEnd, type NoteOptions } from './note.ts';
import type { Attempted } from './outgoing.ts';
import { outcomeOf, pauseOf, type Retries } from './schedule.ts';
import { signatureHeaders } from './signature.ts';
import type { Send, SendResult } from './send.ts';

/** By what an attempt is made, and what its end may do. */
export interface AttemptOptions extends NoteOptions {
  readonly bodyOf: BodyOf;
  /** Signs: of a body of megabytes that takes some of the event loop's time. */
  readonly inTurn: TurnQueue;
  readonly send: Send;
  readonly retries: Retries;
  /** A webhook that has only failed for so long is disabled. */
  readonly disable_after_ms: number;
  /** `daxplane/VERSION`. */
  readonly user_agent: string;
  /** Ends it. */
  readonly signal: AbortSignal;
}

const GONE: SendResult = {
  status: null,
  error: 'the journal keeps the event no more',
  retry_after_ms: null,
};

/** Sends a message once, to the webhook as it is then, and has the store note what came of it. */
export async function attempt(
  options: AttemptOptions,
  target: () => WebhookTarget,
  due: DueDelivery,
): Promise<Attempted> {
  const { bodyOf, inTurn, clock, send, signal, disable_after_ms } = options;
  const body = await bodyOf(target().id, due);
  const { at_ms, sentTo, message } = await inTurn(() => {
    const [now, to] = [clock.now(), target()];
    const made = body === null ? null : signed(options, to, { id: due.id, at_ms: now, body });
    return { at_ms: now, sentTo: to, message: made };
  });
  const result = message === null ? GONE : await send(message, signal);
  const now_ms = clock.now();
  const outcome: AttemptOutcome =
    message === null ? { state: 'failed' } : outcomeOf(result, due.tries, now_ms, options.retries);
  const { status, error } = result;
  const noted = noteEnd(options, {
    ...{ type: 'end_attempt', delivery: due.id, redeliveries: due.redeliveries, url: sentTo.url },
    ...{ outcome, disable_after_ms },
    attempt: { at: new Date(at_ms).toISOString(), status, error, duration_ms: now_ms - at_ms },
  });
  return { url: sentTo.url, is_answered: status !== null, pause_ms: pauseOf(result), noted };
}

/** By both secrets while the former one is still to be known. */
function signed(
  { user_agent }: AttemptOptions,
  { url, secret, former_secret, former_secret_until_ms }: WebhookTarget,
  message: { readonly id: string; readonly at_ms: number; readonly body: Buffer },
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
