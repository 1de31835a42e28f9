import { parentPort } from 'node:worker_threads';
import { handedOver } from './hand_over.ts';
import { packError, type PackedError } from './thread_error.ts';

/** What a thread posts for each job: its result, or what it threw. */
export type JobAnswer = { readonly result: unknown } | { readonly error: PackedError };

/**
 * Answers jobs in this thread, one after another. `prepare` runs with the first, so that what fails in it (a file that
 * cannot be opened, say) is reported to whoever asked.
 */
export function serveJobs(prepare: () => (job: never) => unknown): void {
  const port = parentPort;
  if (port === null) throw new Error('jobs are answered in a thread of their own');
  let answer: ((job: never) => unknown) | null = null;
  port.on('message', (job) => {
    try {
      answer ??= prepare();
      const result = answer(job as never);
      port.postMessage({ result } satisfies JobAnswer, handedOver(result));
    } catch (error) {
      port.postMessage({ error: packError(error) } satisfies JobAnswer);
    }
  });
}
