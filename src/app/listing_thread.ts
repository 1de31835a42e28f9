import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { spawnThread, threadFile } from '../store/spawn_thread.ts';
import type { ListingJob } from './listing.ts';

/** Runs work on listings beside the event loop; the thread starts with the first job. */
export interface ListingThread {
  /** One job after another. Rejects where the thread dies: the next job starts another. */
  run<T>(job: ListingJob): Promise<T>;
  close(): Promise<void>;
}

export function createListingThread(): ListingThread {
  let worker: Worker | null = null;
  let last: Promise<unknown> = Promise.resolve();
  const runNow = async (job: ListingJob): Promise<unknown> => {
    const own = (worker ??= spawnThread(threadFile(import.meta.url, 'listing_worker'), null));
    own.ref();
    const over = new AbortController();
    const died = once(own, 'exit', over).then(() => {
      worker = null;
      throw new Error('the thread that reads listings ended');
    });
    try {
      own.postMessage(job);
      // once() rejects on the thread's `error`: a bug in there, thrown here.
      const [result] = (await Promise.race([once(own, 'message', over), died])) as [unknown];
      return result;
    } finally {
      died.catch(() => undefined);
      over.abort();
      own.unref();
    }
  };
  return {
    run: <T>(job: ListingJob): Promise<T> => {
      const turn = last.then(() => runNow(job));
      last = turn.catch(() => undefined);
      return turn as Promise<T>;
    },
    close: async () => {
      await last;
      await worker?.terminate();
    },
  };
}
