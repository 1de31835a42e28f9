import type { Answer, Command, MachineState, Recorded, Signal } from '../recording.ts';

/** One step of a sequence: what was done, and what the kernel, the tool or the laboratory answered. */
export interface RecordedStep {
  readonly op: readonly [verb: string, ...args: readonly Argument[]];
  readonly r: StepAnswer;
}

/** What follows the verb: a name, a number, a list of options, or null where a later one is given and this is not. */
export type Argument = string | number | null | readonly string[];

/** Everything an answer may hold, whatever the verb. */
export interface StepAnswer extends Answer, Command {
  /** The recorder failed, not the kernel. */
  readonly lab_error?: string;
  readonly error?: string;
  readonly first_fault?: Answer;
  readonly pages_ok?: number;
  /** The first words of what a scan found. */
  readonly text?: string;
  readonly pages_faulted?: number;
  readonly dax_faults?: Readonly<Record<string, number>>;
  readonly gone?: boolean;
  readonly alive?: boolean;
  readonly end?: { readonly killed_by?: string } | null;
  readonly died?: object;
  readonly signals?: readonly Signal[];
  readonly size?: number;
  readonly block?: string | null;
  readonly numa?: Readonly<Record<string, number>>;
  readonly oopsed?: boolean;
  readonly devices?: MachineState['devices'];
  readonly iomem?: readonly string[];
  readonly counters?: Readonly<Record<string, number>>;
  readonly mounts?: readonly string[];
}

/** The steps of a recording that is a sequence; null: it is another kind. */
export function stepsOf({ recording }: Recorded): readonly RecordedStep[] | null {
  const script = (recording.observed as { readonly script?: unknown } | undefined)?.script;
  if (!Array.isArray(script)) return null;
  return script.every(isStep) ? script : null;
}

function isStep(value: unknown): value is RecordedStep {
  return (
    typeof value === 'object' && value !== null && 'op' in value && 'r' in value && Array.isArray(value.op)
  );
}
