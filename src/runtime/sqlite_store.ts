import type { AnswerTo, AnswerToQuestion } from '../engine/answer.ts';
import type { CommandType } from '../engine/model/command.ts';
import type { QuestionType } from '../engine/model/question.ts';
import {
  BUSY_TIMEOUT_MS,
  JOURNAL_SIZE_LIMIT_BYTES,
  openReadConnection,
  type Connection,
} from '../store/connection.ts';
import type { Figures } from '../store/figures.ts';
import type { FleetCounts } from '../store/fleet_counts.ts';
import type { Inquiry, PackedSubmission, ServiceStore, Store, Submission, Submitted } from '../store/port.ts';
import { isEventRange } from '../store/events.ts';
import { prepareIsRange } from '../store/list.ts';
import { createReads } from '../store/read.ts';
import { KEPT_FOR_EVER, type Retention } from '../store/retention.ts';
import type { HostWork } from '../store/transact.ts';
import type { ServiceAnswerTo, ServiceCommandType } from '../service/command.ts';
import type { ServiceSubmission } from '../store/service/port.ts';
import { createServiceReads } from '../store/service/read.ts';
import { takesLong } from '../store/read_only.ts';
import { decidedElsewhere, type Undone } from './decider.ts';
import type { Assessed, AssessedPage, AssessorJob } from './assessor.ts';
import { createJobThread, type JobThread } from './job_thread.ts';
import { keepCounts, type CountsText } from './kept_counts.ts';
import type { Log } from './log.ts';
import type { LeftUndecided, WriterData } from './message.ts';
import { counted, createOwnReads, type OwnReads } from './own_reads.ts';
import type { ReaderJob } from './reader.ts';
import { spawnThread, threadFile } from './spawn_thread.ts';
import { unpackError } from './thread_error.ts';
import { shareNext } from './share_next.ts';
import { prepareSharedRead } from './shared_read.ts';
import { createWriterClient, type WriterClient } from './writer_client.ts';

/** Where the file is, how it is served, and who is told. */
export interface SqliteStoreOptions {
  /** The database file; made, with its folder and schema, where there is none. */
  readonly path: string;
  /**
   * Called once when a commit failed, the file was lost during one, or the writer died. What was submitted stays
   * unanswered for good: it is not known whether it is stored. The process has to stop.
   */
  readonly onFatal: (error: Error) => void;
  /** Silence where absent. */
  readonly log?: Log;
  /** What of hosts is kept in the memory of the writer, about; 32 MiB where absent. */
  readonly cacheBytes?: number;
  /** How long a change waits for another program's write lock before it is refused with `store_busy`; 5 s where absent. */
  readonly busyTimeoutMs?: number;
  /**
   * How long the writer takes further work into one commit: whoever comes meanwhile waits for it, and for the command or
   * step that it has begun; 20 ms where absent. With 0 each commit is of one command, and of no step behind it.
   */
  readonly turnMs?: number;
  /** A WAL beyond this that cannot be emptied is a degraded store; 64 MiB where absent. */
  readonly walBytesMax?: number;
  /** How much of the journal is kept; all of it where absent. */
  readonly retention?: Retention;
  /** Another thread than writer.ts, for tests. */
  readonly writer?: URL;
}

const TURN_MS = 20;
const CACHE_BYTES = 32 * 1024 * 1024;
const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * The store over one SQLite file: a thread that writes, four that answer what takes long, and a connection here that
 * reads. Rejects where the file is served already, is not ours, newer, damaged, or cannot be written (StoreFault).
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const ownReads = createOwnReads();
  const data: WriterData = {
    path: options.path,
    cacheBytes: options.cacheBytes ?? CACHE_BYTES,
    busyTimeoutMs: options.busyTimeoutMs ?? BUSY_TIMEOUT_MS,
    turnMs: options.turnMs ?? TURN_MS,
    walBytesMax: options.walBytesMax ?? JOURNAL_SIZE_LIMIT_BYTES,
    retention: options.retention ?? KEPT_FOR_EVER,
    ownReads,
  };
  const writer = spawnThread(options.writer ?? threadFile(import.meta.url, 'writer'), data);
  const { onFatal, log = SILENT } = options;
  const { ready, ...client } = createWriterClient({ writer, log, onFatal });
  const path = await ready;
  return storeOf({
    db: openReadConnection(path),
    ownReads,
    client,
    log,
    assessor: counted(
      ownReads,
      createJobThread({
        file: threadFile(import.meta.url, 'assessor_worker'),
        workerData: path,
        about: 'the thread that assesses the fleet',
      }),
    ),
    asker: createJobThread({
      file: threadFile(import.meta.url, 'asker_worker'),
      workerData: path,
      about: 'the thread that answers long questions',
    }),
    decider: createJobThread({
      file: threadFile(import.meta.url, 'decider_worker'),
      workerData: path,
      about: 'the thread that decides what takes more than one run',
    }),
    reader: counted(
      ownReads,
      createJobThread({
        file: threadFile(import.meta.url, 'reader_worker'),
        workerData: path,
        about: 'the thread that reads much at once',
      }),
    ),
  });
}

/** Who does what a store is asked, in whatever thread. */
export interface StoreParts {
  readonly db: Connection;
  readonly ownReads: OwnReads;
  readonly client: Omit<WriterClient, 'ready'>;
  readonly assessor: JobThread<AssessorJob>;
  readonly asker: JobThread<HostWork>;
  readonly decider: JobThread<Undone>;
  readonly reader: JobThread<ReaderJob>;
  readonly log: Log;
}

