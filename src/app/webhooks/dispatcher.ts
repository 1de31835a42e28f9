import { setMaxListeners } from 'node:events';
import type { Commit, Store } from '../../store/port.ts';
import type { WebhookTarget } from '../../service/webhook.ts';
import { attempt, type AttemptOptions } from './attempt.ts';
import { createOutgoing, type Outgoing } from './outgoing.ts';
import { takeSome } from './taking.ts';
import { createAlarm, once } from './wake.ts';

/** How many attempts are under way at a time: to one webhook, so that it is not overrun, and to all. */
export interface Concurrency {
  readonly of_one: number;
  readonly of_all: number;
}

const CONCURRENCY: Concurrency = { of_one: 8, of_all: 64 };
/** How long a stop waits for attempts that are under way; those that it ends are made again after the start. */
const STOP_MS = 5_000;
/** After a fault of the store it is asked again. */
const PAUSE_MS = 1_000;

/** Sends what the journal has to those who want it. */
export interface Dispatcher {
  /** Takes up what was pending when the last process stopped. */
  start(): Promise<void>;
  /** Begins no further attempt, and waits for those under way. */
  stop(): Promise<void>;
}

/** How it is sent, and by which clock. */
export interface DispatcherOptions extends Omit<AttemptOptions, 'signal'> {
  readonly concurrency?: Concurrency;
}

/**
 * Delivers events to webhooks. The journal is the outbox; nothing polls:
 *
 *   commit ──> cursor behind? ──> take_events ──> deliveries pending ──> due? ──> attempt ──> end_attempt
 *                  ▲                                    ▲      └ not yet: a timer                │
 *                  └── room again ──────────────────────┴──────────────── to be tried again ─────┤
 *                                                                          delivered, given up ──┘
 *
 * A crash between an attempt and its end has the message sent again, under the same id: at least once.
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { store, log, clock, concurrency = CONCURRENCY } = options;
  const all = new Map<string, Outgoing>();
  const stop = new AbortController();
  // Each attempt listens.
  setMaxListeners(concurrency.of_all, stop.signal);
  let stopped = false;
  let seq = 0;
  let underWay = 0;
  const room = (): number => (stopped ? 0 : concurrency.of_all - underWay);
  const makeOutgoing = (target: WebhookTarget): Outgoing =>
    createOutgoing(target, {
      store,
      log,
      clock,
      of_one: concurrency.of_one,
      pause_ms: PAUSE_MS,
      room,
      take: () => take(),
      attempt: async (of, due) => {
        underWay += 1;
        try {
          return await attempt({ ...options, signal: stop.signal }, of, due);
        } finally {
          underWay -= 1;
          // Whoever found no room goes on; one after another, so that each has some.
          for (const outgoing of all.values()) if (outgoing.isHeldUp()) outgoing.send();
        }
      },
    });
  const askAgainAt = createAlarm(clock, () => take());
  const take = once(
    async () => !stopped && (await takeSome(options, all.values(), seq)),
    (error) => {
      if (stopped) return;
      log.error({ err: error }, 'events could not be taken');
      askAgainAt(clock.now() + PAUSE_MS);
    },
  );
  const reload = createReload(store, all, makeOutgoing, take);
  const heed = (reloading: Promise<void>): void =>
    void reloading.catch((error: unknown) => {
      log.error({ err: error }, 'webhooks could not be read');
      if (!stopped) clock.after(PAUSE_MS, () => heed(reload()));
    });
  const unsubscribe = store.onCommit((commit: Commit) => {
    seq = Math.max(seq, commit.seq);
    if (stopped) return;
    if (commit.service.includes('webhooks')) heed(reload());
    else take();
  });
  return {
    start: async () => {
      const { as_of } = await store.service.webhooks({ limit: 1 });
      seq = Math.max(seq, as_of);
      await reload();
    },
    stop: async () => {
      stopped = true;
      unsubscribe();
      askAgainAt(null);
      const callOff = clock.after(STOP_MS, () => stop.abort());
      await Promise.all([...all.values()].map((outgoing) => outgoing.close()));
      callOff();
    },
  };
}

/** Prepares making of the webhooks that are enabled those that are sent to, one time after another. */
function createReload(
  store: Store,
  all: Map<string, Outgoing>,
  makeOutgoing: (target: WebhookTarget) => Outgoing,
  take: () => void,
): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  const readAndGo = async (): Promise<void> => {
    const targets = await store.service.webhookTargets();
    const ids = new Set(targets.map(({ id }) => id));
    for (const [id, outgoing] of all)
      if (!ids.has(id)) {
        all.delete(id);
        void outgoing.close();
      }
    for (const target of targets) {
      const outgoing = all.get(target.id) ?? makeOutgoing(target);
      all.set(target.id, outgoing);
      outgoing.retarget(target);
      outgoing.send();
    }
    take();
  };
  return () => (last = last.catch(() => undefined).then(readAndGo));
}
