import type { Resource } from './resource.ts';
import type { Cut } from './cut.ts';
import type { Dependent } from './depends_on.ts';
import type { HazardKind } from './hazard_kind.ts';
import type { CostTerm, CostWorkload } from './cost_words.ts';
import type {
  HoldersTold,
  HostKernel,
  PinHolder,
  RemovalState,
  RemoveTrigger,
  RemoveVia,
  StepName,
  Verdict,
} from './vocabulary.ts';

/**
 * One `->remove()`: what it was asked, its steps, what it waits on, and its report so far. What was told about the
 * device's users when it began is absent in removals that are older than that.
 */
export interface RemovalRecord extends Resource, Partial<ToldOfHolders>, Cut, Dependent {
  readonly id: string;
  readonly dax_device: string;
  readonly kernel: HostKernel;
  readonly trigger: RemoveTrigger;
  readonly via: RemoveVia | null;
  readonly by_pid: number | null;
  /** The CXL memdev that goes with it. */
  readonly cxl_memdev: string | null;
  readonly state: RemovalState;
  /** The removal that has the lock of the device, which this one waits for; `bind` where a bind has it. */
  readonly behind?: string;
  /** The file system whose s_umount its task has for ever: the eviction of its idle inodes never ends (S47). */
  readonly holds_s_umount_of?: string;
  readonly waiting_on: readonly WaitingOn[];
  readonly verdict: Verdict | null;
  readonly hazards: readonly Hazard[];
  readonly steps: readonly StepRecord[];
  readonly report: RemovalReport;
  /** Mapped pfn ranges when it began: the first 100; all of them until it has counted its pages: mapped_before.ts. */
  readonly mapped_before: readonly (readonly [pfn: number, nr_pages: number])[];
  readonly created_at: string;
  readonly completed_at: string | null;
}

/** One page reference that a removal waits for, and what lets it go. */
export interface WaitingOn {
  readonly kind: 'pin' | 'page_reference' | 'mapping';
  readonly pin: string;
  readonly pid: number;
  readonly holder: PinHolder;
  readonly released_by: 'unpin' | 'munmap' | 'exit';
}

/** Something that is dangerous after a removal, and what sets it off. */
export interface Hazard extends Dependent {
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

/** Parameters of the steps; a step reads only its own. What they are on each kernel: `kernels/steps/parameters.ts`. */
export interface StepParameters {
  /** With MF_MEM_PRE_REMOVE the file system is frozen meanwhile. */
  readonly mf_flags?: '0' | 'MF_MEM_PRE_REMOVE';
  /** Whose processes memory_failure() collects. All but the last unmap nothing where nobody was collected. */
  readonly collect?: 'current_only' | 'early_kill_or_current' | 'every_leader_with_entry';
  readonly cowed_page_counts_as_entry?: boolean;
  readonly set_hwpoison?: 'no' | 'first_page_of_entry';
  readonly shutdown?: 'corrupt_ondisk 0x10' | 'force_umount 0x4';
  /** The pages that are walked of an extent outside the last allocation group. */
  readonly page_count_outside_last_ag?: 'exact' | 'wraps_2_32' | 'walks_past_last_ag';
  readonly shuts_fs_down?: boolean;
  readonly waits_for?: 'page_refs' | 'nothing';
  readonly wait_in?: 'blk_mq_freeze_queue_wait' | 'memunmap_pages';
  /** Of a series that was never merged, where its host had the parameter turned on (FU11). */
  readonly proposed?: true;
}

/** What a step came to: facts for the report, of which only those that are named here are read again. */
export interface StepResult {
  /** The function in which it waits for what can be let go. */
  readonly wait_in?: string;
  /** Where its task sleeps for ever, spins for ever, or has died. */
  readonly hangs_in?: string;
  readonly spins_in?: string;
  readonly oopses_in?: string;
  /** The mount that holds the dax_device, null where none does, and what it answered where it did not go through. */
  readonly holder?: string | null;
  readonly errno?: string;
  readonly [fact: string]: unknown;
}

/** One step of a removal: how far it is, and what it came to. */
export interface StepRecord {
  readonly name: StepName;
  readonly state: 'pending' | 'running' | 'waiting' | 'done';
  readonly source: string;
  /** As its kernel's profile had them when the removal began: nothing that happens meanwhile changes them. */
  readonly parameters: StepParameters;
  readonly result: StepResult;
}

/** Signals of one kind to one process. */
export interface SignalRow {
  readonly pid: number;
  readonly comm: string;
  readonly signal: 'SIGBUS';
  /** `SI_KERNEL`: plain SIGBUS to the process that consumed poison which memory_failure() could not handle. */
  readonly si_code: 'BUS_MCEERR_AO' | 'BUS_MCEERR_AR' | 'BUS_ADRERR' | 'SI_KERNEL';
  readonly si_addr: string;
  readonly si_addr_lsb: number | null;
  /** Signals sent; delivered may be fewer, since a pending SIGBUS swallows the next. */
  readonly count: number;
  readonly delivery: 'asynchronous' | 'on-access';
  readonly killed: boolean;
}

/** What a removal did, counted as its steps went on. */
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
    /** Whether it holds the dax_device, and is told where the kernel tells anybody; absent in older removals. */
    readonly dax_holder?: boolean;
    readonly result: 'shutdown' | 'untouched' | 'frozen';
    readonly reason: string | null;
  }[];
  readonly pins_waited_for: readonly string[];
  /** Absent where it has waited for no pin, and in removals that are older than this. */
  readonly pages_waited_for?: PagesWaitedFor;
  readonly leaked_ranges: readonly {
    readonly phys_addr: string;
    readonly size: number;
    readonly until: 'reboot';
  }[];
  readonly exposures: readonly string[];
  readonly kernel_log: readonly string[];
  /** Null where the removal is older than this field. */
  readonly blast_radius: BlastRadius | null;
  readonly simulated_kernel_cost: SimulatedKernelCost;
}

