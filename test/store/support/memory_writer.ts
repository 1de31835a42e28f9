import { decideAtOnce } from '../../../src/engine/decide.ts';
import type { Connection } from '../../../src/store/connection.ts';
import { Sqlite } from '../../../src/store/driver.ts';
import { migrate } from '../../../src/store/migrate.ts';
import { KEPT_FOR_EVER } from '../../../src/store/retention.ts';
import { prepareTransact, type TransactOptions } from '../../../src/store/transact.ts';

/** A database in memory, and the transactions on it. */
interface MemoryWriter extends Pick<TransactOptions, 'now' | 'uid'> {
  readonly db: Connection;
  readonly transact: ReturnType<typeof prepareTransact>;
}

/** Decides at once, with one time and uids that count, in turns that are never over, unless said otherwise. */
export function memoryWriter(more: Partial<TransactOptions> = {}): MemoryWriter {
  const db = new Sqlite(':memory:');
  db.pragma('foreign_keys = ON');
  migrate(db);
  let uids = 0;
  const options = {
    decide: decideAtOnce,
    now: () => '2030-01-01T00:00:00.000Z',
    uid: () => `uid-${(uids += 1)}`,
    cacheBytes: 2 ** 26,
    retention: KEPT_FOR_EVER,
    startTurn: () => () => false,
    ...more,
  };
  const { now, uid } = options;
  return { db, now, uid, transact: prepareTransact(db, options) };
}
