import type { Clock } from './clock.ts';

/** Runs one thing at a time, and once more where it was asked for meanwhile or says so itself. */
export function once(run: () => Promise<boolean>, failed: (error: unknown) => void): () => void {
  let isRunning = false;
  let isAsked = false;
  const go = async (): Promise<void> => {
    isRunning = true;
    try {
      do {
        isAsked = false;
        if (await run()) isAsked = true;
      } while (isAsked);
    } catch (error) {
      failed(error);
    } finally {
      isRunning = false;
    }
  };
  return () => {
    isAsked = true;
    if (!isRunning) void go();
  };
}

/** Calls `act` at the earliest of the times that it was set to; null calls it off. */
export function createAlarm(clock: Clock, act: () => void): (at_ms: number | null) => void {
  let set: { readonly at_ms: number; readonly callOff: () => void } | null = null;
  return (at_ms) => {
    if (at_ms !== null && set !== null && set.at_ms <= at_ms) return;
    set?.callOff();
    set = null;
    if (at_ms === null) return;
    const callOff = clock.after(Math.max(0, at_ms - clock.now()), () => {
      set = null;
      act();
    });
    set = { at_ms, callOff };
  };
}
