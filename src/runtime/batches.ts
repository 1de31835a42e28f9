import { describeFault, StoreFault, unavailableFor, type Unavailable } from '../store/fault.ts';
import type { BatchResult, Settled, Work } from '../store/transact.ts';
import type { FromWriter, WireSettled } from './message.ts';
import { packError } from './thread_error.ts';

/** A bound on how long the first of a batch waits for the last. */
const BATCH_MAX = 512;

interface Queued {
  readonly id: number;
  readonly work: Work;
}

/** How a batch is committed, and whom it is told to. */
export interface BatchOptions {
  readonly path: string;
  readonly transact: (batch: readonly Work[]) => BatchResult;
  /** Why the file is not ours any more; null while it is. */
  readonly lost: () => string | null;
  readonly tell: (message: FromWriter) => void;
  /** Called when everybody in a batch is answered. */
  readonly afterCommit: () => void;
}

/** The queue of submissions before the writer. */
export interface Batches {
  readonly add: (queued: Queued) => void;
  /** Commits what is queued. */
  readonly flush: () => void;
}

/** Group commit: what was queued is run at the next turn of the event loop, a batch a turn. */
export function collectBatches(options: BatchOptions): Batches {
  let queue: Queued[] = [];
  let failed = false;
  const runBatch = createRunBatch(options, () => {
    failed = true;
  });
  const run = (): void => {
    if (queue.length === 0 || failed) return;
    const taken = runBatch(queue.slice(0, BATCH_MAX));
    queue = queue.slice(taken);
    if (queue.length > 0) setImmediate(run);
  };
  return {
    add: (queued) => {
      queue.push(queued);
      if (queue.length === 1) setImmediate(run);
    },
    flush: () => {
      while (queue.length > 0 && !failed) run();
    },
  };
}

/**
 * Runs a batch, as much of it as one turn has time for, and reports what became of that; returns how many it took. The
 * files are looked at before the transaction, where nothing is stored yet, and after its commit: what was committed to a
 * file that has gone meanwhile is stored if the file comes back and lost if it does not, so nobody in the batch is
 * answered and the process has to stop, as after a disk that failed.
 */
function createRunBatch(
  { path, transact, lost, tell, afterCommit }: BatchOptions,
  stop: () => void,
): (batch: readonly Queued[]) => number {
  const noteState = createNoteState(path, tell);
  return (batch) => {
    const refuse = (why: Unavailable): number => {
      noteState(why);
      tell({ type: 'refused', ids: batch.map(({ id }) => id), why });
      return batch.length;
    };
    try {
      const before = lost();
      if (before !== null) return refuse(notOurs(before));
      const { settled, commit } = transact(batch.map(({ work }) => work));
      const after = lost();
      if (after !== null) throw lostInCommit(after);
      noteState(null);
      const ids = batch.slice(0, settled.length).map(({ id }) => id);
      tell({ type: 'committed', ids, settled: settled.map(packSettled), commit });
      afterCommit();
      return settled.length;
    } catch (error) {
      const why = unavailableFor(error, path);
      if (why !== null) return refuse(why);
      stop();
      tell({ type: 'fatal', error: packError(describeFault(error, path)) });
      return batch.length;
    }
  };
}

/** What is answered while the files under the store's path are not those that are open. */
export function notOurs(detail: string): Unavailable {
  return { unavailable: true, code: 'store_not_ours', detail, retry_after_s: 60 };
}

function lostInCommit(detail: string): StoreFault {
  return new StoreFault(`it is not known whether the last commit was stored: ${detail}`, {
    code: 'lost',
  });
}

/** One line in the log when writing begins to be refused, and one when it works again. */
function createNoteState(
  path: string,
  tell: (message: FromWriter) => void,
): (why: Unavailable | null) => void {
  let before: string | null = null;
  return (why) => {
    const code = why?.code ?? null;
    if (code === before) return;
    before = code;
    if (why === null)
      tell({ type: 'log', level: 'info', fields: { path }, message: 'store takes changes again' });
    else
      tell({
        type: 'log',
        level: 'error',
        fields: { path, code, why: why.detail },
        message: 'store takes no changes',
      });
  };
}

function packSettled(settled: Settled): WireSettled {
  return 'error' in settled ? { error: packError(settled.error) } : settled;
}
