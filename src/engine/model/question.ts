import type { KernelName, RemoveTrigger, RemoveVia } from './vocabulary.ts';

/** What may be asked of one host. An answer changes nothing: what it imagines is thrown away. */
export type Question =
  | SurveyHolders
  | SurveyMemoryBlocks
  | SurveyMemoryBlock
  | SurveyCapacity
  | CompareRemovals
  | PlanRemovals
  | AssessRemovals
  | ExportTopology;

/** The name of a question. */
export type QuestionType = Question['type'];

/** The question of that name; of several names, one of theirs. */
export type QuestionOf<Type extends QuestionType = QuestionType> = {
  [Each in Type]: { readonly type: Each } & Omit<Extract<Question, { type: Each }>, 'type'>;
}[Type];

/** Who holds a device, and what a removal now would do to each. */
export interface SurveyHolders {
  readonly type: 'survey_holders';
  readonly dax_device: string;
}

/** The memory blocks of a device from the `start`-th on. */
export interface SurveyMemoryBlocks {
  readonly type: 'survey_memory_blocks';
  readonly dax_device: string;
  readonly start: number;
  readonly limit: number;
}

/** One memory block. */
export interface SurveyMemoryBlock {
  readonly type: 'survey_memory_block';
  readonly dax_device: string;
  /** The number N of `memoryN`. */
  readonly block: number;
}

/** What of the devices is free, used and leaked. */
export interface SurveyCapacity {
  readonly type: 'survey_capacity';
}

/** The same removal on other kernels, side by side. */
export interface CompareRemovals {
  readonly type: 'compare_removals';
  readonly dax_device: string;
  readonly trigger: RemoveTrigger;
  readonly via?: RemoveVia;
  readonly kernels: readonly KernelName[];
  /** Any `uname -r`, behind the kernels. */
  readonly kernel_releases?: readonly string[];
}

/** The removal of several devices of the host, or of all of them: what to do before, and in which order. */
export interface PlanRemovals {
  readonly type: 'plan_removals';
  /** Absent: every device that the host has; at most PLANNED_MAX. */
  readonly dax_devices?: readonly string[];
  readonly trigger: RemoveTrigger;
}

/** Devices of one host that are planned at once. */
export const PLANNED_MAX = 64;

/** What a removal now would leave of each device, or of one. */
export interface AssessRemovals {
  readonly type: 'assess_removals';
  readonly dax_device?: string;
}

/** What the host is, as a document that PUT takes. */
export interface ExportTopology {
  readonly type: 'export_topology';
}
