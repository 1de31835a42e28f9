import type { Commit, StoreHealth, Submission } from './port.ts';
import type { Settled } from './transact.ts';

/** What the writer's thread is started with. */
export interface WriterData {
  readonly path: string;
  readonly cachedHosts: number;
}

export type ToWriter =
  | { readonly type: 'submit'; readonly id: number; readonly submission: Submission }
  | { readonly type: 'check'; readonly id: number }
  | { readonly type: 'close' };

export type FromWriter =
  | { readonly type: 'ready' }
  /** One commit: whom it answers, in order. */
  | {
      readonly type: 'committed';
      readonly ids: readonly number[];
      readonly settled: readonly Settled[];
      readonly commit: Commit | null;
    }
  | { readonly type: 'checked'; readonly id: number; readonly health: StoreHealth | Error }
  /** The world failed. Nobody in the batch is answered: what they asked may or may not be stored. */
  | { readonly type: 'fatal'; readonly error: Error };
