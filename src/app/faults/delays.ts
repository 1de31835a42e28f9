import type { Store } from '../../store/port.ts';
import type { FaultRule } from '../../service/fault_rule.ts';

/** Requests that wait. */
export interface Delays {
  /**
   * Resolves when a rule's delay is over: by the clock of the host that its selector names, where that is manual, else
   * in real time; at once when the client has left, or the service stops.
   */
  readonly delay: (rule: FaultRule, delay_ms: number, signal: AbortSignal) => Promise<void>;
  /** How many wait for the clock of a host. */
  readonly waiting: (host: string) => number;
  /** Clocks have changed. */
  readonly look: () => void;
  readonly close: () => void;
}

interface Waiting {
  readonly host: string;
  readonly due_ms: number;
  readonly end: () => void;
  /** Waits the rest in real time. */
  readonly goOn: (rest_ms: number) => void;
}

/** Nobody waits yet. */
export function createDelays(store: Store): Delays {
  const byHand = new Set<Waiting>();
  const ends = new Set<() => void>();
  const lookAt = async (waiting: Waiting): Promise<void> => {
    const clock = await store.service.clock(waiting.host);
    if (!byHand.has(waiting)) return;
    if (clock?.mode === 'manual') {
      if (clock.advanced_ms >= waiting.due_ms) waiting.end();
      return;
    }
    // A clock that goes again, or whose host is gone: what is left is real.
    byHand.delete(waiting);
    waiting.goOn(Math.max(0, waiting.due_ms - (clock?.advanced_ms ?? 0)));
  };
  const wait = (
    signal: AbortSignal,
    begin: (end: () => void, goOn: Waiting['goOn']) => void,
  ): Promise<void> =>
    new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const end = (): void => {
        clearTimeout(timer);
        ends.delete(end);
        signal.removeEventListener('abort', end);
        resolve();
      };
      ends.add(end);
      signal.addEventListener('abort', end);
      begin(end, (rest_ms) => {
        timer = setTimeout(end, rest_ms);
      });
      if (signal.aborted) end();
    });
  return {
    delay: async ({ selector: { host } }, delay_ms, signal) => {
      const clock = host === undefined ? null : await store.service.clock(host);
      if (host === undefined || clock?.mode !== 'manual') return wait(signal, (_end, goOn) => goOn(delay_ms));
      const due_ms = clock.advanced_ms + delay_ms;
      return wait(signal, (end, goOn) => {
        const waiting: Waiting = {
          ...{ host, due_ms, goOn },
          end: () => {
            byHand.delete(waiting);
            end();
          },
        };
        byHand.add(waiting);
        signal.addEventListener('abort', waiting.end);
        void lookAt(waiting);
      });
    },
    waiting: (host) => [...byHand].filter((waiting) => waiting.host === host).length,
    look: () => {
      for (const waiting of byHand) void lookAt(waiting);
    },
    close: () => {
      for (const end of ends) end();
    },
  };
}
