import type { NeverEnding } from '../model/never_ending.ts';
import type { Errno } from '../model/vocabulary.ts';

/** What a kernel does at one operation on a stale entry or dead file system: a closed answer, with where an oops strikes. */
export type Effect =
  | { readonly do: 'ok' }
  | { readonly do: 'errno'; readonly errno: Errno }
  | { readonly do: 'livelock' }
  | OopsEffect;

/** An oops, and what it costs. */
export interface OopsEffect {
  readonly do: 'oops';
  readonly at: string;
  /** What becomes of the task the oops strikes. `stuck`: never reaped; `dies`: reaped (killed_by SIGKILL). */
  readonly task: 'stuck' | 'dies';
  /** What its death leaves without an end for all others; absent where it costs the task alone (S31). */
  readonly never_ends?: NeverEnding;
  /** The task exits with the lock of its table of PMDs: what that costs depends on what it still maps (S50). */
  readonly locks?: 'pmd_table';
  /** What the kernel logs beside the oops. */
  readonly log?: string;
}

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
export function stuck(at: string): OopsEffect {
  return { do: 'oops', at, task: 'stuck' };
}

/** The same, by a task that exits with the lock of its table of PMDs, and zaps what it maps. */
export function stuckWithTable(at: string): OopsEffect {
  return { ...stuck(at), locks: 'pmd_table' };
}

/**
 * An oops within rcu_read_lock() after which the task is never reaped: no grace period ends any more. The task spins on
 * the lock of its page table, or was exiting already, so that exit_rcu() is skipped (S31b, S31c).
 */
export function stuckWithinRcu(at: string): OopsEffect {
  return { ...stuck(at), never_ends: 'rcu' };
}

/** The same by a task that was exiting: the scheduler finds it within its section. Source: rcu_note_context_switch(). */
export function exitsWithinRcu(at: string): OopsEffect {
  const log = 'Voluntary context switch within RCU read-side critical section!';
  return { ...stuckWithinRcu(at), log };
}

/** An oops that kills the task. */
export function dies(at: string): OopsEffect {
  return { do: 'oops', at, task: 'dies' };
}

/** What is met at a PTE, and at a PMD. */
export function at<Answer extends Effect>(pte: Answer, pmd: Answer): ByLevel<Answer> {
  return { pte, pmd };
}
