import type { Argument, StepAnswer } from './recording.ts';
import type { Body, ObservationClass, World } from '../step.ts';

/**
 * What a sequence has brought about so far. The names it uses are in `ids`: `pid:NAME`; for a slot, which is one
 * descriptor and one mapping of a process, `open:NAME SLOT`, `mapping:NAME SLOT`, `address:NAME SLOT` and
 * `path:NAME SLOT`; `pin:NAME HOW`. Paths are not kept: what is there, the service is asked.
 */
export interface Stage extends World {
  device: string;
  /** What mkfs was told and no mount has made yet. */
  made: Body | null;
  readonly dax_files: Set<string>;
  /** Whatever sends signals, in the order it happened: removals and poison. */
  readonly senders: Sender[];
  /** How many of the senders a process has been asked about. */
  readonly heard: Map<string, number>;
}

export type Sender = () => Promise<readonly Body[]>;

/** One comparison of a step. */
export interface Told {
  /** Which of the step's comparisons; absent where there is one. */
  readonly of?: string;
  readonly class: ObservationClass;
  readonly expected: string;
  readonly actual: string;
}

/** Plays one step on the service, and tells what it compares; nothing where the step shows nothing. */
export type Act = (answer: StepAnswer, args: readonly Argument[], stage: Stage) => Promise<readonly Told[]>;

/** In place of an answer: the API cannot be asked. */
export const NO_REQUEST = 'no request';

export function core(expected: string, actual: string, of?: string): Told {
  return { class: 'core', expected, actual, ...(of === undefined ? {} : { of }) };
}

export function detail(expected: string, actual: string, of: string): Told {
  return { class: 'detail', expected, actual, of };
}

/** A process and its slot as one name. */
export function slotOf(process: string, slot: string): string {
  return `${process} ${slot}`;
}
