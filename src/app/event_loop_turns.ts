import { setImmediate } from 'node:timers/promises';

/** Work of this long is done in a turn of the event loop; what is begun is not cut. */
const TURN_MS = 10;

/** Does all of it, some milliseconds a turn, so that others have theirs between. */
export async function inTurns<T>(items: Iterable<T>, work: (item: T) => void): Promise<void> {
  let begun = performance.now();
  for (const item of items) {
    if (performance.now() - begun >= TURN_MS) {
      await setImmediate();
      begun = performance.now();
    }
    work(item);
  }
}

/** Does a short piece of work when those that were given before are done. */
export type TurnQueue = <T>(work: () => T | PromiseLike<T>) => Promise<T>;

/** Does what many ask for at once in their order, some milliseconds a turn. */
export function createTurnQueue(): TurnQueue {
  let waiting: (() => void)[] = [];
  let isRunning = false;
  const run = async (): Promise<void> => {
    isRunning = true;
    while (waiting.length > 0) {
      const now = waiting;
      waiting = [];
      await inTurns(now, (work) => work());
      await setImmediate();
    }
    isRunning = false;
  };
  return (work) =>
    new Promise((resolve) => {
      // What it throws goes to who has asked.
      waiting.push(() => resolve((async () => await work())()));
      if (!isRunning) void run();
    });
}
