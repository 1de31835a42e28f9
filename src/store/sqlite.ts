import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { isLongQuestion } from './asker.ts';
import { openReadConnection } from './connection.ts';
import { createJobThread } from './job_thread.ts';
import type { FromWriter, ToWriter, WriterData } from './message.ts';
import type { AssessmentQuery, Commit, Store, StoreHealth, Submission, Submitted } from './port.ts';
import { createReads } from './read.ts';
import { spawnThread, threadFile } from './spawn_thread.ts';
import type { Settled } from './transact.ts';

export interface SqliteStoreOptions {
  /** The database file; made, with its schema, where there is none. */
  readonly path: string;
  /**
   * Called once when a commit failed or the writer died. What was submitted stays unanswered for good: nobody knows
   * whether it is stored. The process has to stop.
   */
  readonly onFatal: (error: Error) => void;
  /** Hosts kept in the writer's memory; 256 where absent. */
  readonly cachedHosts?: number;
  /** Another thread than writer.ts, for tests. */
  readonly writer?: URL;
}

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** The store over one SQLite file: a thread that writes, two that answer what takes long, and a connection here that reads. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { path, cachedHosts = 256 } = options;
  const data: WriterData = { path, cachedHosts };
  const writer = spawnThread(options.writer ?? threadFile(import.meta.url, 'writer'), data);
  await once(writer, 'message');
  const db = openReadConnection(path);
  const client = createWriterClient(writer, options.onFatal);
  const assessor = createJobThread<AssessmentQuery>({
    file: threadFile(import.meta.url, 'assessor_worker'),
    workerData: path,
    about: 'the thread that assesses the fleet',
  });
  const asker = createJobThread<Submission>({
    file: threadFile(import.meta.url, 'asker_worker'),
    workerData: path,
    about: 'the thread that answers long questions',
  });
  return {
    ...createReads(db),
    ...client,
    submit: (submission) => (isLongQuestion(submission) ? asker.run(submission) : client.submit(submission)),
    assess: (query) => assessor.run(query),
    close: async () => {
      await assessor.close();
      await asker.close();
      await client.close();
      db.close();
    },
  };
}

/** The writing half of the store: sends, and settles what the writer answers. */
function createWriterClient(
  writer: Worker,
  onFatal: (error: Error) => void,
): Pick<Store, 'submit' | 'check' | 'onCommit' | 'close'> {
  const submissions = new Map<number, Waiting<Submitted>>();
  const checks = new Map<number, Waiting<StoreHealth>>();
  const listeners = new Set<(commit: Commit) => void>();
  let lastId = 0;
  let closing: Promise<void> | null = null;
  let failed = false;
  const send = (message: ToWriter): void => writer.postMessage(message);
  const fail = (error: Error): void => {
    if (failed) return;
    failed = true;
    onFatal(error);
  };
  writer.on('message', (message: FromWriter) => {
    switch (message.type) {
      case 'ready':
        break;
      case 'committed':
        for (const [position, id] of message.ids.entries())
          settle(submissions, id, message.settled[position]!);
        if (message.commit !== null) for (const listener of listeners) listener(message.commit);
        break;
      case 'checked':
        answerCheck(checks, message.id, message.health);
        break;
      case 'fatal':
        fail(message.error);
        break;
    }
  });
  writer.on('error', fail);
  const ended = new Promise<void>((resolve) => {
    writer.on('exit', () => {
      if (closing === null) fail(new Error('the writer ended by itself'));
      resolve();
    });
  });
  const ask = <T>(waiting: Map<number, Waiting<T>>, message: (id: number) => ToWriter): Promise<T> =>
    new Promise((resolve, reject) => {
      if (closing !== null) throw new Error('the store is closed');
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      send(message(lastId));
    });
  return {
    submit: (submission: Submission) => ask(submissions, (id) => ({ type: 'submit', id, submission })),
    check: () => ask(checks, (id) => ({ type: 'check', id })),
    onCommit: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => {
      if (closing === null) send({ type: 'close' });
      return (closing ??= ended);
    },
  };
}

function settle(submissions: Map<number, Waiting<Submitted>>, id: number, settled: Settled): void {
  const waiting = submissions.get(id);
  submissions.delete(id);
  if ('submitted' in settled) waiting?.resolve(settled.submitted);
  else waiting?.reject(settled.error);
}

function answerCheck(
  checks: Map<number, Waiting<StoreHealth>>,
  id: number,
  health: StoreHealth | Error,
): void {
  const waiting = checks.get(id);
  checks.delete(id);
  if (health instanceof Error) waiting?.reject(health);
  else waiting?.resolve(health);
}
