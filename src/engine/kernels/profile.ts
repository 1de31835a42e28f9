import type { KernelName, StepName } from '../model/vocabulary.ts';
import type { StepParameters } from '../model/removal.ts';
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

/** One kernel: its column of the tables, and its steps. */
export interface Profile {
  readonly name: KernelName;
  readonly about: string;
  readonly baseline: string;
  /** Whether anyone can boot it: the series was posted, reviewed, and never merged. */
  readonly released: boolean;
  readonly proposed: readonly Proposed[];
  readonly steps: Steps;
  readonly facts: Facts;
}
