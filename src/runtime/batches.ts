import { describeFault, StoreFault, unavailableFor, type Unavailable } from '../store/fault.ts';
import { holdsHost, type BatchResult, type Settled, type Work } from '../store/transact.ts';
import { packJson } from '../store/packed.ts';
import { createHeldHosts } from './held_hosts.ts';
import type { FromWriter, WireSettled } from './message.ts';
import { packError } from './thread_error.ts';

/** A bound on how long the first of a batch waits for the last. */
const BATCH_MAX = 512;

/** Work that waits for its batch. */
interface Queued {
  readonly id: number;
  readonly work: Work;
  /** The hold of its host that it ends, with what another thread has decided; null where it ends none. */
  readonly resumes: number | null;
  /** Whether its answer is packed before it is told; false where absent. */
  readonly packs_answer?: boolean;
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
  /** How long a host is held at a time while another thread decides a command of its. */
  readonly holdMs: number;
}

/** The queue of submissions before the writer. */
export interface Batches {
  readonly add: (queued: Queued) => void;
  /** Nobody decides what a host is held for any more: whoever waits goes on. */
  readonly letGo: (hold: number) => void;
  /** Commits what is queued, and holds no host any more. */
  readonly flush: () => void;
}

/**
 * Group commit: what was queued is run at the next turn of the event loop, a batch a turn.
 *
 *   add ──▶ queue ──▶ batch ──done──▶ answered
 *    │ host held        │ a command left undecided: it ends the batch, its host is held
 *    ▼                  ▼
 *   waiting ◀── what is queued of the host        another thread decides it
 *    │                                                │
 *    └──▶ in front of the queue ◀── the decision is committed, fails, or takes too long
 */
export function collectBatches(options: BatchOptions): Batches {
  let queue: Queued[] = [];
  let [failed, flushing] = [false, false];
  const runBatch = createRunBatch(options, () => {
    failed = true;
  });
  const enqueue = (next: Queued[]): void => {
    const isIdle = queue.length === 0;
    queue = next;
    if (isIdle && queue.length > 0) setImmediate(run);
  };
  const letGo = (hold: number): void => enqueue([...held.letGo(hold), ...queue]);
  const held = createHeldHosts<Queued>(options.holdMs, letGo);
  const runOne = (): void => {
    const batch = queue.slice(0, BATCH_MAX);
    let holding: Queued | null = null;
    const taken = runBatch(batch, (queued) => {
      holding = flushing ? null : queued;
      return flushing ? null : held.hold(queued);
    });
    const ended = batch.slice(0, taken).filter((queued) => queued !== holding);
    const waited = ended.flatMap(({ resumes }) => (resumes === null ? [] : held.letGo(resumes)));
    queue = [...waited, ...queue.slice(taken)].filter((queued) => !held.keeps(queued));
  };
  const run = (): void => {
    if (queue.length === 0 || failed) return;
    runOne();
    if (queue.length > 0) setImmediate(run);
  };
  return {
    add: (queued) => {
      if (held.keeps(queued)) return;
      queue.push(queued);
      if (queue.length === 1) setImmediate(run);
    },
    letGo,
    flush: () => {
      flushing = true;
      queue = [...held.letAllGo(), ...queue];
      while (queue.length > 0 && !failed) runOne();
    },
  };
}

/**
 * Runs a batch, as much of it as one turn has time for, and reports what became of that; returns how many it took. `hold`
 * is asked for the last of these, where its host waits for what another thread decides. The
 * files are looked at before the transaction, where nothing is stored yet, and after its commit: what was committed to a
 * file that has gone meanwhile is stored if the file comes back and lost if it does not, so nobody in the batch is
 * answered and the process has to stop, as after a disk that failed.
 */
function createRunBatch(
  { path, transact, lost, tell, afterCommit }: BatchOptions,
  stop: () => void,
): (batch: readonly Queued[], hold: (queued: Queued) => number | null) => number {
  const noteState = createNoteState(path, tell);
  return (batch, hold) => {
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
      const taken = batch.slice(0, settled.length);
      const wire = taken.map((queued, at) => packSettled(queued, settled[at]!, hold));
      tell({ type: 'committed', ids: taken.map(({ id }) => id), settled: wire, commit });
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

function packSettled(queued: Queued, settled: Settled, hold: (queued: Queued) => number | null): WireSettled {
  if ('error' in settled) return { error: packError(settled.error) };
  const { submitted } = settled;
  if (submitted.status === 'done' && queued.packs_answer === true)
    return { submitted: { ...submitted, answer: packJson(submitted.answer) } };
  if (submitted.status !== 'undecided') return { submitted };
  return { submitted: { ...submitted, hold: holdsHost(queued.work, settled) ? hold(queued) : null } };
}
