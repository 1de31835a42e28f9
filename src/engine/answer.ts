import type { Outcome } from './model/outcome.ts';
import type { CxlMemdev, CxlRegion, Exposure, Kind, RecordOf } from './model/host.ts';
import type { MemoryBlock } from './device/kmem/memory_block.ts';
import type { Capacity } from './questions/capacity.ts';
import type { MemoryFailureReport } from './memory_failure/report.ts';
import type { RemovalRecord } from './model/removal.ts';
import type { Assessment, Comparison, Survey } from './questions/record.ts';

/** What a command answers. One of the fields is set, or a record and what became of the write to it. */
export interface Answer {
  readonly record?: RecordOf<Kind>;
  readonly outcome?: Outcome;
  /** Windows that it opened onto another owner's pfns: the first 100 (EX6). */
  readonly exposures?: readonly Exposure[];
  readonly bind?: {
    readonly result: 'ok' | 'blocked';
    readonly blocked_in: string | null;
    readonly kernel_log: readonly string[];
  };
  /** One memory block; after a write to its state also what became of the write. */
  readonly memory_block?: MemoryBlock & {
    readonly result: 'ok' | 'blocked';
    readonly blocked_in: string | null;
  };
  readonly memory_blocks?: { readonly items: readonly MemoryBlock[]; readonly total: number };
  readonly capacity?: Capacity;
  /** What became of each object of a listing, as JSON text: it may be long, and is only sent on. */
  readonly imported?: string;
  /** The removals that a bus event caused, beside its record: the device's own first, then those of its siblings. */
  readonly removals?: readonly RemovalRecord[];
  /** A memdev that goes, and what it takes with it. */
  readonly cxl?: {
    readonly cxl_memdev: CxlMemdev;
    readonly cxl_regions: readonly CxlRegion[];
    readonly removals: readonly RemovalRecord[];
  };
  readonly memory_failure?: MemoryFailureReport;
  readonly survey?: Survey;
  readonly comparison?: Comparison;
  readonly assessments?: readonly Assessment[];
}
