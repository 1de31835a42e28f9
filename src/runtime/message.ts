import type { CheckpointState } from '../store/checkpoint.ts';
import type { Undecided } from '../store/decided.ts';
import type { Unavailable } from '../store/fault.ts';
import type { Commit, StoreHealth, Submission, Submitted, WriterBatch } from '../store/port.ts';
import type { Retention } from '../store/retention.ts';
import type { Work } from '../store/transact.ts';
import type { OwnReads } from './own_reads.ts';
import type { PackedError } from './thread_error.ts';

/** What the writer's thread is started with. */
export interface WriterData {
  readonly path: string;
  readonly cacheBytes: number;
  readonly busyTimeoutMs: number;
  readonly turnMs: number;
  readonly walBytesMax: number;
  readonly retention: Retention;
  readonly ownReads: OwnReads;
}

/** What the writer is sent. A question has an id, by which its answer is known; `decided` is packed; `resumes` is the hold that it ends. */
export type ToWriter =
  | {
      readonly type: 'work';
      readonly id: number;
      readonly work: Work;
      readonly decided: ArrayBuffer | null;
      readonly resumes: number | null;
    }
  | {
      readonly type: 'submit_packed';
      readonly id: number;
      readonly submission: Omit<Submission, 'command'>;
      readonly command: ArrayBuffer;
      /** See Work. */
      readonly is_long: boolean;
      /** Whether the answer is to be packed, too. */
      readonly packs_answer: boolean;
      readonly decided: ArrayBuffer | null;
      readonly resumes: number | null;
    }
  /** What a host was held for is not decided: who waits for it goes on. */
  | { readonly type: 'let_go'; readonly hold: number }
  | { readonly type: 'check'; readonly id: number }
  /** Where the process answers, for whoever finds the file taken. */
  | { readonly type: 'serve_at'; readonly url: string }
  | { readonly type: 'close' };

/** Work that another thread is to decide first. `hold`: under this number its host is held; null where it is not. */
export interface LeftUndecided extends Undecided {
  readonly hold: number | null;
}

/** What became of one piece of work: its answer, or the bug that rolled it back. */
export type WireSettled =
  | { readonly submitted: Submitted<unknown> | LeftUndecided }
  | { readonly error: PackedError };

/** What the writer tells. */
export type FromWriter =
  /** `path` is the file's own, without symbolic links. */
  | { readonly type: 'ready'; readonly path: string }
  /** One commit: whom it answers, in order. */
  | {
      readonly type: 'committed';
      readonly ids: readonly number[];
      readonly settled: readonly WireSettled[];
      readonly commit: Commit | null;
      readonly batch: WriterBatch;
    }
  /** No commit: nothing that these ask is stored. */
  | { readonly type: 'refused'; readonly ids: readonly number[]; readonly why: Unavailable }
  | {
      readonly type: 'checked';
      readonly id: number;
      readonly health: StoreHealth | Unavailable;
    }
  | { readonly type: 'check_failed'; readonly id: number; readonly error: PackedError }
  | { readonly type: 'checkpoints'; readonly state: CheckpointState }
  | {
      readonly type: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly fields: object;
      readonly message: string;
    }
  /** The file could not be opened, or the world failed. Nobody in the batch is answered: it may or may not be stored. */
  | { readonly type: 'fatal'; readonly error: PackedError };
