import { setMaxListeners } from 'node:events';
import type { Commit } from '../../store/port.ts';
import { WEBHOOKS_MAX, type WebhookTarget } from '../../service/webhook.ts';
import { createTurnQueue } from '../event_loop_turns.ts';
import { attempt, type AttemptOptions } from './attempt.ts';
import { createBodies } from './message.ts';
import { createOutgoing, type Outgoing } from './outgoing.ts';
import { CONCURRENCY, hasPlace, type Concurrency, type Occupant } from './places.ts';
import { takeSome } from './taking.ts';
import { createAlarm, once } from './wake.ts';

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
export interface DispatcherOptions extends Omit<AttemptOptions, 'bodyOf' | 'inTurn' | 'signal' | 'stopping'> {
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
 * A crash between an attempt and its end has the message sent again, under the same id: at least once. A store that takes
 * nothing does not: the attempt keeps its place until its end is noted.
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { store, log, clock, concurrency = CONCURRENCY } = options;
  const all = new Map<string, Outgoing>();
  const [stopping, stop] = [new AbortController(), new AbortController()];
  const by = withBodies(options);
  // Each attempt listens.
  setMaxListeners(WEBHOOKS_MAX + concurrency.shared, stopping.signal, stop.signal);
  const isStopped = (): boolean => stopping.signal.aborted;
  let seq = 0;
  const makeOutgoing = (target: WebhookTarget): Outgoing =>
    createOutgoing(target, {
      ...{ store, log, clock, concurrency, pause_ms: PAUSE_MS },
      hasPlace: (occupant) => !isStopped() && hasPlace(occupant, occupantsOf(all), concurrency),
      attempt: (of, due) => attempt({ ...by, stopping: stopping.signal, signal: stop.signal }, of, due),
      ended: () => {
        dropGone(all);
        take();
        for (const outgoing of heldUp(all)) outgoing.send();
      },
    });
  const askAgainAt = createAlarm(clock, () => take());
  const take = once(
    async () => !isStopped() && (await takeSome(options, all.values(), seq)),
    (error) => {
      if (isStopped()) return;
      log.error({ err: error }, 'events could not be taken');
      askAgainAt(clock.now() + PAUSE_MS);
    },
  );
  const reload = oneAfterAnother(async () => {
    const targets = await store.service.webhookTargets();
    if (!isStopped()) retarget(all, targets, makeOutgoing);
    take();
  });
  const reloadAt = createAlarm(clock, () => reloadUntilRead());
  const reloadUntilRead = (): void =>
    void reload().catch((error: unknown) => {
      if (isStopped()) return;
      log.error({ err: error }, 'webhooks could not be read');
      reloadAt(clock.now() + PAUSE_MS);
    });
  const unsubscribe = store.onCommit((commit: Commit) => {
    seq = Math.max(seq, commit.seq);
    if (commit.service.includes('webhooks')) reloadUntilRead();
    else take();
  });
  return {
    start: async () => {
      seq = Math.max(seq, (await store.service.webhooks({ limit: 1 })).as_of);
      await reload();
    },
    stop: async () => {
      stopping.abort();
      unsubscribe();
      for (const set of [askAgainAt, reloadAt]) set(null);
      const callOff = clock.after(STOP_MS, () => stop.abort());
      await Promise.all([...all.values()].map((outgoing) => outgoing.close()));
      callOff();
    },
  };
}

/** One queue of turns for all attempts, and one making of bodies. */
function withBodies(options: DispatcherOptions): Omit<AttemptOptions, 'signal' | 'stopping'> {
  const inTurn = createTurnQueue();
  return { ...options, inTurn, bodyOf: createBodies(options.store, inTurn) };
}

function occupantsOf(all: ReadonlyMap<string, Outgoing>): Occupant[] {
  return [...all.values()].map((outgoing) => outgoing.occupant());
}

/** Those who found no place; whoever has the fewest is the first to be given one. */
function heldUp(all: ReadonlyMap<string, Outgoing>): Outgoing[] {
  const underWay = (outgoing: Outgoing): number => outgoing.occupant().under_way;
  return [...all.values()]
    .filter((outgoing) => outgoing.isHeldUp())
    .sort((a, b) => underWay(a) - underWay(b));
}

/** Who is closed has a part of the places until the last answer has come, and is not sent the same twice if it is back. */
function dropGone(all: Map<string, Outgoing>): void {
  for (const [id, outgoing] of all) if (outgoing.isGone()) all.delete(id);
}

/** Makes of the webhooks that are enabled those that are sent to. */
function retarget(
  all: Map<string, Outgoing>,
  targets: readonly WebhookTarget[],
  makeOutgoing: (target: WebhookTarget) => Outgoing,
): void {
  const ids = new Set(targets.map(({ id }) => id));
  for (const [id, outgoing] of all) if (!ids.has(id)) void outgoing.close();
  dropGone(all);
  for (const target of targets) {
    const outgoing = all.get(target.id) ?? makeOutgoing(target);
    all.set(target.id, outgoing);
    outgoing.retarget(target);
    outgoing.send();
  }
}

/** Runs something as often as it is called, one time after another. */
function oneAfterAnother(run: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return () => (last = last.catch(() => undefined).then(run));
}
