import type { Log } from '../../runtime/log.ts';
import type { Store } from '../../store/port.ts';
import type { Outgoing } from './outgoing.ts';

/** Where events are taken from, and where it is said what is gone of them. */
interface TakingOptions {
  readonly store: Store;
  readonly log: Log;
}

/**
 * Makes deliveries of events for webhooks that are behind the last one, by one command for all, which looks at so many
 * events only; whether there are more to take.
 */
export async function takeSome(
  { store, log }: TakingOptions,
  all: Iterable<Outgoing>,
  seq: number,
): Promise<boolean> {
  const behind = [...all].filter((outgoing) => outgoing.isBehind(seq));
  if (behind.length === 0) return false;
  const from = behind.map((outgoing) => outgoing.position());
  const submitted = await store.service.submit<'take_events'>({ command: { type: 'take_events', from } });
  if (submitted.status === 'unavailable') throw new Error(submitted.why.detail);
  const answer = submitted.status === 'done' ? submitted.answer : [];
  for (const [at, taken] of answer.entries()) {
    if (taken === null) continue;
    behind[at]!.taken(taken);
    const { missed } = taken;
    if (missed > 0) log.warn({ webhook: from[at]!.webhook, missed_events: missed }, 'webhook missed events');
  }
  return answer.some((taken) => taken?.is_more === true);
}
