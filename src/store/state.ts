import type { Resource } from '../engine/model/resource.ts';

/** One state of one record: the revision is new with every change, the uid with every new owner of a name. */
export type RecordState = Pick<Resource, 'uid' | 'revision'>;

/** A key under which the reply is kept 24 h, in the effect's own transaction: whoever asks again gets it again. */
export interface Idempotency {
  readonly key: string;
  /** A hash of the request as it was understood. */
  readonly fingerprint: string;
}

/** Of which committed state something is, and how far back the journal goes in it. */
export interface Seen {
  /** The number of the last event in it; 0 where there is none. */
  readonly as_of: number;
  /** The oldest event that is kept: what came before is gone from the journal. 1 where nothing is. */
  readonly oldest_seq: number;
}
