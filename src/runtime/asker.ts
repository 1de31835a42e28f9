import type { Context } from '../engine/model/transaction.ts';
import type { Connection } from '../store/connection.ts';
import { prepareLastSeq } from '../store/journal.ts';
import { prepareLoad } from '../store/load.ts';
import type { Submitted } from '../store/port.ts';
import { answerRead } from '../store/read_only.ts';
import type { Work } from '../store/transact.ts';

/** Prepares answering questions and dry runs of what is committed. */
export function prepareAsk(db: Connection, context: () => Context): (work: Work) => Submitted {
  const load = prepareLoad(db);
  const last = prepareLastSeq(db);
  // In one transaction, so that all that is read of a host is of the same state.
  return db.transaction(
    (work: Work): Submitted => answerRead({ host: load(work.host), seq: last() }, work, context()),
  );
}
