import type { Errno } from '../model/vocabulary.ts';

/** What a kernel does at one operation on a stale entry or dead file system: a closed answer, with where an oops strikes. */
export type Effect =
  | { readonly do: 'ok' }
  | { readonly do: 'errno'; readonly errno: Errno }
  | { readonly do: 'livelock' }
  /** `task`: what becomes of the task the oops strikes. `stuck`: never reaped; `dies`: reaped (killed_by SIGKILL). */
  | { readonly do: 'oops'; readonly at: string; readonly task: 'stuck' | 'dies' };

/** What gup meets at a stale entry: it never just succeeds. */
export type GupEffect = Exclude<Effect, { readonly do: 'ok' }>;

/** One effect by the size of the entry; PUD entries count as PMD. */
export interface ByLevel<Answer extends Effect = Effect> {
  readonly pte: Answer;
  readonly pmd: Answer;
}

/** Nothing happens to the kernel or the caller. */
export const ok: Effect = { do: 'ok' };

/** An oops after which the task is never reaped. */
export function stuck(at: string): GupEffect {
  return { do: 'oops', at, task: 'stuck' };
}

/** An oops that kills the task. */
export function dies(at: string): GupEffect {
  return { do: 'oops', at, task: 'dies' };
}

/** What is met at a PTE, and at a PMD. */
export function at<Answer extends Effect>(pte: Answer, pmd: Answer): ByLevel<Answer> {
  return { pte, pmd };
}
