import type { KernelName, StepName } from '../model/vocabulary.ts';
import type { StepParameters } from '../model/removal.ts';
import type { ChangeShown } from './change.ts';
import type { StepLists } from './steps/lists.ts';
import type { Facts } from './tables.ts';

/** One stage of ->remove() of a kernel. */
export interface StepSpec {
  readonly name: StepName;
  readonly kernel_function: string;
  readonly source: string;
  readonly parameters: StepParameters;
}

/** The lists of a kernel with all that is known of each step. */
export type Steps = { readonly [Kind in keyof StepLists]: readonly StepSpec[] };

/** What a series that was never merged leaves open: a parameter, and what else it does where that is turned on. */
export interface Proposed {
  readonly parameter: 'devdax_memory_failure' | 'kmem_memory_failure';
  readonly default: boolean;
  readonly about: string;
  /** The lists that take the place of the kernel's own. */
  readonly steps: Partial<Steps>;
}

/** What a table says of one fact of a kernel, and where it is from. */
export interface FactRow {
  /** The path of the fact: `kmem.no_block_left`, and `steps.del_gendisk.shuts_fs_down` for what a step does. */
  readonly fact: string;
  readonly value: unknown;
  readonly source: string;
  /** The releases with which it took another value, on this kernel or on others. */
  readonly changed_in: readonly ChangeShown[];
}

/** What the engine asks of the kernel that a host runs. */
export interface KernelInUse extends Pick<Profile, 'steps' | 'facts' | 'proposed'> {
  /** Of a kernel that is no profile: what a step takes, looked up when it is read. */
  readonly parametersOfStep?: (step: StepName) => StepParameters;
}

/** One kernel: its column of the tables, and its steps. */
export interface Profile {
  readonly name: KernelName;
  readonly about: string;
  readonly baseline: string;
  /** Whether anyone can boot it: the series was posted, reviewed, and never merged. */
  readonly released: boolean;
  /** Whether one was observed while devices were taken away: else all of it is read. */
  readonly recorded: boolean;
  readonly proposed: readonly Proposed[];
  readonly steps: Steps;
  readonly facts: Facts;
  /** The facts again, and the parameters of the steps, with what their rows have beside the value. */
  readonly rows: readonly FactRow[];
}
