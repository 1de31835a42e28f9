import type { RemovalRecord } from '../engine/model/removal.ts';
import type { RemovalState } from '../engine/model/vocabulary.ts';
import type { Store } from '../store/port.ts';

/** Wakes whoever waits for a removal to end. */
export interface Feed {
  /**
   * The removal as soon as it is completed or stuck, or as it stands when the time is up or the signal is given; null
   * where there is none, or as soon as it is gone.
   */
  waitForRemoval(uid: string, timeout_ms: number, signal?: AbortSignal): Promise<RemovalRecord | null>;
  /** Lets everyone who waits go. */
  close(): void;
}

/** One subscription to the store's commits serves all who wait. */
export function createFeed(store: Store): Feed {
  const waiting = new Map<string, Set<() => void>>();
  let closed = false;
  const wake = (uid: string): void => {
    for (const go of waiting.get(uid) ?? []) go();
  };
  const unsubscribe = store.onCommit(({ removals }) => {
    for (const { uid, state } of removals) if (state === null || isOver(state)) wake(uid);
  });
  /** Listens from now on, so that an end between the first look and the wait is not missed. */
  const listen = (
    uid: string,
    timeout_ms: number,
    signal: AbortSignal | undefined,
  ): { readonly ended: Promise<void>; readonly stop: () => void } => {
    const { promise, resolve } = deferred();
    const those = waiting.get(uid) ?? new Set();
    waiting.set(uid, those.add(resolve));
    const timer = setTimeout(resolve, timeout_ms);
    if (signal?.aborted === true) resolve();
    else signal?.addEventListener('abort', resolve);
    const stop = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', resolve);
      those.delete(resolve);
      if (those.size === 0 && waiting.get(uid) === those) waiting.delete(uid);
    };
    return { ended: promise, stop };
  };
  return {
    waitForRemoval: async (uid, timeout_ms, signal) => {
      const { ended, stop } = listen(uid, timeout_ms, signal);
      try {
        const now = await store.getByUid('removals', uid);
        if (now === null || isOver(now.state) || closed) return now;
        await ended;
        return await store.getByUid('removals', uid);
      } finally {
        stop();
      }
    },
    close: () => {
      closed = true;
      unsubscribe();
      for (const uid of [...waiting.keys()]) wake(uid);
    },
  };
}

/** Whether a removal in this state will not go on by itself or by anything but a reboot. */
export function isOver(state: RemovalState): boolean {
  return state === 'completed' || state === 'stuck';
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
