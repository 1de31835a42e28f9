import type { Resource } from './resource.ts';

/** That the state of a host was kept; the state itself is the store's. */
export interface Snapshot extends Resource {
  readonly id: string;
  /** What its maker calls it. */
  readonly name: string | null;
  readonly taken_at: string;
  /** How many records of each kind it has; kinds of which there was none are absent. */
  readonly records: Readonly<Record<string, number>>;
}

/** The state that a host is in is kept. */
export interface CreateSnapshot {
  readonly type: 'create_snapshot';
  readonly name?: string;
}

/** What was kept goes. */
export interface DeleteSnapshot {
  readonly type: 'delete_snapshot';
  readonly snapshot: string;
}
