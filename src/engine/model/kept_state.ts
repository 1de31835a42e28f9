import type { Host } from './host.ts';
import type { Refusal } from './refusal.ts';

/** A state as it was read, which whoever decides looks at and leaves alone; or why there is none. */
export type KeptState = Host | Refusal;

/** The host is as it was when a snapshot of it was taken. */
export interface RestoreHost {
  readonly type: 'restore_host';
  readonly snapshot: string;
  /** Whoever decides puts it in: it passes no thread. */
  readonly state: KeptState;
}

/** A new host is as another one is, or was when a snapshot of that was taken. */
export interface ForkHost {
  readonly type: 'fork_host';
  readonly name: string;
  readonly from: string;
  readonly snapshot?: string;
  /** As of a restore. */
  readonly state: KeptState;
}
