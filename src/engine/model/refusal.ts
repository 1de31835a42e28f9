import type { Dependent } from './depends_on.ts';
import type { RefusalCode } from './refusal_codes.ts';
import type { Errno } from './vocabulary.ts';

/**
 * Every reason to refuse a command. A refusal is a value, returned, and changes nothing. `errno` is set where it is the
 * kernel's own answer, `possible` where chance decides what that is. `pointer` names the field of the request at fault;
 * `depends_on` the facts that are not known and decide. docs/errors.md lists every code.
 */
export interface Refusal extends Dependent {
  readonly refused: true;
  readonly code: RefusalCode;
  readonly detail: string;
  readonly errno?: Errno | null;
  readonly pointer?: string;
  readonly possible?: readonly Possible[];
}

/** One of several ends between which chance decides in the kernel: an errno or a word of what is asked, and when. */
export interface Possible {
  readonly outcome: string;
  readonly when: string;
}

/** A refusal value. */
export function refuse(
  code: RefusalCode,
  detail: string,
  more: Pick<Refusal, 'errno' | 'pointer' | 'depends_on' | 'possible'> = {},
): Refusal {
  return { refused: true, code, detail, ...more };
}

/** A refusal by the kernel itself: 409 with its errno. */
export function kernelRefuses(errno: Errno, detail: string): Refusal {
  return refuse('kernel_refused', detail, { errno });
}

/** A refusal by the tool that was asked, with the errno that it reports; null where it reports none. */
export function toolRefuses(tool: 'daxctl' | 'ndctl', detail: string, errno: Errno | null): Refusal {
  return refuse('tool_refused', `${tool}: ${detail}`, { errno });
}

/** Neither a recording nor a source says what happens: refused rather than guessed. */
export function unknownOutcome(detail: string): Refusal {
  return refuse('outcome_unknown', detail);
}

/** Whether a value is a refusal, whatever else it may be. */
export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && (value as { refused?: unknown }).refused === true;
}
