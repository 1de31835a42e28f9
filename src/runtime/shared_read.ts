import type { Connection } from '../store/connection.ts';
import { prepareDataVersion } from '../store/data_version.ts';
import { beginTurn, endTurn, type OwnReads } from './own_reads.ts';

/** A transaction in which a connection reads for whoever asks within one turn of the event loop. */
export interface SharedRead {
  /**
   * Reads from here to the end of the turn are of one state: SQLite takes its locks once for all of them. Returns its
   * number, which is another one once anybody else has written; null where the next read is for itself.
   */
  readonly begin: () => number | null;
  /** The next read is of what is committed by then. */
  readonly end: () => void;
}

/**
 * Prepares reading in turns. Nothing is open between two of them, and a checkpoint waits for the end of one, for at
 * most 10 ms: before it the state is read that was there before the last commit, and a log of which something is left
 * behind grows.
 */
export function prepareSharedRead(db: Connection, reads: OwnReads): SharedRead {
  const begin = db.prepare('BEGIN');
  const commit = db.prepare('COMMIT');
  const dataVersion = prepareDataVersion(db);
  let isOpen = false;
  let state: number | null = null;
  const end = (): void => {
    if (!isOpen) return;
    isOpen = false;
    state = null;
    // After some faults SQLite has rolled back by itself, and who closes the connection ends it.
    if (db.inTransaction) commit.run();
    endTurn(reads);
  };
  return {
    begin: () => {
      if (isOpen) return state;
      if (!beginTurn(reads)) return null;
      isOpen = true;
      setImmediate(end);
      begin.run();
      state = dataVersion.get();
      return state;
    },
    end,
  };
}
