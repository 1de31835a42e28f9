import type { CommandOf } from '../model/command.ts';
import type { Dependent } from '../model/depends_on.ts';
import type { SimulatedKernelCost, ToldOfHolders } from '../model/removal.ts';
import type { WithUnknown } from '../model/untold.ts';
import type { Verdict } from '../model/vocabulary.ts';
import type { Assessment, Impact, ImaginedState, NoRemoval, PossibleThen } from './record.ts';
import type { RemedyCommand } from './remedies.ts';

/** What a step of a plan does. */
export const PLAN_ACTIONS = [
  'stop_process',
  'umount',
  'thaw',
  'drop_pin',
  'offline_memory_blocks',
  'remove',
] as const;
/** One of them. */
export type PlanAction = (typeof PLAN_ACTIONS)[number];

/** What is asked for in a step. */
export type PlannedCommand = RemedyCommand | CommandOf<'remove_dax_device'>;

/** What a step takes from others; of a removal, its impact and the kernel's own time for the device that is named. */
export interface PlanCost extends Impact {
  readonly simulated_kernel_cost: SimulatedKernelCost | null;
}

/** One step of a plan. */
export interface PlanStep {
  readonly action: PlanAction;
  /** What an administrator types; null where nothing that is typed does it: a holder lets a pin go, a card is pulled, nobody told the name [PLAN9]. */
  readonly command: string | null;
  /** The same in the model, in order. */
  readonly calls: readonly PlannedCommand[];
  readonly why: string;
  /** The planned devices whose removals this has to come before; none of a removal itself. */
  readonly before: readonly string[];
  readonly cost: PlanCost;
  /** Where chance decides in the kernel what it comes to: how the removal that it is for then ends. */
  readonly possible?: readonly PossibleThen[];
}

/** How a device stands once all steps are done. */
export interface PlannedDevice extends ToldOfHolders, Dependent, WithUnknown {
  readonly dax_device: string;
  /** False: it goes along with another. */
  readonly asked: boolean;
  /** Of its removal, at rest; of one that began earlier, as that stands (AS5); null where there is neither. */
  readonly state: ImaginedState | null;
  readonly verdict: Verdict | null;
  readonly hazards: Assessment['hazards'];
  /** Why the plan does not remove it. */
  readonly refused: NoRemoval | null;
  /** Of an earlier removal, what the plan does not clean up: the calls that do, else why only a reboot does (PLAN10). */
  readonly not_cleaned_up?: string;
  /** Where chance decides a step that is for it: its verdict is one of these. */
  readonly possible?: readonly PossibleThen[];
}

/** What to do on one host, in order, and what is left then. */
export interface Plan {
  readonly order: readonly PlanStep[];
  readonly left: readonly PlannedDevice[];
}
