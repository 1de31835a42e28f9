import type { Connection } from '../store/connection.ts';
import { beginTurn, endTurn, type OwnReads } from './own_reads.ts';

/** A transaction in which a connection reads for whoever asks within one turn of the event loop. */
export interface SharedRead {
  /** Reads from here to the end of the turn are of one state: SQLite takes its locks once for all of them. */
  readonly begin: () => void;
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
  let isOpen = false;
  const end = (): void => {
    if (!isOpen) return;
    isOpen = false;
    // After some faults SQLite has rolled back by itself, and who closes the connection ends it.
    if (db.inTransaction) commit.run();
    endTurn(reads);
  };
  return {
    begin: () => {
      if (isOpen || !beginTurn(reads)) return;
      isOpen = true;
      begin.run();
      setImmediate(end);
    },
    end,
  };
}
