import { parentPort, workerData } from 'node:worker_threads';
import { v7 } from 'uuid';
import { emptyWal, walBytes, watchCheckpoints, type Checkpoints } from '../store/checkpoint.ts';
import { assertDurable } from '../store/connection.ts';
import { describeFault, unavailableFor } from '../store/fault.ts';
import { schemaVersion } from '../store/migrate.ts';
import { openOwned, type OwnedDatabase } from '../store/open.ts';
import type { Asked } from '../store/port.ts';
import { prepareTransact, type Decide } from '../store/transact.ts';
import { collectBatches, notOurs } from './batches.ts';
import { unpackJson } from './hand_over.ts';
import type { FromWriter, ToWriter, WriterData } from './message.ts';
import { packError } from './thread_error.ts';

type Tell = (message: FromWriter) => void;

/**
 * Runs the writer in this thread until it is told to close: opens the database and becomes its owner, then commits
 * what it is sent. Submissions that arrive while a commit runs make up the next one.
 */
export function serveWriter(decide: Decide): void {
  const port = parentPort;
  if (port === null) throw new Error('the writer runs in a thread of its own');
  const tell: Tell = (message) => port.postMessage(message);
  try {
    serve(decide, tell);
  } catch (error) {
    tell({ type: 'fatal', error: packError(error) });
  }
}

function serve(decide: Decide, tell: Tell): void {
  const { path: given, cachedHosts, busyTimeoutMs, walBytesMax } = workerData as WriterData;
  const owned = openOwned(given, busyTimeoutMs);
  const { db, path, lost, close } = owned;
  const checkpoints = tellCheckpoints(owned, walBytesMax, tell);
  const transact = prepareTransact(db, {
    decide,
    now: () => new Date().toISOString(),
    uid: () => v7(),
    cachedHosts,
  });
  const batches = collectBatches({ path, transact, lost, tell, afterCommit: checkpoints.afterCommit });
  parentPort?.on('message', (message: ToWriter) => {
    switch (message.type) {
      case 'submit':
        batches.add(message);
        break;
      case 'submit_packed':
        batches.add({
          id: message.id,
          submission: { ...message.submission, ...(unpackJson(message.asked) as Asked) },
        });
        break;
      case 'check':
        tell(check(message.id, owned, checkpoints));
        break;
      case 'serve_at':
        serveAt(owned, message.url, tell);
        break;
      case 'close':
        batches.flush();
        if (lost() === null) emptyWal(db);
        close();
        parentPort?.close();
        break;
    }
  });
  tell({ type: 'ready', path });
}

/** Keeps the other thread told of the checkpoints, and logs when they begin to fail or work again. */
function tellCheckpoints({ db, path }: OwnedDatabase, walBytesMax: number, tell: Tell): Checkpoints {
  const checkpoints = watchCheckpoints(db, path, walBytesMax, ({ degraded }) => {
    const fields = { path, wal_bytes: walBytes(path), ...(degraded === null ? {} : { why: degraded }) };
    if (degraded === null) tell({ type: 'log', level: 'info', fields, message: 'checkpoints work again' });
    else tell({ type: 'log', level: 'warn', fields, message: 'checkpoints fail' });
  });
  let told = checkpoints.state();
  tell({ type: 'checkpoints', state: told });
  const tellChanges = (): void => {
    if (checkpoints.state() === told) return;
    told = checkpoints.state();
    tell({ type: 'checkpoints', state: told });
  };
  const thenTell = (act: () => void) => (): void => {
    act();
    tellChanges();
  };
  return {
    ...checkpoints,
    afterCommit: thenTell(checkpoints.afterCommit),
    retry: thenTell(checkpoints.retry),
  };
}

/** Proves that the file takes a commit and is the one under its path. */
function check(id: number, { db, path, owner, lost }: OwnedDatabase, checkpoints: Checkpoints): FromWriter {
  try {
    const durable = assertDurable(db);
    const before = lost();
    if (before === null) owner.prove(new Date().toISOString());
    const reason = before ?? lost();
    if (reason !== null) return { type: 'checked', id, health: notOurs(reason) };
    checkpoints.retry();
    const health = { ...durable, schema_version: schemaVersion(db), wal_bytes: walBytes(path) };
    return { type: 'checked', id, health: { ...health, ...checkpoints.state() } };
  } catch (error) {
    const why = unavailableFor(error, path);
    if (why !== null) return { type: 'checked', id, health: why };
    return { type: 'check_failed', id, error: packError(describeFault(error, path)) };
  }
}

/** Only what a second server is told hangs on it, so that a file that is busy now is no reason to stop. */
function serveAt({ path, owner }: OwnedDatabase, url: string, tell: Tell): void {
  try {
    owner.serveAt(url);
  } catch (error) {
    const why = describeFault(error, path).message;
    tell({ type: 'log', level: 'warn', fields: { path, why }, message: 'address not noted in the store' });
  }
}
