import type { Log } from '../../runtime/log.ts';
import type { Store } from '../../store/port.ts';
import type { TakenEvents, TakeFrom } from '../../service/command.ts';
import type { DueDelivery, WebhookTarget } from '../../service/webhook.ts';
import type { Clock } from './clock.ts';
import { createAlarm, once } from './wake.ts';

/** What is sent to one webhook. */
export interface Outgoing {
  /** As it is now: its URL and secrets may have changed. */
  retarget(target: WebhookTarget): void;
  /** Whether there are events behind its cursor that it may be sent. */
  isBehind(seq: number): boolean;
  /** Where its cursor stands. */
  position(): TakeFrom;
  /** Deliveries were made of events: they are sent. */
  taken(taken: TakenEvents): void;
  /** Begins the attempts that are due, as many as there is room for. */
  send(): void;
  /** Whether something is due that there was no room for. */
  isHeldUp(): boolean;
  /** Begins nothing more; resolves when what is under way has ended. */
  close(): Promise<void>;
}

/** What became of an attempt for whoever is sent to: how long nothing else is sent; nothing at all where it is disabled. */
export interface Attempted {
  readonly pause_ms: number | null;
  readonly is_disabled: boolean;
}

/** Whom it shares the room with, and how it sends. */
export interface OutgoingOptions {
  readonly store: Store;
  readonly log: Log;
  readonly clock: Clock;
  readonly of_one: number;
  /** How long is waited after a fault of the store. */
  readonly pause_ms: number;
  /** Attempts that may be begun now. */
  readonly room: () => number;
  /** Called where there may be room for further deliveries. */
  readonly take: () => void;
  readonly attempt: (target: () => WebhookTarget, due: DueDelivery) => Promise<Attempted>;
}

/** Where sending to a webhook stands. */
interface Standing {
  target: WebhookTarget;
  readonly sending: Map<string, Promise<void>>;
  /** The receiver has asked for that. */
  paused_until_ms: number;
  /** The store is not asked before. */
  faulty_until_ms: number;
  /** Nothing more is begun: for good, or until it is known to be enabled. */
  is_closed: boolean;
  is_disabled: boolean;
  is_held_up: boolean;
}

/** Sends to one webhook: nothing of it waits for another one's answers. */
export function createOutgoing(target: WebhookTarget, options: OutgoingOptions): Outgoing {
  const { clock, log } = options;
  const standing: Standing = {
    ...{ target, sending: new Map<string, Promise<void>>(), paused_until_ms: 0, faulty_until_ms: 0 },
    ...{ is_closed: false, is_disabled: false, is_held_up: false },
  };
  const wakeAt = createAlarm(clock, () => send());
  const pause = (ms: number): void => {
    standing.paused_until_ms = Math.max(standing.paused_until_ms, clock.now() + ms);
    wakeAt(standing.paused_until_ms);
  };
  const failed = (error: unknown): void => {
    // What a stop cuts off is made again after the start.
    if (standing.is_closed) return;
    log.error({ err: error, webhook: standing.target.id }, 'webhook could not be served');
    standing.faulty_until_ms = clock.now() + options.pause_ms;
    wakeAt(standing.faulty_until_ms);
  };
  const begin = (due: DueDelivery): void => {
    const ended = options
      .attempt(() => standing.target, due)
      .then(({ pause_ms, is_disabled }) => {
        if (pause_ms !== null) pause(pause_ms);
        standing.is_disabled ||= is_disabled;
      })
      .catch(failed)
      .finally(() => {
        standing.sending.delete(due.id);
        options.take();
        send();
      });
    standing.sending.set(due.id, ended);
  };
  const send = once(async () => {
    const next_ms = await sendSome(standing, options, begin);
    if (next_ms !== null) wakeAt(next_ms);
    return false;
  }, failed);
  return {
    retarget: (next) => {
      // Another receiver, or one that is tried anew, has not asked to be left alone.
      if (standing.is_disabled || next.url !== standing.target.url) standing.paused_until_ms = 0;
      standing.is_disabled = false;
      // The cursor that was read may be an older one.
      standing.target = { ...next, cursor: Math.max(next.cursor, standing.target.cursor) };
    },
    isBehind: (seq) => !isStopped(standing) && standing.target.cursor < seq,
    position: () => ({ webhook: standing.target.id, after: standing.target.cursor }),
    taken: ({ cursor, taken }) => {
      const { target } = standing;
      standing.target = { ...target, cursor: Math.max(target.cursor, cursor) };
      if (taken > 0) send();
    },
    send,
    isHeldUp: () => standing.is_held_up,
    close: async () => {
      standing.is_closed = true;
      wakeAt(null);
      await Promise.all(standing.sending.values());
    },
  };
}

function isStopped({ is_closed, is_disabled }: Standing): boolean {
  return is_closed || is_disabled;
}

/** Begins what is due and has room; when to look again, or null where a commit or the end of an attempt will tell. */
async function sendSome(
  standing: Standing,
  { store, clock, of_one, room }: OutgoingOptions,
  begin: (due: DueDelivery) => void,
): Promise<number | null> {
  const { sending, target, paused_until_ms, faulty_until_ms } = standing;
  standing.is_held_up = false;
  const now_ms = clock.now();
  if (isStopped(standing)) return null;
  if (faulty_until_ms > now_ms) return faulty_until_ms;
  const free = of_one - sending.size;
  if (free <= 0) return null;
  // What ends while it is read is in it still.
  const before = new Set(sending.keys());
  // Whoever asks for a message does not wait for what the receiver has asked for.
  const isPaused = paused_until_ms > now_ms;
  const query = { webhook: target.id, now_ms, limit: sending.size + free, asked_only: isPaused };
  const { due, next_ms } = await store.service.dueDeliveries(query);
  for (const delivery of due.filter(({ id }) => !before.has(id)).slice(0, free)) {
    standing.is_held_up = room() <= 0;
    if (standing.is_held_up || isStopped(standing)) break;
    begin(delivery);
  }
  return isPaused ? paused_until_ms : next_ms;
}
