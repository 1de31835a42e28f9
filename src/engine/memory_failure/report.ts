import type { Dependent } from '../model/depends_on.ts';
import type { Badblocks, HostRecord } from '../model/host.ts';
import type { SignalRow } from '../model/removal.ts';
import type { Errno, MemoryFailureResult } from '../model/vocabulary.ts';

/** What memory_failure() or soft_offline_page() of a range came to. An errno of the kernel is an outcome. */
export interface MemoryFailureReport extends Dependent {
  readonly result: 'ok' | 'errno';
  /** The first of a call; madvise ends with it. */
  readonly errno: Errno | null;
  readonly action_results: readonly ActionResult[];
  /** Who was signalled; a process twice where its entries had two sizes. */
  readonly processes: readonly FailedProcess[];
  /** Base pages whose entries were removed, counted for each mapping. */
  readonly unmapped_pages: number;
  /** Pages flagged by these calls, flagged before or not. */
  readonly hwpoisoned_pages: number;
  /** Sectors that were found bad, from the start of the device. */
  readonly badblocks: readonly Badblocks[];
  /** Of the host, afterwards. */
  readonly counters: HostRecord['counters'];
  /** Cut to 100 lines. */
  readonly kernel_log: readonly string[];
}

/** Calls that ended alike. `result` is null where the kernel only says `type`. */
export interface ActionResult {
  readonly type: string;
  readonly result: MemoryFailureResult | null;
  readonly errno: Errno | null;
  readonly pages: number;
}

/** `pending`: SIGBUS is blocked. `ignored`: lost. */
export interface FailedProcess extends SignalRow {
  readonly fate: 'delivered' | 'pending' | 'ignored';
}
