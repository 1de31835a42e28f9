import type { Clock } from '../../src/app/webhooks/clock.ts';

/** A clock that runs with the machine's and is put forward by hand; nothing is called but when it is. */
export interface HandClock extends Clock {
  readonly forward: (ms: number) => void;
}

export function createHandClock(): HandClock {
  const calls = new Set<{ readonly at_ms: number; readonly act: () => void }>();
  let ahead_ms = 0;
  const now = (): number => new Date().getTime() + ahead_ms;
  return {
    now,
    after: (ms, act) => {
      const call = { at_ms: now() + ms, act };
      calls.add(call);
      return () => void calls.delete(call);
    },
    forward: (ms) => {
      ahead_ms += ms;
      for (const call of calls) {
        if (call.at_ms > now()) continue;
        calls.delete(call);
        call.act();
      }
    },
  };
}
