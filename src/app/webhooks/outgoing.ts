import type { Log } from '../../runtime/log.ts';
import type { Store } from '../../store/port.ts';
import type { TakenEvents, TakeFrom } from '../../service/command.ts';
import type { DueDelivery, WebhookTarget } from '../../service/webhook.ts';
import type { Clock } from './clock.ts';
import { widthBehind, type Concurrency, type Occupant } from './places.ts';
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
  /** Begins the attempts that are due, as many as there are places for. */
  send(): void;
  /** Whether something is due that there was no place for. */
  isHeldUp(): boolean;
  /** Its part of the places. */
  occupant(): Occupant;
  /** Begins nothing more, unless it is retargeted; resolves when what is under way has ended. */
  close(): Promise<void>;
  /** Whether it is closed, and nothing is under way. */
  isGone(): boolean;
}

/** What came of an attempt for whoever is sent to. */
export interface Attempted {
  /** Where it was sent. */
  readonly url: string;
  /** False where the receiver hung, or was not reached. */
  readonly is_answered: boolean;
  /** How long it wants nothing else. */
  readonly pause_ms: number | null;
  /** Resolves when the store has noted it: until then it is not sent again, nor is anything in its place. */
  readonly noted: Promise<void>;
}

/** Whom it shares the places with, and how it sends. */
export interface OutgoingOptions {
  readonly store: Store;
  readonly log: Log;
  readonly clock: Clock;
  readonly concurrency: Concurrency;
  /** How long is waited after a fault of the store. */
  readonly pause_ms: number;
  /** Whether it may begin one more attempt. */
  readonly hasPlace: (occupant: Occupant) => boolean;
  /** Called when an attempt has ended: somebody else may have its place, and there may be room for further deliveries. */
  readonly ended: () => void;
  readonly attempt: (target: () => WebhookTarget, due: DueDelivery) => Promise<Attempted>;
}

/** Where sending to a webhook stands. */
interface Standing {
  target: WebhookTarget;
  /** Of its URL. */
  host: string;
  readonly sending: Map<string, Promise<void>>;
  /** Of the events that these send. */
  bytes: number;
  /** How many attempts may be under way. */
  width: number;
  /** The receiver has asked for that. */
  paused_until_ms: number;
  /** The store is not asked before. */
  faulty_until_ms: number;
  /** Nothing more is begun, until it is known to be enabled. */
  is_closed: boolean;
  is_held_up: boolean;
}

/** Sends to one webhook: nothing of it waits for another one's answers. */
export function createOutgoing(target: WebhookTarget, options: OutgoingOptions): Outgoing {
  const { clock, log, concurrency } = options;
  const standing = fresh(target, concurrency);
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
      .then(({ url, is_answered, pause_ms, noted }) => {
        if (url === standing.target.url) {
          standing.width = widthBehind(standing.width, is_answered, concurrency);
          if (pause_ms !== null) pause(pause_ms);
        }
        return noted;
      })
      .catch(failed)
      .finally(() => {
        standing.sending.delete(due.id);
        standing.bytes -= due.event_bytes;
        options.ended();
        send();
      });
    standing.sending.set(due.id, ended);
    standing.bytes += due.event_bytes;
  };
  const send = once(async () => {
    const next_ms = await sendSome(standing, options, begin);
    if (next_ms !== null) wakeAt(next_ms);
    return false;
  }, failed);
  return {
    retarget: (next) => retarget(standing, next, concurrency),
    isBehind: (seq) => !standing.is_closed && standing.target.cursor < seq,
    position: () => ({ webhook: standing.target.id, after: standing.target.cursor }),
    taken: ({ cursor, taken }) => {
      const { target } = standing;
      standing.target = { ...target, cursor: Math.max(target.cursor, cursor) };
      if (taken > 0) send();
    },
    send,
    isHeldUp: () => standing.is_held_up,
    occupant: () => occupantOf(standing),
    isGone: () => standing.is_closed && standing.sending.size === 0,
    close: async () => {
      standing.is_closed = true;
      wakeAt(null);
      await Promise.all(standing.sending.values());
    },
  };
}

function fresh(target: WebhookTarget, concurrency: Concurrency): Standing {
  return {
    ...{ target, host: hostOf(target), sending: new Map<string, Promise<void>>(), bytes: 0 },
    ...{ width: widthBehind(0, false, concurrency), paused_until_ms: 0, faulty_until_ms: 0 },
    ...{ is_closed: false, is_held_up: false },
  };
}

/** The cursor that was read may be an older one. */
function retarget(standing: Standing, next: WebhookTarget, concurrency: Concurrency): void {
  const { url, cursor } = standing.target;
  if (standing.is_closed || next.url !== url) {
    // Another receiver, or one that is tried anew, has neither asked to be left alone nor answered.
    standing.paused_until_ms = 0;
    standing.width = widthBehind(0, false, concurrency);
  }
  standing.is_closed = false;
  standing.target = { ...next, cursor: Math.max(next.cursor, cursor) };
  standing.host = hostOf(next);
}

function occupantOf({ host, sending, bytes }: Standing): Occupant {
  return { host, under_way: sending.size, bytes };
}

function hostOf({ url }: WebhookTarget): string {
  return new URL(url).host;
}

/** It may be by now, where it was not before something was waited for. */
function isClosed({ is_closed }: Standing): boolean {
  return is_closed;
}

/** Begins what is due and has a place; when to look again, or null where a commit or the end of an attempt will tell. */
async function sendSome(
  standing: Standing,
  { store, clock, hasPlace }: OutgoingOptions,
  begin: (due: DueDelivery) => void,
): Promise<number | null> {
  const { sending, target, paused_until_ms, faulty_until_ms } = standing;
  standing.is_held_up = false;
  const now_ms = clock.now();
  if (isClosed(standing)) return null;
  if (faulty_until_ms > now_ms) return faulty_until_ms;
  const free = standing.width - sending.size;
  if (free <= 0) return null;
  // What ends while it is read is in it still.
  const before = new Set(sending.keys());
  // Whoever asks for a message does not wait for what the receiver has asked for.
  const isPaused = paused_until_ms > now_ms;
  const query = { webhook: target.id, now_ms, limit: sending.size + free, asked_only: isPaused };
  const { due, next_ms } = await store.service.dueDeliveries(query);
  for (const delivery of due.filter(({ id }) => !before.has(id)).slice(0, free)) {
    standing.is_held_up = !hasPlace(occupantOf(standing));
    if (standing.is_held_up || isClosed(standing)) break;
    begin(delivery);
  }
  return isPaused ? paused_until_ms : next_ms;
}