/** Pages that pins held as a removal began to wait for these, the last time, and those that are held yet; each once. */
export interface PagesWaitedFor {
  readonly held: number;
  readonly still_held: number;
}

/**
 * What an event of a removal tells of how far it is, for who follows it by its events: nothing is computed from it, and
 * where several courses are possible it makes no difference between them.
 */
export interface RemovalProgress {
  /** The step that is done, or that it rests at; absent where none is left. */
  readonly step?: StepName;
  /** That step's place, from 1 on; the number of steps where none is left. */
  readonly position: number;
  readonly steps: number;
  /** How many of them are done. */
  readonly steps_done: number;
  /** All of them, as it begins. */
  readonly step_names?: readonly StepName[];
  /** As the report has them so far. */
  readonly pages: RemovalReport['pages'];
  /** Entries in mappings of the device now, by size: told where a step has changed something. */
  readonly present?: { readonly pte: number; readonly pmd: number; readonly pud: number };
  /** Pins that it waits for, and whose they are, the first 100. */
  readonly waiting_on?: { readonly count: number; readonly pids: readonly number[] };
  /** As the report has them: once it has waited. */
  readonly pages_waited_for?: PagesWaitedFor;
}

/** What an answer that rests on a device's users says of how far they are known (TOLD3). */
export interface ToldOfHolders {
  readonly holders: HoldersTold;
  readonly told_at: string | null;
}

/** Who and what a removal touches, as it stands when it begins. */
export interface BlastRadius extends Cut {
  readonly processes: number;
  /** Whose they are, and whose the device is. */
  readonly tenants: readonly string[];
  readonly mounts: number;
  readonly files: number;
  readonly mapped_bytes: number;
  /** Stored and not written back. */
  readonly dirty_bytes: number;
  readonly pins: number;
}

/** How long the kernel itself would be busy: an estimate from recorded removals, never a measured time. */
export interface SimulatedKernelCost {
  readonly seconds: number | null;
  readonly range: readonly [low: number, high: number] | null;
  /** Why there is no estimate. */
  readonly reason: string | null;
  readonly formula: string | null;
  readonly workload: CostWorkload | null;
  readonly terms: CostTerms;
  readonly basis: string;
  readonly source: string | null;
}

/** What an estimate of time multiplies, for this removal. */
export type CostTerms = Readonly<Record<Exclude<CostTerm, 'constant'>, number>>;
