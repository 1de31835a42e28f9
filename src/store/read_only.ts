import { ask } from '../engine/ask.ts';
import { beginsRemovals } from '../engine/begun.ts';
import { foresee } from '../engine/foresee.ts';
import type { Host } from '../engine/model/host.ts';
import type { CommandType } from '../engine/model/command.ts';
import type { QuestionType } from '../engine/model/question.ts';
import { isRefusal } from '../engine/model/refusal.ts';
import type { Context } from '../engine/model/transaction.ts';
import type { Inquiry, Submission, Submitted } from './port.ts';
import { decideIf } from './precondition.ts';
import { isTopologyAsked } from './topology_digest.ts';

/** A host, and the highest event of the state that it is in. */
export interface LoadedState {
  readonly host: Host;
  readonly seq: number;
}

/** The questions that play a removal through, or one for each kernel, or one for each device. */
const LONG: ReadonlySet<QuestionType> = new Set([
  'survey_holders',
  'compare_removals',
  'plan_removals',
  'export_topology',
]);

/** The commands that look at all that a host has, or at another one. */
const LOOKS_AT_ALL: ReadonlySet<CommandType> = new Set([
  'put_topology',
  'create_snapshot',
  'restore_host',
  'fork_host',
]);

/** Whether another thread is to decide a command, however small its host is. */
export function isDecidedElsewhere({ type }: { readonly type: CommandType }): boolean {
  return LOOKS_AT_ALL.has(type);
}

/**
 * Whether a question or a dry run may take seconds, since it plays removals to their end or looks at all that the host
 * has: the writer has better to do.
 */
export function takesLong(work: Submission | Inquiry): boolean {
  if ('question' in work) return LONG.has(work.question.type);
  return work.dry_run === true && (beginsRemovals(work.command) || isDecidedElsewhere(work.command));
}

/** Answers a dry run, of which nothing happens, or a question. */
export function answerRead(
  { host, seq }: LoadedState,
  work: Submission | Inquiry,
  context: Context,
): Submitted {
  if ('question' in work) {
    const answer = ask(host, work.question, context);
    if (isRefusal(answer)) return { status: 'refused', refusal: answer };
    return { status: 'done', answer, exposures: [], replayed: false, seq };
  }
  if (!isTopologyAsked(host, work.precondition)) return { status: 'precondition_failed' };
  const decided = decideIf(host, work.precondition, () => foresee(host, work.command, context));
  if ('denied' in decided) return decided.denied;
  const { answer, exposures } = decided.granted;
  return { status: 'done', answer, exposures, replayed: false, seq };
}
