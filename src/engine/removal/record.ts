import type { Resource } from '../resource.ts';
import type {
  HazardKind,
  KernelName,
  PinHolder,
  RemovalState,
  RemoveTrigger,
  RemoveVia,
  StepName,
  Verdict,
} from '../vocabulary.ts';

/** One `->remove()`: what it was asked, its steps, what it waits on, and its report so far. */
export interface RemovalRecord extends Resource {
  readonly id: string;
  readonly dax_device: string;
  readonly kernel: KernelName;
  readonly trigger: RemoveTrigger;
  readonly via: RemoveVia | null;
  readonly by_pid: number | null;
  readonly state: RemovalState;
  readonly waiting_on: readonly WaitingOn[];
  readonly verdict: Verdict | null;
  readonly hazards: readonly Hazard[];
  readonly steps: readonly StepRecord[];
  readonly report: RemovalReport;
  /** Mapped pfn ranges when it began, for the page accounting. */
  readonly mapped_before: readonly (readonly [pfn: number, nr_pages: number])[];
  readonly created_at: string;
  readonly completed_at: string | null;
}

export interface WaitingOn {
  readonly kind: 'pin' | 'page_reference' | 'mapping';
  readonly pin: string;
  readonly pid: number;
  readonly holder: PinHolder;
  readonly released_by: 'unpin' | 'munmap' | 'exit';
}

export interface Hazard {
  readonly kind: HazardKind;
  readonly detail: string;
  readonly pid: number | null;
  readonly mapping: string | null;
  readonly pin: string | null;
  readonly pfn_ranges: readonly (readonly [pfn: number, nr_pages: number])[];
  readonly writable: boolean;
  /** What the process or operator does that sets it off. */
  readonly triggered_by: readonly string[];
  readonly source: string;
}

export interface StepRecord {
  readonly name: StepName;
  readonly state: 'pending' | 'running' | 'waiting' | 'done';
  readonly source: string;
  readonly result: Readonly<Record<string, unknown>>;
}

export interface SignalRow {
  readonly pid: number;
  readonly comm: string;
  readonly signal: 'SIGBUS';
  readonly si_code: 'BUS_MCEERR_AO' | 'BUS_MCEERR_AR' | 'BUS_ADRERR';
  readonly si_addr: string;
  readonly si_addr_lsb: number | null;
  /** Signals sent; delivered may be fewer, since a pending SIGBUS swallows the next. */
  readonly count: number;
  readonly delivery: 'asynchronous' | 'on-access';
  readonly killed: boolean;
}

export interface RemovalReport {
  readonly pages: {
    readonly total: number;
    readonly mapped: number;
    readonly unmapped: number;
    readonly still_mapped: number;
    readonly hwpoisoned: number;
    readonly never_mapped: number;
  };
  readonly signals: readonly SignalRow[];
  readonly file_systems: readonly {
    readonly mount: string;
    readonly fs_type: string;
    readonly result: 'shutdown' | 'untouched' | 'frozen';
    readonly reason: string | null;
  }[];
  readonly pins_waited_for: readonly string[];
  readonly leaked_ranges: readonly {
    readonly phys_addr: string;
    readonly size: number;
    readonly until: 'reboot';
  }[];
  readonly exposures: readonly string[];
  readonly kernel_log: readonly string[];
}
