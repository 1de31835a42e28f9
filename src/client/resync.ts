import type { Problem } from './problem.ts';

/** What a service that lost the place of a reader says; `reason` is `events_gone` or `after_end`. */
export interface Resync {
  readonly reason: string;
  readonly after: number;
  /** Absent of a 410. */
  readonly as_of?: number;
  readonly oldest_seq: number;
}

/**
 * The place of a reader is gone: the journal does not keep what follows, or has no such event yet. List anew, then follow
 * behind the `as_of` of the list.
 */
export class ResyncError extends Error {
  override readonly name = 'ResyncError';
  readonly resync: Resync;

  constructor(resync: Resync) {
    super(`the events behind ${String(resync.after)} cannot be followed (${resync.reason}): list anew`);
    this.resync = resync;
  }
}

/** A 410, of whoever has read up to a place. */
export function goneBehind(place: unknown, problem: Problem | undefined): ResyncError {
  return new ResyncError({
    reason: problem?.code ?? 'events_gone',
    after: Number(place ?? 0),
    oldest_seq: problem?.oldest_seq ?? 0,
  });
}
