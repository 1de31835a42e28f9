import type { HazardKind } from '../model/hazard_kind.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Possible } from '../model/refusal.ts';
import type {
  AccessResult,
  DeviceMode,
  Errno,
  HostKernel,
  RemovalState,
  RemoveTrigger,
  Verdict,
} from '../model/vocabulary.ts';
import type { RefusalCode } from '../model/refusal_codes.ts';
import type { CommandOf } from '../model/command.ts';
import type { Cut } from '../model/cut.ts';
import type { Dependent } from '../model/depends_on.ts';
import type { WithUnknown } from '../model/untold.ts';
import type {
  BlastRadius,
  Hazard,
  RemovalReport,
  SignalRow,
  SimulatedKernelCost,
  ToldOfHolders,
  WaitingOn,
} from '../model/removal.ts';

/** What a removal that was only imagined came to; it waits where it cannot go on by itself. */
export type ImaginedState = Exclude<RemovalState, 'running'>;

/** Why there would be no removal at all. */
export interface NoRemoval {
  readonly code: RefusalCode;
  readonly detail: string;
  readonly errno: Errno | null;
}

/** What a removal does to who uses the device, whatever it leaves behind (IMPACT1). */
export interface Impact {
  readonly file_systems_shut_down: number;
  readonly file_systems_frozen: number;
  /** Not notified: their device is gone. */
  readonly file_systems_cut_off: number;
  readonly processes_signalled: number;
  readonly processes_killed: number;
  /** Stored and not written back when the removal begins. */
  readonly dirty_bytes: number;
}

/** What of former removals still reaches a device's pfns now, and what else they have left (RESIDUE1). */
export interface Residue {
  readonly mappings: number;
  readonly pins: number;
  /** Processes that such mappings or pins belong to. */
  readonly processes: number;
  /** Pages reached, each once. */
  readonly pages: number;
  /** Of the mappings and pins, those that reach another owner's pfns: windows of exposures that are open. */
  readonly exposures: number;
  /** In whatever state, of a device that is not bound, or on a block device before the present one. */
  readonly superblocks: number;
}

/** Who holds a device, and what a removal now would do to each. */
export interface Survey extends ToldOfHolders, Dependent, WithUnknown {
  /** Of the removal that its state, verdict and consequences are of. */
  readonly trigger: 'unbind';
  readonly items: readonly Holder[];
  /** Of the unbind now, else of the removal that has begun, as it stands (AS5); null where there is neither. */
  readonly state: ImaginedState | null;
  readonly verdict: Verdict | null;
  readonly impact: Impact | null;
  readonly refused: NoRemoval | null;
  /** Of former removals, as it stands. */
  readonly residue: Residue;
  readonly advice: readonly Advice[];
  readonly blast_radius: BlastRadius;
}

/** What can be done before a removal, or after it; each is acted out before it is advised (ADV1, ADV10). */
export const ADVICE_ACTIONS = [
  'stop_processes',
  'drop_pins',
  'offline_memory_blocks',
  'umount_first',
  'stop_processes_and_umount',
  'set_early_kill',
  'mkfs_xfs_rmapbt',
  'boot_kernel',
  'clean_up',
  'reboot',
] as const;
/** One of them. */
export type AdviceAction = (typeof ADVICE_ACTIONS)[number];

/** What is asked for in an advice. */
export type AdvisedCommand = CommandOf<
  | 'bind'
  | 'close_file'
  | 'exit_process'
  | 'munmap'
  | 'patch_host'
  | 'patch_memory_block'
  | 'reboot'
  | 'record_hotplug_event'
  | 'remove_dax_device'
  | 'thaw'
  | 'umount'
  | 'unpin'
>;

/** One of several things that chance makes of what is done before a removal, and how that then ends. */
export interface PossibleThen extends Possible {
  /** Null where it is refused. */
  readonly state_then: ImaginedState | null;
  readonly verdict_then: Verdict | null;
}

/** Something to do before the removal that was simulated and leaves less behind; once it has ended, to clean up behind it. */
export interface Advice extends Cut {
  readonly action: AdviceAction;
  readonly detail: string;
  /** What it is done to: pids, pins, mounts, blocks, kernels; to clean up, the calls in their order. */
  readonly targets: readonly string[];
  /** What does it in the model, in the order that was tried; null where no command does (ADV14). */
  readonly calls: readonly AdvisedCommand[] | null;
  /** Whether doing it destroys what the device stores. */
  readonly destructive: boolean;
  /**
   * How the removal then ends; `waiting` has no verdict yet. Once one has ended, what is answered of the device then: null
   * where it cannot be removed, and nothing is left.
   */
  readonly state_then: ImaginedState | null;
  readonly verdict_then: Verdict | null;
  readonly impact_then: Impact | null;
  /** Where chance decides whether it can be done: then `undetermined` stands for what differs in these. */
  readonly possible?: readonly PossibleThen[];
  /** The rules behind what it avoids. */
  readonly source: string;
}

