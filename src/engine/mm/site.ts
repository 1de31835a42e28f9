import type { DaxDevice, Mapping, Process } from '../model/host.ts';
import { findRun, type Run } from '../model/mapping_table.ts';
import { entriesOf, type Transaction } from '../model/transaction.ts';

/** Where an access goes in: pages of a mapping, and who asks for them. */
export interface Site {
  readonly tx: Transaction;
  readonly mapping: Mapping;
  readonly device: DaxDevice;
  readonly process: Process;
  /**
   * Who looks into the process; `self` where it is the process, null where it is a process that the host does not
   * record.
   */
  readonly caller: Process | 'self' | null;
  /** First byte, counted from the start of the mapping. */
  readonly offset: number;
  /** First page and count of pages that the access covers. */
  readonly index: number;
  readonly nr: number;
}

/** The run that maps the first page, or null. */
export function runAt({ tx, mapping, index }: Site): Run | null {
  return findRun(entriesOf(tx.host, mapping.id), index);
}
