import { parentPort } from 'node:worker_threads';
import { handedOver } from './hand_over.ts';
import { packError, type PackedError } from './thread_error.ts';

/** What a thread posts for each job: its result, or what it threw. */
export type JobAnswer = { readonly result: unknown } | { readonly error: PackedError };

/** What a thread does: it answers jobs, and works ahead between them. */
export interface Work<Job = never, Result = unknown> {
  readonly answer: (job: Job) => Result;
  /** A slice of work that nobody waits for; whether more is left. What it throws is left to the next job to meet. */
  readonly between: () => boolean;
}

/**
 * Answers jobs in this thread, one after another. `prepare` runs with the first, so that what fails in it (a file that
 * cannot be opened, say) is reported to whoever asked.
 */
export function serveJobs(prepare: () => (job: never) => unknown): void {
  serveWork(() => ({ answer: prepare(), between: () => false }));
}

/** The same, and works ahead between jobs, a slice a turn of the event loop: a job that comes waits for one at most. */
export function serveWork(prepare: () => Work): void {
  const port = parentPort;
  if (port === null) throw new Error('jobs are answered in a thread of their own');
  let work: Work | null = null;
  let isAhead = false;
  const goAhead = (): void => {
    isAhead = work !== null && isLeft(work);
    if (isAhead) setImmediate(goAhead);
  };
  port.on('message', (job) => {
    try {
      work ??= prepare();
      const result = work.answer(job as never);
      port.postMessage({ result } satisfies JobAnswer, handedOver(result));
    } catch (error) {
      port.postMessage({ error: packError(error) } satisfies JobAnswer);
    }
    if (!isAhead) setImmediate(goAhead);
    isAhead = true;
  });
}

function isLeft({ between }: Work): boolean {
  try {
    return between();
  } catch {
    return false;
  }
}
