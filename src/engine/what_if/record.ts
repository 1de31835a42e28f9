import type { DaxDevice } from '../host.ts';
import type { Holder } from '../holder.ts';
import type { RefusalCode } from '../refusal.ts';
import type {
  BlastRadius,
  Hazard,
  RemovalReport,
  SignalRow,
  SimulatedKernelCost,
  WaitingOn,
} from '../removal/record.ts';
import type {
  DeviceMode,
  Errno,
  HazardKind,
  HoldersTold,
  KernelName,
  RemovalState,
  RemoveTrigger,
  Verdict,
} from '../vocabulary.ts';

/** What a removal that was only imagined came to; it waits where it cannot go on by itself. */
export type ImaginedState = Exclude<RemovalState, 'running'>;

/** Why there would be no removal at all. */
export interface NoRemoval {
  readonly code: RefusalCode;
  readonly detail: string;
  readonly errno: Errno | null;
}

/** Who holds a device, and what a removal now would do to each. */
export interface Survey extends Pick<DaxDevice, 'holders' | 'told_at'> {
  readonly items: readonly Holder[];
  readonly blast_radius: BlastRadius;
}

export const ADVICE_ACTIONS = [
  'stop_processes',
  'drop_pins',
  'offline_memory_blocks',
  'umount_first',
  'stop_processes_and_umount',
  'set_early_kill',
  'mkfs_xfs_rmapbt',
  'boot_kernel',
] as const;
export type AdviceAction = (typeof ADVICE_ACTIONS)[number];

/** Something to do before the removal that was simulated and leaves less behind. */
export interface Advice {
  readonly action: AdviceAction;
  readonly detail: string;
  /** What it is done to: pids, pins, mounts, blocks, kernels; cut to 100. */
  readonly targets: readonly string[];
  /** Whether doing it destroys what the device stores. */
  readonly destructive: boolean;
  /** How the removal then ends; `waiting` has no verdict yet. */
  readonly state_then: ImaginedState;
  readonly verdict_then: Verdict | null;
  /** The rules behind what it avoids. */
  readonly source: string;
}

/** The same removal on one kernel, or why there is none. */
export type ComparedRemoval = { readonly kernel: KernelName; readonly refused: NoRemoval } | AnsweredRemoval;

export interface AnsweredRemoval {
  readonly kernel: KernelName;
  readonly refused: null;
  readonly state: ImaginedState;
  readonly verdict: Verdict | null;
  readonly waiting_on: readonly WaitingOn[];
  readonly hazards: readonly Hazard[];
  readonly report: ComparedReport;
  readonly advice: readonly Advice[];
  readonly simulated_kernel_cost: SimulatedKernelCost;
}

/** The head of a report: its signals are summed up by code, size and delivery. */
export interface ComparedReport
  extends Pick<RemovalReport, 'pages' | 'file_systems' | 'leaked_ranges' | 'kernel_log'> {
  readonly signals: readonly SignalGroup[];
}

export interface SignalGroup extends Pick<SignalRow, 'signal' | 'si_code' | 'si_addr_lsb' | 'delivery'> {
  readonly count: number;
  readonly processes: number;
  readonly killed: number;
}

/** A field in which the kernels differ; those that refuse have a value in `refused` alone. */
export interface Difference {
  readonly field: string;
  readonly values: Readonly<Partial<Record<KernelName, string | number | null>>>;
}

export interface Comparison {
  readonly host: string;
  readonly dax_device: string;
  readonly trigger: RemoveTrigger;
  readonly blast_radius: BlastRadius;
  readonly items: readonly ComparedRemoval[];
  readonly differences: readonly Difference[];
}

/** What a surprise removal of one device now would leave. */
export interface Assessment {
  readonly host: string;
  readonly dax_device: string;
  readonly uid: string;
  readonly mode: DeviceMode;
  readonly kernel: KernelName;
  readonly tenant: string | null;
  /** Where nothing was told about its users, nothing here speaks of them. */
  readonly holders: HoldersTold;
  readonly told_at: string | null;
  /** Null where it would wait, or where there is no removal. */
  readonly verdict: Verdict | null;
  readonly state: ImaginedState | null;
  readonly waiting_on: readonly WaitingOn[];
  readonly hazards: readonly { readonly kind: HazardKind; readonly count: number }[];
  readonly blast_radius: BlastRadius;
  readonly simulated_kernel_cost: SimulatedKernelCost | null;
  readonly advice: readonly Advice[];
  readonly refused: NoRemoval | null;
}
