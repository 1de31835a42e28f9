import { emptyWal, walBytes, watchCheckpoints, type Checkpoints } from '../store/checkpoint.ts';
import { assertDurable } from '../store/connection.ts';
import { describeFault, unavailableFor } from '../store/fault.ts';
import { schemaVersion } from '../store/migrate.ts';
import { openOwned, type OwnedDatabase } from '../store/open.ts';
import { unpackJson } from '../store/packed.ts';
import { unpackDecided } from '../store/packed_decision.ts';
import type { Command } from '../engine/model/command.ts';
import { prepareTransact, type Decide, type HostWork, type Work } from '../store/transact.ts';
import { collectBatches, notOurs } from './batches.ts';
import { createFreshUid } from './fresh_uid.ts';
import type { FromWriter, ToWriter, WriterData } from './message.ts';
import { betweenTurns, isReading } from './own_reads.ts';
import { packError } from './thread_error.ts';

/** Whoever waits for a host waits so long for what another thread decides of it: then that may be overtaken. */
const HOLD_MS = 30_000;

type Tell = (message: FromWriter) => void;

/** What a writer decides by, and how it tells what came of it. */
export interface WriterOptions {
  readonly data: WriterData;
  readonly decide: Decide;
  readonly tell: Tell;
  /** Called once, when it was told to close and the file is closed. */
  readonly ended: () => void;
}

/**
 * Opens the database, becomes its owner, and takes messages from then on: what is submitted is committed, and what
 * arrives while a commit runs makes up the next one. Throws a StoreFault where the file cannot be served.
 */
export function startWriter({
  data,
  decide,
  tell,
  ended,
}: WriterOptions): (messages: readonly ToWriter[]) => void {
  const owned = openOwned(data.path, data.busyTimeoutMs);
  const { db, path, lost, counted, close } = owned;
  const checkpoints = tellCheckpoints(owned, data, tell);
  const transact = prepareTransact(db, {
    decide,
    now: () => new Date().toISOString(),
    uid: createFreshUid(),
    cacheBytes: data.cacheBytes,
    startTurn: turnsOf(data.turnMs),
    retention: data.retention,
    counted,
  });
  const batches = collectBatches({
    path,
    transact,
    lost,
    tell,
    afterCommit: checkpoints.afterCommit,
    holdMs: HOLD_MS,
  });
  tell({ type: 'ready', path });
  const take = (message: ToWriter): void => {
    switch (message.type) {
      case 'work':
        batches.add({ ...message, work: withDecided(message.work, message.decided) });
        break;
      case 'submit_packed':
        batches.add({ ...message, work: unpacked(message) });
        break;
      case 'let_go':
        batches.letGo(message.hold);
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
        ended();
        break;
    }
  };
  return (messages) => {
    for (const message of messages) take(message);
  };
}

function turnsOf(turnMs: number): () => () => boolean {
  return () => {
    const end = performance.now() + turnMs;
    return () => performance.now() >= end;
  };
}

/** The same with what another thread has made of it. */
function withDecided(work: Work, decided: ArrayBuffer | null): Work {
  return decided === null ? work : { ...work, ...decidedIn(decided) };
}

function decidedIn(decided: ArrayBuffer | null): Pick<HostWork, 'decided'> {
  return decided === null ? {} : { decided: unpackDecided(decided) };
}

/**
 * What another thread packed: the one place that says what is in the bytes. They are read where the command is looked at,
 * which of one that takes long it never is.
 */
function unpacked(message: Extract<ToWriter, { type: 'submit_packed' }>): Work {
  const { submission, command, decided, is_long } = message;
  return {
    ...submission,
    ...decidedIn(decided),
    is_long,
    get command() {
      return unpackJson(command) as Command;
    },
  };
}

/** Keeps the other thread told of the checkpoints, and logs when they begin to fail or work again. */
function tellCheckpoints({ db, path }: OwnedDatabase, data: WriterData, tell: Tell): Checkpoints {
  const { walBytesMax, ownReads } = data;
  const isOwnRead = (): boolean => isReading(ownReads);
  const undisturbed = <T>(act: () => T): T => betweenTurns(ownReads, act);
  const checkpoints = watchCheckpoints({ db, path, walBytesMax, isOwnRead, undisturbed }, ({ degraded }) => {
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
