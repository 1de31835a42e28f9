import type { Context } from '../engine/model/transaction.ts';
import type { Connection } from '../store/connection.ts';
import { prepareLastSeq } from '../store/journal.ts';
import { prepareLoad } from '../store/load.ts';
import type { Submitted } from '../store/port.ts';
import { answerRead, type LoadedState } from '../store/read_only.ts';
import type { HostWork } from '../store/transact.ts';

/** Prepares answering questions and dry runs of what is committed. */
export function prepareAsk(db: Connection, context: () => Context): (work: HostWork) => Submitted {
  const load = prepareLoad(db);
  const last = prepareLastSeq(db);
  // In one transaction, so that all that is read of a host is of the same state. It ends before the answer is worked out:
  // no checkpoint waits for that.
  const read = db.transaction((host: string): LoadedState => ({ host: load(host), seq: last() }));
  return (work) => answerRead(read(work.host), work, context());
}