/** The same removal on one kernel, or why there is none. */
export type ComparedRemoval = RefusedRemoval | AnsweredRemoval;

/** Where there would be none. */
export interface RefusedRemoval extends OnKernel, Dependent {
  readonly refused: NoRemoval;
}

/** On which kernel: a profile, or the one that was made out by the release. */
interface OnKernel {
  readonly kernel: HostKernel;
  /** Null where the profile was asked for. */
  readonly kernel_release: string | null;
}

/** A removal on one kernel, as it ends there. */
export interface AnsweredRemoval extends OnKernel, Cut, Dependent {
  readonly refused: null;
  readonly state: ImaginedState;
  readonly verdict: Verdict | null;
  readonly waiting_on: readonly WaitingOn[];
  readonly hazards: readonly Hazard[];
  /** Null where it depends on facts that are not known, as is the cost. */
  readonly report: ComparedReport | null;
  readonly advice: readonly Advice[];
  readonly simulated_kernel_cost: SimulatedKernelCost | null;
}

/** The head of a report: its signals are summed up by code, size and delivery. */
export interface ComparedReport
  extends Pick<RemovalReport, 'pages' | 'file_systems' | 'leaked_ranges' | 'kernel_log'> {
  readonly signals: readonly SignalGroup[];
}

/** Signals that are alike, counted. */
export interface SignalGroup extends Pick<SignalRow, 'signal' | 'si_code' | 'si_addr_lsb' | 'delivery'> {
  readonly count: number;
  readonly processes: number;
  readonly killed: number;
}

/** A field in which the kernels differ; those that refuse have a value in `refused` only. */
export interface Difference {
  readonly field: string;
  /** By the kernel, or by the release where that was asked for. */
  readonly values: Readonly<Record<string, string | number | null>>;
}

/** One removal on several kernels, side by side. */
export interface Comparison extends ToldOfHolders {
  readonly host: string;
  readonly dax_device: string;
  readonly trigger: RemoveTrigger;
  readonly blast_radius: BlastRadius;
  readonly items: readonly ComparedRemoval[];
  readonly differences: readonly Difference[];
}

/** What a surprise removal of one device now would leave. Where nothing is known about its users, it counts none. */
export interface Assessment extends ToldOfHolders, Cut, Dependent, WithUnknown {
  readonly host: string;
  readonly dax_device: string;
  readonly uid: string;
  readonly mode: DeviceMode;
  readonly kernel: HostKernel;
  readonly tenant: string | null;
  /** Of the removal that was simulated. */
  readonly trigger: 'surprise_removal';
  /**
   * Null where it would wait, or where there is no removal. State, verdict, waits and hazards are those of one that
   * has begun, as it stands now, where `refused` says that no other can (AS5).
   */
  readonly verdict: Verdict | null;
  readonly state: ImaginedState | null;
  readonly waiting_on: readonly WaitingOn[];
  readonly hazards: readonly { readonly kind: HazardKind; readonly count: number }[];
  /** What it does to who is there, whatever it leaves; null where there is no removal. */
  readonly impact: Impact | null;
  /** What of former removals reaches the device now. */
  readonly residue: Residue;
  readonly blast_radius: BlastRadius;
  readonly simulated_kernel_cost: SimulatedKernelCost | null;
  readonly advice: readonly Advice[];
  readonly refused: NoRemoval | null;
}

/** Who holds a device, and what an unbind now would do to it. */
export interface Holder extends Dependent {
  readonly kind: 'mount' | 'file' | 'process' | 'mapping' | 'pin' | 'open_file' | 'memory_block';
  readonly id: string;
  readonly pid: number | null;
  /**
   * `blocks`: the removal waits for it. `forced`: taken away from its user. `killed`: the process ends.
   * `survives`: it is still there afterwards, and reaches the device or its pfns. Where the device is not bound,
   * of the removal that there was. Null: neither a recording nor a source tells.
   */
  readonly consequence: 'blocks' | 'forced' | 'killed' | 'survives' | null;
  readonly detail: string;
  /** Whether it reaches the device now although that is not bound, or was bound again since (RESIDUE1). */
  readonly residue: boolean;
  /** The exposure that it has open. */
  readonly exposure: string | null;
  /** Of residue: how it can be ended now, and what the kernel does then. */
  readonly ends: readonly HolderEnd[];
}

/** One way to end what still reaches a device, acted out. */
export interface HolderEnd extends Dependent {
  readonly by: 'munmap' | 'unpin' | 'exit' | 'SIGKILL';
  /** Null where it cannot be done, or no source tells what it does. */
  readonly result: AccessResult | null;
  readonly kernel_oopses: Outcome['kernel_oopses'];
  readonly detail: string;
}
