import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { spawnThread } from './spawn_thread.ts';

/** A thread that answers jobs, one after another; it starts with the first. */
export interface JobThread<Job> {
  /** Rejects where the thread dies: the next job starts another. */
  run<T>(job: Job): Promise<T>;
  close(): Promise<void>;
}

/** `file` is the thread's first: it posts one answer for each message it gets. */
export function createJobThread<Job>(file: URL, workerData: unknown, about: string): JobThread<Job> {
  let worker: Worker | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;
  const runNow = async (job: Job): Promise<unknown> => {
    const own = (worker ??= spawnThread(file, workerData));
    own.ref();
    const over = new AbortController();
    const died = once(own, 'exit', over).then(() => {
      worker = null;
      throw new Error(`${about} ended`);
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
    run: async <T>(job: Job): Promise<T> => {
      if (closed) throw new Error(`${about} is closed`);
      const turn = last.then(() => runNow(job));
      last = turn.catch(() => undefined);
      return (await turn) as T;
    },
    close: async () => {
      closed = true;
      await last;
      await worker?.terminate();
    },
  };
}
