import { parentPort, workerData } from 'node:worker_threads';
import { v7 } from 'uuid';
import { assertDurable, openWriteConnection, type Connection } from './connection.ts';
import type { FromWriter, ToWriter, WriterData } from './message.ts';
import { migrate, schemaVersion } from './migrate.ts';
import type { StoreHealth, Submission } from './port.ts';
import { prepareTransact, type BatchResult, type Decide } from './transact.ts';

/** A bound on how long the first of a batch waits for the last. */
const BATCH_MAX = 512;

interface Queued {
  readonly id: number;
  readonly submission: Submission;
}

/**
 * Runs the writer in this thread until it is told to close: opens and migrates the database, then commits what
 * it is sent. Submissions that arrive while a commit runs make up the next one.
 */
export function serveWriter(decide: Decide): void {
  const port = parentPort;
  if (port === null) throw new Error('the writer runs in a thread of its own');
  const tell = (message: FromWriter): void => port.postMessage(message);
  const { path, cachedHosts } = workerData as WriterData;
  const db = openWriteConnection(path);
  migrate(db);
  const transact = prepareTransact(db, {
    decide,
    now: () => new Date().toISOString(),
    uid: () => v7(),
    cachedHosts,
  });
  const batches = collectBatches(transact, tell);
  port.on('message', (message: ToWriter) => {
    switch (message.type) {
      case 'submit':
        batches.add(message);
        break;
      case 'check':
        tell({ type: 'checked', id: message.id, health: healthOf(db) });
        break;
      case 'close':
        batches.flush();
        db.close();
        port.close();
        break;
    }
  });
  tell({ type: 'ready' });
}

/** Group commit: what was queued is run at the next turn of the event loop, a batch a turn. */
function collectBatches(
  transact: (batch: readonly Submission[]) => BatchResult,
  tell: (message: FromWriter) => void,
): { add: (queued: Queued) => void; flush: () => void } {
  let queue: Queued[] = [];
  let failed = false;
  const run = (): void => {
    const batch = queue.slice(0, BATCH_MAX);
    queue = queue.slice(BATCH_MAX);
    if (batch.length === 0 || failed) return;
    try {
      const { settled, commit } = transact(batch.map(({ submission }) => submission));
      tell({ type: 'committed', ids: batch.map(({ id }) => id), settled, commit });
    } catch (error) {
      failed = true;
      tell({ type: 'fatal', error: new Error('the commit failed', { cause: error }) });
      return;
    }
    if (queue.length > 0) setImmediate(run);
  };
  return {
    add: (queued) => {
      queue.push(queued);
      if (queue.length === 1) setImmediate(run);
    },
    flush: () => {
      while (queue.length > 0 && !failed) run();
    },
  };
}

function healthOf(db: Connection): StoreHealth | Error {
  try {
    return { ...assertDurable(db), schema_version: schemaVersion(db) };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
