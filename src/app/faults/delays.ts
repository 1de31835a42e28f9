import type { Store } from '../../store/port.ts';
import type { FaultRule, ReadClock } from '../../service/fault_rule.ts';

/** Requests that wait. */
export interface Delays {
  /**
   * Resolves when a rule's delay is over: by the clock of the host that its selector names, where that is manual, else
   * in real time; at once when the client has left, or the service stops.
   */
  readonly delay: (rule: FaultRule, delay_ms: number, signal: AbortSignal) => Promise<void>;
  /** How many wait for the clock of a host. */
  readonly waiting: (host: string) => number;
  /** Clocks may have changed, or hosts have gone. */
  readonly look: () => void;
  readonly close: () => void;
}

interface Waiting {
  readonly host: string;
  /** The clock that it waits by, as it was seen last. */
  clock: ReadClock;
  readonly due_ms: number;
  /** Waits the rest in real time. */
  readonly goOn: (rest_ms: number) => void;
}

/** Nobody waits yet. */
export function createDelays(store: Store): Delays {
  const byHand = new Set<Waiting>();
  const ends = new Set<() => void>();
  let isClosed = false;
  const lookAt = async (host: string): Promise<void> => {
    // Of a clock that cannot be read as little is known as of one that is gone.
    const clock = await store.service.clock(host).catch(() => null);
    for (const waiting of byHand)
      if (waiting.host === host && isOver(waiting, clock)) {
        byHand.delete(waiting);
        waiting.goOn(Math.max(0, waiting.due_ms - waiting.clock.stopped_advanced_ms));
      }
  };
  /** `begin` returns what is to be done at the end. */
  const wait = (
    signal: AbortSignal,
    begin: (goOn: Waiting['goOn']) => (() => unknown) | undefined,
  ): Promise<void> =>
    new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const end = (): void => {
        clearTimeout(timer);
        ended?.();
        ends.delete(end);
        signal.removeEventListener('abort', end);
        resolve();
      };
      ends.add(end);
      signal.addEventListener('abort', end);
      const ended = begin((rest_ms) => {
        timer = setTimeout(end, rest_ms);
      });
      if (signal.aborted || isClosed) end();
    });
  return {
    delay: async ({ selector: { host } }, delay_ms, signal) => {
      const clock = host === undefined ? null : await store.service.clock(host);
      if (host === undefined || clock?.mode !== 'manual')
        return wait(signal, (goOn) => {
          goOn(delay_ms);
          return undefined;
        });
      const due_ms = clock.stopped_advanced_ms + delay_ms;
      return wait(signal, (goOn) => {
        const waiting: Waiting = { host, clock, due_ms, goOn };
        byHand.add(waiting);
        void lookAt(host);
        return () => byHand.delete(waiting);
      });
    },
    waiting: (host) => [...byHand].filter((waiting) => waiting.host === host).length,
    look: () => {
      for (const host of new Set([...byHand].map((waiting) => waiting.host))) void lookAt(host);
    },
    close: () => {
      isClosed = true;
      for (const end of ends) end();
    },
  };
}

/** Sees what the clock says now. It is over where that is late enough, or the clock is not the one that stood any more. */
function isOver(waiting: Waiting, clock: ReadClock | null): boolean {
  const { uid, stopped_revision } = waiting.clock;
  if (clock?.uid !== uid || clock.stopped_revision !== stopped_revision) return true;
  waiting.clock = clock;
  return clock.mode === 'real' || clock.stopped_advanced_ms >= waiting.due_ms;
}
