import type { Worker } from 'node:worker_threads';
import { ClosingError } from './closing_error.ts';
import { handedOver } from './hand_over.ts';
import type { JobAnswer } from './serve_jobs.ts';
import { spawnThread } from './spawn_thread.ts';
import { unpackError } from './thread_error.ts';

/** A thread that answers jobs, one after another; it starts with the first. */
export interface JobThread<Job> {
  /**
   * Rejects where the job throws, or the thread dies of it in any way: with or without an error, out of memory, or
   * with an answer that cannot be read. The thread is not used again, and the next job starts another. Buffers of a
   * job and of its result are handed over (handedOver).
   */
  run<T>(job: Job): Promise<T>;
  /** Ends the thread; a job that it is at, and every later one, is rejected with ClosingError. */
  close(): Promise<void>;
}

/** Which thread it is. */
export interface JobThreadOptions {
  /** The thread's first file: it calls serveJobs(). */
  readonly file: URL;
  readonly workerData: unknown;
  /** For errors: "the thread that …". */
  readonly about: string;
  /** Beyond this much memory the thread ends, and the process goes on; Node's own bound where absent. */
  readonly heapMaxMib?: number;
}

/** What a thread has made last: Node's own bound is four times as much, which each keeps once it has worked. */
const YOUNG_MIB = 12;

/** Makes a thread for jobs. It keeps the process alive only while it is at one. */
export function createJobThread<Job>(options: JobThreadOptions): JobThread<Job> {
  const { about } = options;
  let thread: Worker | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;
  const isClosed = (): boolean => closed;
  const start = (): Worker => {
    const started = spawnThread(options.file, options.workerData, {
      maxYoungGenerationSizeMb: YOUNG_MIB,
      ...(options.heapMaxMib === undefined ? {} : { maxOldGenerationSizeMb: options.heapMaxMib }),
    });
    // Also between jobs, when nobody else listens: an error without a listener ends the process.
    started.on('error', () => forget(started));
    started.on('exit', () => forget(started));
    return started;
  };
  const forget = (dead: Worker): void => {
    if (thread === dead) thread = null;
  };
  const runNow = async (job: Job): Promise<unknown> => {
    if (isClosed()) throw new ClosingError(about);
    const worker = (thread ??= start());
    worker.ref();
    try {
      return await answerOf(worker, job, about);
    } catch (error) {
      forget(worker);
      await worker.terminate();
      throw isClosed() ? new ClosingError(about) : error;
    } finally {
      worker.unref();
    }
  };
  return {
    run: async <T>(job: Job): Promise<T> => {
      const turn = last.then(() => runNow(job));
      last = turn.catch(() => undefined);
      return (await turn) as T;
    },
    close: async () => {
      closed = true;
      await thread?.terminate();
      await last;
    },
  };
}

/** Sends a job, and takes the first thing that happens to its thread. */
function answerOf(thread: Worker, job: unknown, about: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const over = (): void => {
      for (const [event, listener] of listeners) thread.off(event, listener);
    };
    const fail = (what: string, cause?: unknown): void => {
      over();
      reject(new Error(`${about} ${what}`, cause === undefined ? undefined : { cause }));
    };
    const listeners = [
      [
        'message',
        (answer: JobAnswer) => {
          over();
          if ('error' in answer) reject(unpackError(answer.error));
          else resolve(answer.result);
        },
      ],
      ['messageerror', (error: unknown) => fail('gave an answer that cannot be read', error)],
      ['error', (error: unknown) => fail('failed', error)],
      ['exit', (code: number) => fail(`ended with ${String(code)}`)],
    ] as const;
    for (const [event, listener] of listeners) thread.on(event, listener);
    thread.postMessage(job, handedOver(job));
  });
}
