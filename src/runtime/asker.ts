import type { Context } from '../engine/model/transaction.ts';
import type { Connection } from '../store/connection.ts';
import { prepareLastSeq } from '../store/journal.ts';
import { prepareKeptBeside } from '../store/kept_state.ts';
import { prepareLoad } from '../store/load.ts';
import type { Submitted } from '../store/port.ts';
import { answerRead } from '../store/read_only.ts';
import type { HostWork } from '../store/transact.ts';

/** Prepares answering questions and dry runs of what is committed. */
export function prepareAsk(db: Connection, context: () => Context): (work: HostWork) => Submitted {
  const load = prepareLoad(db);
  const last = prepareLastSeq(db);
  // In one transaction, so that all that is read of a host is of the same state. It ends before the answer is worked out:
  // no checkpoint waits for that.
  const beside = prepareKeptBeside(db, load);
  const read = db.transaction((work: HostWork) => ({
    ...{ host: load(work.host), seq: last() },
    kept: beside(work),
  }));
  return (work) => {
    const { kept, ...loaded } = read(work);
    return answerRead(loaded, kept.work(), context());
  };
}
