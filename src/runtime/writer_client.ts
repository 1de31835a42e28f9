import { walBytes, type CheckpointState } from '../store/checkpoint.ts';
import type { Unavailable } from '../store/fault.ts';
import { packJson } from '../store/packed.ts';
import type {
  Commit,
  PackedSubmission,
  Store,
  StoreHealth,
  Submission,
  Submitted,
  WriterBatch,
} from '../store/port.ts';
import type { Work } from '../store/transact.ts';
import { ClosingError } from './closing_error.ts';
import { handedOver } from './hand_over.ts';
import type { Log } from './log.ts';
import type { FromWriter, LeftUndecided, ToWriter, WireSettled } from './message.ts';
import { unpackError } from './thread_error.ts';

/** The writer's end of the messages: a Worker is one. */
export interface WriterPort {
  postMessage(messages: readonly ToWriter[], transfer: readonly ArrayBuffer[]): void;
  on(event: 'message', listener: (message: FromWriter) => void): unknown;
  on(event: 'error' | 'messageerror', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
}

/** The writer, and who is told of what goes wrong. */
export interface WriterClientOptions {
  readonly writer: WriterPort;
  readonly log: Log;
  /** The writer died, or a commit failed so that it is not known what is stored. */
  readonly onFatal: (error: Error) => void;
}

/** What another thread has made of work, packed, and the hold of its host that ends with it. */
export interface MadeElsewhere {
  readonly decided: ArrayBuffer;
  readonly resumes: number | null;
}

/** What of a store the writer answers. */
export interface WriterClient
  extends Pick<Store, 'check' | 'status' | 'serveAt' | 'onCommit' | 'onBatch' | 'close'> {
  run(work: Work, made: MadeElsewhere | null): Promise<Submitted<unknown> | LeftUndecided>;
  runPacked(
    submission: PackedSubmission,
    made: MadeElsewhere | null,
  ): Promise<Submitted<unknown> | LeftUndecided>;
  /** Its items go to the writer packed, and so comes its answer. */
  runBatch(
    submission: Submission<'batch'>,
    made: MadeElsewhere | null,
  ): Promise<Submitted<unknown> | LeftUndecided>;
  /** What a host is held for is not decided by anybody. */
  letGo(hold: number): void;
  /** The file's own path, once the writer serves it; rejects where it cannot, with the reason. */
  readonly ready: Promise<string>;
}

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

interface Client {
  readonly submissions: Map<number, Waiting<Submitted<unknown> | LeftUndecided>>;
  readonly checks: Map<number, Waiting<StoreHealth | Unavailable>>;
  readonly listeners: Set<(commit: Commit) => void>;
  readonly batchListeners: Set<(batch: WriterBatch) => void>;
  checkpoints: CheckpointState;
}

const NO_CHECKPOINT: CheckpointState = { last_checkpoint_at: null, checkpoint_failures: 0, degraded: null };

/** A packed listing of more is decided by another thread: of so many bytes to decide takes 20 ms. */
const LONG_BYTES = 384 * 1024;

const NOT_MADE = { decided: null, resumes: null };

/** The writing half of the store: sends, and settles what the writer answers. */
export function createWriterClient(options: WriterClientOptions): WriterClient {
  const { writer } = options;
  const client: Client = {
    submissions: new Map(),
    checks: new Map(),
    listeners: new Set(),
    batchListeners: new Set(),
    checkpoints: NO_CHECKPOINT,
  };
  let lastId = 0;
  let closing: Promise<void> | null = null;
  let checking: Promise<StoreHealth | Unavailable> | null = null;
  let path = '';
  const send = createOutbox(writer);
  const { ready, ended } = listen(options, client, () => closing !== null);
  const ask = <T>(waiting: Map<number, Waiting<T>>, message: (id: number) => ToWriter): Promise<T> =>
    new Promise((resolve, reject) => {
      if (closing !== null) throw new ClosingError('the store');
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      send(message(lastId));
    });
  const askPacked = (
    submission: Omit<Submission, 'command'>,
    command: ArrayBuffer,
    made: MadeElsewhere | null,
    how: { readonly is_long: boolean; readonly packs_answer: boolean },
  ): Promise<Submitted<unknown> | LeftUndecided> =>
    ask(client.submissions, (id) => {
      return { type: 'submit_packed', id, submission, command, ...how, ...(made ?? NOT_MADE) };
    });
  return {
    ready: ready.then((served) => (path = served)),
    run: (work, made) => ask(client.submissions, (id) => ({ type: 'work', id, work, ...(made ?? NOT_MADE) })),
    runPacked: ({ command, ...submission }, made) =>
      askPacked(submission, command, made, { is_long: command.byteLength > LONG_BYTES, packs_answer: false }),
    runBatch: ({ command, ...submission }, made) =>
      askPacked(submission, packJson(command), made, { is_long: false, packs_answer: true }),
    letGo: (hold) => {
      // One that closes holds nobody.
      if (closing === null) send({ type: 'let_go', hold });
    },
    // A check is a commit: those who ask at the same time share one.
    check: () =>
      (checking ??= ask(client.checks, (id) => ({ type: 'check', id })).finally(() => (checking = null))),
    status: async () => ({ ...client.checkpoints, wal_bytes: walBytes(path) }),
    serveAt: (url) => send({ type: 'serve_at', url }),
    onCommit: (listener) => {
      client.listeners.add(listener);
      return () => void client.listeners.delete(listener);
    },
    onBatch: (listener) => {
      client.batchListeners.add(listener);
      return () => void client.batchListeners.delete(listener);
    },
    close: () => {
      if (closing === null) send({ type: 'close' });
      return (closing ??= ended);
    },
  };
}

/** What is sent within one turn of the event loop goes together: a message a request costs both threads more than it has. */
function createOutbox(writer: WriterPort): (message: ToWriter) => void {
  let outbox: ToWriter[] = [];
  const post = (): void => {
    const messages = outbox;
    outbox = [];
    writer.postMessage(messages, messages.flatMap(handedOver));
  };
  return (message) => {
    outbox.push(message);
    if (outbox.length === 1) setImmediate(post);
  };
}

/** Settles what the writer answers. Before it is ready its failure rejects `ready`, afterwards it is fatal, once. */
function listen(
  { writer, log, onFatal }: WriterClientOptions,
  client: Client,
  isClosing: () => boolean,
): { readonly ready: Promise<string>; readonly ended: Promise<void> } {
  let failed = false;
  const ready = new Promise<string>((resolve, reject) => {
    let isReady = false;
    const fail = (error: Error): void => {
      if (failed) return;
      failed = true;
      if (isReady) onFatal(error);
      else reject(error);
    };
    writer.on('message', (message: FromWriter) => {
      if (message.type === 'ready') {
        isReady = true;
        resolve(message.path);
      } else if (message.type === 'fatal') fail(unpackError(message.error));
      else if (message.type === 'log') log[message.level](message.fields, message.message);
      else settle(client, message);
    });
    writer.on('error', (error: unknown) => fail(new Error('the writer failed', { cause: error })));
    writer.on('messageerror', fail);
    writer.on('exit', (code) => {
      if (!isClosing()) fail(new Error(`the writer ended by itself, with ${String(code)}`));
    });
  });
  const ended = new Promise<void>((resolve) => void writer.on('exit', () => resolve()));
  return { ready, ended };
}

type Answer = Exclude<FromWriter, { readonly type: 'ready' | 'fatal' | 'log' }>;

function settle(client: Client, message: Answer): void {
  const { submissions, checks } = client;
  switch (message.type) {
    case 'committed':
      for (const [position, id] of message.ids.entries())
        settleOne(taken(submissions, id), message.settled[position]!);
      if (message.commit !== null) for (const listener of client.listeners) listener(message.commit);
      for (const listener of client.batchListeners) listener(message.batch);
      break;
    case 'refused':
      for (const id of message.ids)
        taken(submissions, id)?.resolve({ status: 'unavailable', why: message.why });
      break;
    case 'checked':
      taken(checks, message.id)?.resolve(message.health);
      break;
    case 'check_failed':
      taken(checks, message.id)?.reject(unpackError(message.error));
      break;
    case 'checkpoints':
      client.checkpoints = message.state;
      break;
  }
}

function taken<T>(waiting: Map<number, Waiting<T>>, id: number): Waiting<T> | undefined {
  const asked = waiting.get(id);
  waiting.delete(id);
  return asked;
}

function settleOne(
  waiting: Waiting<Submitted<unknown> | LeftUndecided> | undefined,
  settled: WireSettled,
): void {
  if ('submitted' in settled) waiting?.resolve(settled.submitted);
  else waiting?.reject(unpackError(settled.error));
}
