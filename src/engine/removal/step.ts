import type { DaxDevice } from '../model/host.ts';
import type { Transaction } from '../model/transaction.ts';
import type { RemovalRecord, SignalRow, StepParameters, StepResult, WaitingOn } from '../model/removal.ts';

/** What a step works with. It changes the host through the transaction and says how it ended. */
export interface StepInput {
  readonly tx: Transaction;
  readonly removal: RemovalRecord;
  readonly device: DaxDevice;
  readonly parameters: StepParameters;
}

/** `stuck`: the kernel never finishes this step. `unknown`: nobody knows what it does (UNK5). `log` are kernel log lines, `result` the facts for the report. */
export interface StepOutput {
  readonly end: 'done' | 'wait' | 'stuck' | 'unknown';
  readonly waiting_on?: readonly WaitingOn[];
  readonly signals?: readonly SignalRow[];
  readonly hwpoisoned?: number;
  readonly result?: StepResult;
  readonly log?: readonly string[];
  /** The file system whose s_umount it has, where it never finishes with that. */
  readonly holds_s_umount_of?: string;
}
