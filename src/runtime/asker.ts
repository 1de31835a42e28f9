import type { Command } from '../engine/model/command.ts';
import type { Context } from '../engine/model/transaction.ts';
import { foresee } from '../engine/foresee.ts';
import type { Connection } from '../store/connection.ts';
import { prepareLastSeq } from '../store/journal.ts';
import { prepareLoad } from '../store/load.ts';
import type { Submission, Submitted } from '../store/port.ts';
import { decideIf } from '../store/precondition.ts';

/**
 * Whether a submission only asks, and may take seconds: it plays a removal through, or one for each kernel. The
 * writer has better to do. One with a key is the writer's all the same: keeping the answer is a write.
 */
export function isLongQuestion({ command, dry_run, idempotency }: Submission): boolean {
  const asks = QUESTIONS.has(command.type) || (dry_run === true && REMOVES.has(command.type));
  return asks && idempotency === undefined;
}

const QUESTIONS: ReadonlySet<Command['type']> = new Set(['survey_holders', 'compare_removals']);
/** Commands that begin removals, which a dry run plays to their end. */
const REMOVES: ReadonlySet<Command['type']> = new Set([
  'remove_dax_device',
  'remove_cxl_memdev',
  'record_hotplug_event',
]);

/** Prepares answering such submissions of what is committed. */
export function prepareAsk(db: Connection, context: () => Context): (submission: Submission) => Submitted {
  const load = prepareLoad(db);
  const last = prepareLastSeq(db);
  // In one transaction, so that all that is read of a host is of the same state.
  return db.transaction(({ host: name, command, precondition }: Submission): Submitted => {
    const host = load(name);
    const decided = decideIf(host, precondition, () => foresee(host, command, context()));
    if ('denied' in decided) return decided.denied;
    return { status: 'done', reply: decided.granted.answer, replayed: false, seq: last() };
  });
}
