import { expectedAnswer, expectedCommand, refusalWords, text } from '../answer.ts';
import type { Reply } from '../step.ts';
import type { StepAnswer } from './recording.ts';

/** What a call of a process met: of many pages, the first that failed. */
export function answerWords(answer: StepAnswer): string {
  const { first_fault } = answer;
  return expectedAnswer(first_fault !== undefined && answer.ok !== true ? first_fault : answer);
}

/** What a shell command met: an oops in its own context kills it. */
export function commandWords(answer: StepAnswer): string {
  if (answer.rc === null) return 'blocked';
  if (answer.rc === 137) return 'kernel_oops';
  return expectedCommand({ ...answer, rc: answer.rc ?? -1 });
}

/** What a write to sysfs met. */
export function writeWords(answer: StepAnswer): string {
  if (answer.died !== undefined) return 'kernel_oops';
  if (answer.blocked === true) return 'blocked';
  return answer.errno ?? 'ok';
}

/** An answer of the service to a call that has an outcome of its own, without the place a signal names. */
export function replyWords(reply: Reply): string {
  if (reply.status >= 300) return refusalWords(reply);
  const { body } = reply;
  const bind = body.bind as { result?: unknown } | undefined;
  const result = bind?.result ?? body.result;
  if (result === undefined || result === null) return 'ok';
  return result === 'errno' ? text(body.errno) : text(result);
}
