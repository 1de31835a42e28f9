import { beginsRemovals } from '../engine/begun.ts';
import type { QuestionType } from '../engine/model/question.ts';
import type { Context } from '../engine/model/transaction.ts';
import type { Connection } from '../store/connection.ts';
import { prepareLastSeq } from '../store/journal.ts';
import { prepareLoad } from '../store/load.ts';
import type { Submitted } from '../store/port.ts';
import { answerRead } from '../store/read_only.ts';
import type { Work } from '../store/transact.ts';

/** The questions that play a removal through, or one for each kernel, or one for each device. */
const LONG: ReadonlySet<QuestionType> = new Set(['survey_holders', 'compare_removals', 'plan_removals']);

/**
 * Whether a question or a dry run may take seconds, since it plays removals to their end: the writer has better to
 * do. One with a key is the writer's all the same: keeping the answer is a write.
 */
export function takesLong(work: Work): boolean {
  if (work.idempotency !== undefined) return false;
  if ('question' in work) return LONG.has(work.question.type);
  return work.dry_run === true && beginsRemovals(work.command);
}

/** Prepares answering such work of what is committed. */
export function prepareAsk(db: Connection, context: () => Context): (work: Work) => Submitted {
  const load = prepareLoad(db);
  const last = prepareLastSeq(db);
  // In one transaction, so that all that is read of a host is of the same state.
  return db.transaction(
    (work: Work): Submitted => answerRead({ host: load(work.host), seq: last() }, work, context()),
  );
}
