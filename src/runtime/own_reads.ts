import type { JobThread } from './job_thread.ts';

/** What of this process reads one state for a while: memory that threads share, a number for each of the below. */
export type OwnReads = Int32Array<SharedArrayBuffer>;

/** How many questions are being answered, or wait for it, that read one state from begin to end. */
const QUESTIONS = 0;
/** 1 while the HTTP thread reads one state for the rest of a turn. */
const SHARED = 1;
/** 1 while a checkpoint is due: no such turn begins. */
const CHECKPOINT = 2;

/** How long the writer waits for the end of one. */
const TURN_MS = 10;

/** None yet. */
export function createOwnReads(): OwnReads {
  return new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT));
}

/** Whether there is a question, or a turn that goes on: no checkpoint gets beyond the state that it reads. */
export function isReading(reads: OwnReads): boolean {
  return Atomics.load(reads, QUESTIONS) > 0 || Atomics.load(reads, SHARED) === 1;
}

/** The same thread, with its jobs counted. */
export function counted<Job>(reads: OwnReads, thread: JobThread<Job>): JobThread<Job> {
  return {
    ...thread,
    run: async <T>(job: Job): Promise<T> => {
      Atomics.add(reads, QUESTIONS, 1);
      try {
        return await thread.run<T>(job);
      } finally {
        Atomics.sub(reads, QUESTIONS, 1);
      }
    },
  };
}

/** Whether one state may be read for the rest of a turn now; then a checkpoint waits for its end, for at most 10 ms. */
export function beginTurn(reads: OwnReads): boolean {
  // Who looks for a checkpoint before that is known may be overlooked by one that begins.
  Atomics.store(reads, SHARED, 1);
  if (Atomics.load(reads, CHECKPOINT) === 0) return true;
  endTurn(reads);
  return false;
}

/** The state is read no more. */
export function endTurn(reads: OwnReads): void {
  Atomics.store(reads, SHARED, 0);
  Atomics.notify(reads, SHARED);
}

/**
 * In the writer: does what gets no further than the oldest state that is read, once the turn has ended that goes on, or
 * `patienceMs` later.
 */
export function betweenTurns<T>(reads: OwnReads, act: () => T, patienceMs = TURN_MS): T {
  Atomics.store(reads, CHECKPOINT, 1);
  Atomics.wait(reads, SHARED, 1, patienceMs);
  try {
    return act();
  } finally {
    Atomics.store(reads, CHECKPOINT, 0);
  }
}
