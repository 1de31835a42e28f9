import { decide } from '../engine/decide.ts';
import { isRefusal } from '../engine/refusal.ts';
import type { Context } from '../engine/transaction.ts';
import type { Connection } from './connection.ts';
import { prepareLastSeq } from './journal.ts';
import { prepareLoad } from './load.ts';
import type { Submission, Submitted } from './port.ts';

/**
 * Whether a submission only asks, and may take seconds: it plays a removal through, or one for each kernel. The
 * writer has better to do. One with a key is the writer's all the same: keeping the answer is a write.
 */
export function isLongQuestion({ command, idempotency, precondition }: Submission): boolean {
  const asks = command.type === 'survey_holders' || command.type === 'compare_removals';
  return asks && idempotency === undefined && precondition === undefined;
}

/** Prepares answering such submissions of what is committed. */
export function prepareAsk(db: Connection, context: () => Context): (submission: Submission) => Submitted {
  const load = prepareLoad(db);
  const last = prepareLastSeq(db);
  // In one transaction, so that all that is read of a host is of the same state.
  return db.transaction(({ host, command }: Submission): Submitted => {
    const decision = decide(load(host), command, context());
    if (isRefusal(decision)) return { status: 'refused', refusal: decision };
    return { status: 'done', reply: decision.answer, replayed: false, seq: last() };
  });
}
