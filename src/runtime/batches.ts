import { describeFault, StoreFault, unavailableFor, type Unavailable } from '../store/fault.ts';
import { holdsHost, type BatchResult, type Settled, type Work } from '../store/transact.ts';
import type { LoadMore } from '../store/load_ahead.ts';
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
 *    │ host held        │ a command left undecided, or with much to load: it ends the batch, its host is held
 *    ▼                  ▼
 *   waiting ◀── what is queued of the host        another thread decides it    it is loaded, a slice behind each batch
 *    │                                                │                            │ all of it: run again
 *    └──▶ in front of the queue ◀── the decision is committed, fails, or takes too long
 */
export function collectBatches(options: BatchOptions): Batches {
  let queue: Queued[] = [];
  const loading = createLoading();
  let [failed, flushing, isDue] = [false, false, false];
  const runBatch = createRunBatch(options, () => {
    failed = true;
  });
  const wake = (): void => {
    if (isDue || failed || (queue.length === 0 && loading.isOver())) return;
    isDue = true;
    setImmediate(run);
  };
  const enqueue = (next: Queued[]): void => {
    queue = next;
    wake();
  };
  const letGo = (hold: number): void => enqueue([...held.letGo(hold), ...queue]);
  const held = createHeldHosts<Queued>(options.holdMs, letGo);
  const runOne = (): void => {
    const batch = queue.slice(0, BATCH_MAX);
    let holding: Queued | null = null;
    const { taken, more } = runBatch(batch, (queued) => {
      holding = flushing ? null : queued;
      return flushing ? null : held.hold(queued);
    });
    if (more !== null) {
      holding = batch[taken - 1]!;
      loading.add({ ...holding, resumes: held.hold(holding) }, more);
    }
    const ended = batch.slice(0, taken).filter((queued) => queued !== holding);
    const waited = ended.flatMap(({ resumes }) => (resumes === null ? [] : held.letGo(resumes)));
    queue = [...waited, ...queue.slice(taken)].filter((queued) => !held.keeps(queued));
  };
  const turn = (): void => {
    if (queue.length > 0) runOne();
    if (failed) return;
    const loaded = loading.slice();
    if (loaded !== null && !held.keeps(loaded)) queue.unshift(loaded);
  };
  const run = (): void => {
    isDue = false;
    if (failed) return;
    turn();
    wake();
  };
  return {
    add: (queued) => {
      if (held.keeps(queued)) return;
      queue.push(queued);
      wake();
    },
    letGo,
    flush: () => {
      flushing = true;
      queue = [...held.letAllGo(), ...queue];
      while ((queue.length > 0 || !loading.isOver()) && !failed) turn();
    },
  };
}

/** What waits until all is loaded that it asks for. */
interface Loading {
  readonly add: (queued: Queued, more: LoadMore) => void;
  readonly isOver: () => boolean;
  /** Loads a slice for the first; who it is, if that was the last one. */
  readonly slice: () => Queued | null;
}

function createLoading(): Loading {
  const waiting: (readonly [Queued, LoadMore])[] = [];
  return {
    add: (queued, more) => void waiting.push([queued, more]),
    isOver: () => waiting.length === 0,
    slice: () => {
      const [first] = waiting;
      if (first === undefined || isLeft(first[1])) return null;
      waiting.shift();
      return first[0];
    },
  };
}

/** Loads a slice; whether more is left. What it throws is left to the batch to meet. */
function isLeft(more: LoadMore): boolean {
  try {
    return more();
  } catch {
    return false;
  }
}

/** How many of a batch were taken, and how the last of them goes on if it has to be run again. */
interface Ran {
  readonly taken: number;
  readonly more: LoadMore | null;
}

/**
 * Runs a batch, as much of it as one turn has time for, and reports what became of that, of all but who is to be run again.
 * `hold` is asked for the last that it took, where its host waits for what another thread decides. The
 * files are looked at before the transaction, where nothing is stored yet, and after its commit: what was committed to a
 * file that has gone meanwhile is stored if the file comes back and lost if it does not, so nobody in the batch is
 * answered and the process has to stop, as after a disk that failed.
 */
function createRunBatch(
  { path, transact, lost, tell, afterCommit }: BatchOptions,
  stop: () => void,
): (batch: readonly Queued[], hold: (queued: Queued) => number | null) => Ran {
  const noteState = createNoteState(path, tell);
  return (batch, hold) => {
    const all = { taken: batch.length, more: null };
    const refuse = (why: Unavailable): Ran => {
      noteState(why);
      tell({ type: 'refused', ids: batch.map(({ id }) => id), why });
      return all;
    };
    try {
      const before = lost();
      if (before !== null) return refuse(notOurs(before));
      const { settled, commit, batch: told } = transact(batch.map(({ work }) => work));
      const after = lost();
      if (after !== null) throw lostInCommit(after);
      noteState(null);
      const ids: number[] = [];
      const wire: WireSettled[] = [];
      let more: LoadMore | null = null;
      for (const [at, each] of settled.entries()) {
        if ('more' in each) ({ more } = each);
        else {
          ids.push(batch[at]!.id);
          wire.push(packSettled(batch[at]!, each, hold));
        }
      }
      if (ids.length > 0) tell({ type: 'committed', ids, settled: wire, commit, batch: told });
      afterCommit();
      return { taken: settled.length, more };
    } catch (error) {
      const why = unavailableFor(error, path);
      if (why !== null) return refuse(why);
      stop();
      tell({ type: 'fatal', error: packError(describeFault(error, path)) });
      return all;
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

function packSettled(
  queued: Queued,
  settled: Exclude<Settled, { readonly more: LoadMore }>,
  hold: (queued: Queued) => number | null,
): WireSettled {
  if ('error' in settled) return { error: packError(settled.error) };
  const { submitted } = settled;
  if (submitted.status === 'done' && queued.packs_answer === true)
    return { submitted: { ...submitted, answer: packJson(submitted.answer) } };
  if (submitted.status !== 'undecided') return { submitted };
  return { submitted: { ...submitted, hold: holdsHost(queued.work, settled) ? hold(queued) : null } };
}
