import type { Decision } from '../engine/handle.ts';
import type { Refusal } from '../engine/model/refusal.ts';
import type { Submitted } from './port.ts';

/**
 * What another thread made of a piece of work, of a state of its host that was committed: of a command its decision,
 * which holds for that state alone; of a question or a dry run its answer, which says of which state it is.
 */
export type Decided =
  | { readonly decision: Decision | Refusal; readonly host_seq: number }
  | { readonly answered: Submitted };

/** What the writer says of work that takes more than one run: another thread is to decide it first. Nothing is done. */
export interface Undecided {
  readonly status: 'undecided';
}
