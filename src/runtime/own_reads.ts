import type { JobThread } from './job_thread.ts';

/** How many questions are being answered, or wait for it, that read one state from begin to end: memory that threads share. */
export type OwnReads = Int32Array<SharedArrayBuffer>;

/** None yet. */
export function createOwnReads(): OwnReads {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** Whether there is one: no checkpoint gets beyond the state that it reads. */
export function isReading(reads: OwnReads): boolean {
  return Atomics.load(reads, 0) > 0;
}

/** The same thread, with its jobs counted. */
export function counted<Job>(reads: OwnReads, thread: JobThread<Job>): JobThread<Job> {
  return {
    ...thread,
    run: async <T>(job: Job): Promise<T> => {
      Atomics.add(reads, 0, 1);
      try {
        return await thread.run<T>(job);
      } finally {
        Atomics.sub(reads, 0, 1);
      }
    },
  };
}