/** Asks of each part what is its own. The store owns them, and closes them. */
export function storeOf(parts: StoreParts): Store {
  const { db, ownReads, client, log } = parts;
  const { assessor, asker, decider, reader, jobs } = watchJobs(parts);
  const { run, runPacked, runBatch, letGo, ...writer } = client;
  const shared = prepareSharedRead(db, ownReads);
  // Before anybody hears of a commit: what they read then has it.
  writer.onCommit(shared.end);
  const reads = createReads(db, shared.begin);
  const isRange = prepareIsRange(db);
  const countFleetText = keepCounts(shared.begin, async () =>
    logged(log, await assessor.run<Assessed<CountsText>>('count_fleet')),
  );
  return {
    ...reads,
    ...writer,
    ...typed(
      (work) => {
        // One with a key is the writer's, which keeps the answer.
        if (work.idempotency === undefined && takesLong(work)) return asker.run(work);
        return decidedElsewhere({ write: (made) => run(work, made), letGo }, () => decider.run({ work }));
      },
      ({ command, ...work }) => {
        // Taken at once; what is handed over are copies of the bytes, since work that is undecided is sent again.
        const taken = structuredClone(command, { transfer: [command] });
        return decidedElsewhere(
          { write: (made) => runPacked({ ...work, command: taken.slice(0) }, made), letGo },
          () => decider.run({ work, command: taken.slice(0) }),
        );
      },
      (work) =>
        decidedElsewhere({ write: (made) => runBatch(work, made), letGo }, () => decider.run({ work })),
    ),
    service: {
      ...createServiceReads(db, shared.begin),
      submit: typedService((submission) => {
        const { idempotency } = submission;
        return run({ host: '', service: submission, ...(idempotency && { idempotency }) }, null);
      }),
    },
    // What may read many rows for a few must not hold this thread.
    list: (query) => (isRange(query) ? reads.list(query) : reader.run({ list: query })),
    events: (query) => (isEventRange(query) ? reads.events(query) : reader.run({ events: query })),
    packedRecords: (query) => reader.run({ packed_records: query }),
    assess: async (query) => {
      for (let turn = 0; ; turn += 1) {
        const page = logged(log, await assessor.run<Assessed<AssessedPage>>({ query, turn }));
        if (page !== 'unfinished') return page;
      }
    },
    countFleet: async () => JSON.parse(await countFleetText()) as FleetCounts,
    countFleetText,
    figures: shareNext(async () => {
      const now = jobs();
      return { ...(await reader.run<Figures>({ figures: true })), jobs: now };
    }),
    close: async () => {
      for (const thread of [assessor, asker, decider, reader]) await thread.close();
      // Whoever reads has ended before the writer does: it works off the WAL, which no reader can.
      shared.end();
      db.close();
      await client.close();
    },
  };
}

/** The same threads, and how many jobs each is at, or has waiting. */
function watchJobs({ assessor, asker, decider, reader }: StoreParts) {
  const jobs = { assessor: 0, asker: 0, decider: 0, reader: 0 };
  const watched = <Job>(name: keyof typeof jobs, thread: JobThread<Job>): JobThread<Job> => ({
    ...thread,
    run: async <T>(job: Job): Promise<T> => {
      jobs[name] += 1;
      try {
        return await thread.run<T>(job);
      } finally {
        jobs[name] -= 1;
      }
    },
  });
  return {
    assessor: watched('assessor', assessor),
    asker: watched('asker', asker),
    decider: watched('decider', decider),
    reader: watched('reader', reader),
    jobs: () => ({ ...jobs }),
  };
}

function logged<Answer>(log: Log, { answer, faults }: Assessed<Answer>): Answer {
  for (const { host, error } of faults)
    log.error({ err: unpackError(error), host }, 'host failed to be assessed');
  return answer;
}

/** Types do not cross between threads: this is the one place that says that the answer is the one to what was sent. */
function typed(
  run: (work: HostWork) => Promise<Submitted<unknown>>,
  runPacked: (submission: PackedSubmission) => Promise<Submitted<unknown>>,
  runBatch: (submission: Submission<'batch'>) => Promise<Submitted<unknown>>,
): Pick<Store, 'submit' | 'submitPacked' | 'submitBatch' | 'ask'> {
  return {
    submit: async <Type extends CommandType>(submission: Submission<Type>) =>
      (await run(submission as Submission)) as Submitted<AnswerTo<Type>>,
    submitPacked: async (submission) =>
      (await runPacked(submission)) as Submitted<AnswerTo<'import_inventory'>>,
    submitBatch: async (submission) => (await runBatch(submission)) as Submitted<ArrayBuffer>,
    ask: async <Type extends QuestionType>(inquiry: Inquiry<Type>) =>
      (await run(inquiry as Inquiry)) as Submitted<AnswerToQuestion<Type>>,
  };
}

/** The same of records of the service. Nobody else decides of them, so none is left undecided. */
function typedService(
  run: (submission: ServiceSubmission) => Promise<Submitted<unknown> | LeftUndecided>,
): ServiceStore['submit'] {
  return async <Type extends ServiceCommandType>(submission: ServiceSubmission<Type>) =>
    (await run(submission as unknown as ServiceSubmission)) as Submitted<ServiceAnswerTo<Type>>;
}
