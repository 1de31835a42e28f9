import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { v7 } from 'uuid';
import { decideAtOnce } from '../../src/engine/decide.ts';
import { prepareAsk } from '../../src/runtime/asker.ts';
import { prepareAssess } from '../../src/runtime/assessor.ts';
import { ClosingError } from '../../src/runtime/closing_error.ts';
import { prepareDecide } from '../../src/runtime/decider.ts';
import { handedOver } from '../../src/runtime/hand_over.ts';
import type { JobThread } from '../../src/runtime/job_thread.ts';
import { storeOf } from '../../src/runtime/sqlite_store.ts';
import { createOwnReads } from '../../src/runtime/own_reads.ts';
import { startWriter } from '../../src/runtime/start_writer.ts';
import { createWriterClient, type WriterPort } from '../../src/runtime/writer_client.ts';
import { openReadConnection } from '../../src/store/connection.ts';
import type { Store } from '../../src/store/port.ts';
import { prepareReader } from '../../src/runtime/reader.ts';
import type { Decide } from '../../src/store/transact.ts';
import { KEPT_FOR_EVER } from '../../src/store/retention.ts';

const context = () => ({ now: new Date().toISOString(), uid: () => v7() });
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * The SQLite store in the thread that asks: all of it but the threads, which take a second to start from source. What
 * they would say is cloned, or handed over, as between them.
 */
export async function openLocalStore(path: string, decideBy: Decide = decideAtOnce): Promise<Store> {
  const { port1: toWriter, port2: toClient } = new MessageChannel();
  const writer: WriterPort = {
    postMessage: (message, transfer) => toWriter.postMessage(message, transfer),
    on: (event: string, listener: (message: never) => void) =>
      toWriter.on(event === 'exit' ? 'close' : event, listener as () => void),
  };
  const onFatal = (error: Error): void => {
    throw error;
  };
  const { ready, ...client } = createWriterClient({ writer, log: SILENT, onFatal });
  const take = startWriter({
    data: {
      path,
      cacheBytes: 2 ** 26,
      busyTimeoutMs: 0,
      turnMs: Number.POSITIVE_INFINITY,
      retention: KEPT_FOR_EVER,
      walBytesMax: Number.POSITIVE_INFINITY,
      ownReads: createOwnReads(),
    },
    decide: decideBy,
    tell: (message) => toClient.postMessage(message),
    ended: () => toClient.close(),
  });
  toClient.on('message', take);
  const db = openReadConnection(await ready);
  return storeOf({
    db,
    // Not the writer's: in one thread it would wait for a turn that cannot end.
    ownReads: createOwnReads(),
    client,
    log: SILENT,
    assessor: localJobs(prepareAssess(db).answer),
    asker: localJobs(prepareAsk(db, context)),
    decider: localJobs(prepareDecide(db, context)),
    reader: localJobs(prepareReader(db)),
  });
}

/** A local store over a file of its own, which goes when the store is closed. */
export async function openFreshStore(): Promise<Store> {
  const directory = mkdtempSync(join(tmpdir(), 'daxplane-local-'));
  const store = await openLocalStore(join(directory, 'test.db'));
  return {
    ...store,
    close: async () => {
      await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function localJobs<Job>(answer: (job: Job) => unknown): JobThread<Job> {
  let isClosed = false;
  return {
    run: async <T>(job: Job) => {
      if (isClosed) throw new ClosingError('the local store');
      return cloned(answer(job)) as T;
    },
    close: async () => {
      isClosed = true;
    },
  };
}

function cloned<T>(message: T): T {
  return structuredClone(message, { transfer: handedOver(message) });
}
