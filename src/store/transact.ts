import type { Command } from '../engine/model/command.ts';
import type { decideAtOnce } from '../engine/decide.ts';
import type { Decision } from '../engine/handle.ts';
import type { Host } from '../engine/model/host.ts';
import type { Context } from '../engine/model/transaction.ts';
import type { RemovalRecord } from '../engine/model/removal.ts';
import type { RemovalState } from '../engine/model/vocabulary.ts';
import { applyAll, changesOf } from './applied.ts';
import { prepareAttempts, type Together } from './attempt.ts';
import type { Connection } from './connection.ts';
import type { Decided, Undecided } from './decided.ts';
import { isWorldFault } from './fault.ts';
import { prepareGoOn, type Way } from './go_on.ts';
import { KEPT_MS, prepareIdempotencyKeys, type IdempotencyKeys } from './idempotency.ts';
import { answerRead, takesLong } from './read_only.ts';
import { prepareHostSeq, prepareJournal, type Journal } from './journal.ts';
import { cacheHosts, type HostCache } from './host_cache.ts';
import { createKnown, type Known } from './known.ts';
import type { Commit, Inquiry, RemovalMark, Submission, Submitted } from './port.ts';
import { decideIf } from './precondition.ts';
import { prepareDataVersion, recount } from './recount.ts';
import { preparePurgeEvents, type Retention } from './retention.ts';

/** How a command is decided in one run: the engine's own decideAtOnce(), or one with faults in tests. */
export type Decide = (host: Host, command: Command, context: Context) => ReturnType<typeof decideAtOnce>;

/** What a decision needs beside the host, and how much of hosts stays in memory. */
export interface TransactOptions {
  readonly decide: Decide;
  readonly now: () => string;
  readonly uid: () => string;
  readonly cacheBytes: number;
  /** Called as a batch begins; answers from then on whether it has held the writer for long enough. */
  readonly startTurn: () => () => boolean;
  /** How much of the journal is kept. */
  readonly retention: Retention;
  /** Whose counts of the fleet are right: recount() has answered it. Absent, they are made by the first batch. */
  readonly counted?: number;
}

/** What the writer works on, one after another: inquiries only where their answer is to be kept, or comes at once. */
export type Work = (Submission | Inquiry) & {
  readonly decided?: Decided;
  /** It takes so long to decide that another thread is to do that; its command is not looked at here. */
  readonly is_long?: boolean;
};

/** What became of one piece of work: its answer, or the bug that rolled it back. */
export type Settled = { readonly submitted: Submitted | Undecided } | { readonly error: Error };

/** What became of a batch. */
export interface BatchResult {
  /** One for each submission that the turn had time for, in order: one at least. True only now that it is committed. */
  readonly settled: readonly Settled[];
  /** Null where nothing was changed. */
  readonly commit: Commit | null;
}

interface Transactor extends TransactOptions {
  readonly db: Connection;
  /** What was worked on last of hosts, as the open transaction sees it. Applying an event changes it in place. */
  readonly cache: HostCache;
  readonly keys: IdempotencyKeys;
  readonly known: Known;
  readonly journal: Journal;
  readonly hostSeq: (host: string) => number;
}

/**
 * Prepares running batches of submissions, one transaction a batch:
 *
 *   BEGIN ── key known? → load → If-Match → decide → apply → journal → project ─────────────────┐ … COMMIT
 *    ▲           ├── more than one run: `undecided`, and nothing is done (another thread decides it) ──┘
 *    └─ROLLBACK──┴── a bug: all is done again, each submission in a savepoint, and this one rejected alone
 *
 * Behind a command its removals go on step by step: go_on.ts.
 * Throws where the world fails (disk full, I/O error), after a rollback. The fault says whether nothing is stored
 * for certain (fault.ts), or nobody may be answered and the process has to stop.
 */
export function prepareTransact(
  db: Connection,
  options: TransactOptions,
): (batch: readonly Work[]) => BatchResult {
  const known = createKnown();
  const transactor: Transactor = {
    ...options,
    db,
    known,
    cache: cacheHosts(db, options.cacheBytes),
    keys: prepareIdempotencyKeys(db),
    journal: prepareJournal(db, known),
    hostSeq: prepareHostSeq(db),
  };
  const { bold, careful } = prepareGoOn(prepareAttempts(transactor), (together, { host, removal }) => {
    execute(transactor, together, { host, command: { type: 'advance_removal', removal } });
  });
  const run = prepareRun(transactor);
  const runOrRollBack = (batch: readonly Work[], way: Way, isBug: (error: unknown) => boolean) => {
    try {
      return run(batch, way);
    } catch (error) {
      const isMet = isBug(error);
      // SQLite has rolled back by itself after some faults. The hosts in memory are ahead of the rows either way.
      transactor.cache.clear();
      known.forget();
      if (db.inTransaction) db.exec('ROLLBACK');
      if (isMet) return null;
      throw error;
    }
  };
  const isBug = (error: unknown): boolean => db.inTransaction && !isWorldFault(error);
  return (batch) => runOrRollBack(batch, bold, isBug) ?? runOrRollBack(batch, careful, () => false)!;
}

/** Prepares running one batch, to its commit. */
function prepareRun(transactor: Transactor): (batch: readonly Work[], way: Way) => BatchResult {
  const { db } = transactor;
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const purge = createPurge(transactor);
  const watch = watchForeignWrites(transactor);
  return (batch, way) => {
    begin.run();
    const committed = [watch(), purge()];
    const before = transactor.journal.last();
    const removals = new Map<string, RemovalMark>();
    const isOver = transactor.startTurn();
    const settled: Settled[] = [];
    const waiting = countHosts(batch);
    for (const work of batch) {
      if (settled.length > 0 && isOver()) break;
      const { host } = work;
      waiting.set(host, waiting.get(host)! - 1);
      const attempted = way(
        host,
        (together) => execute(transactor, together, work),
        () => waiting.get(host) !== 0 || isOver(),
      );
      const result = 'error' in attempted ? attempted : { submitted: attempted.done };
      settled.push(result);
      for (const mark of attempted.marks)
        removals.set(mark.uid, { ...mark, before: (removals.get(mark.uid) ?? mark).before });
      if (holdsHost(work, result)) break;
    }
    const seq = transactor.journal.last();
    commit.run();
    for (const remember of committed) remember();
    return { settled, commit: seq === before ? null : { seq, removals: [...removals.values()] } };
  };
}

/**
 * Whether a command waits for what another thread decides: nothing behind it may overtake it on its host, so a batch ends
 * with it. What changes nothing holds up nobody.
 */
export function holdsHost(work: Work, settled: Settled): boolean {
  const isUndecided = 'submitted' in settled && settled.submitted.status === 'undecided';
  return isUndecided && !('question' in work) && work.dry_run !== true;
}

/** How many of a batch are of each host. */
function countHosts(batch: readonly Work[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { host } of batch) counts.set(host, (counts.get(host) ?? 0) + 1);
  return counts;
}

/** Decides one submission and, where it is granted, does all of it but its rows; or answers one inquiry. */
function execute(transactor: Transactor, together: Together, work: Work): Submitted | Undecided {
  const { cache, keys } = transactor;
  const { host: name, idempotency } = work;
  const at = transactor.now();
  const kept = idempotency === undefined ? null : keys.find(idempotency.key, at);
  if (kept !== null) {
    if (kept.fingerprint !== idempotency?.fingerprint) return { status: 'idempotency_mismatch' };
    return { status: 'done', ...kept.reply, replayed: true, seq: kept.seq };
  }
  const host = cache.load(name);
  together.host = host;
  const submitted = settle(transactor, together, host, work, at);
  const isDryRun = 'dry_run' in work && work.dry_run;
  if (submitted.status === 'done' && !isDryRun && idempotency !== undefined) {
    const { answer, exposures, seq } = submitted;
    keys.keep(
      idempotency.key,
      { fingerprint: idempotency.fingerprint, reply: { answer, exposures }, seq },
      at,
    );
  }
  return submitted;
}

function settle(
  transactor: Transactor,
  together: Together,
  host: Host,
  work: Work,
  at: string,
): Submitted | Undecided {
  const context = { now: at, uid: transactor.uid };
  const { decided: elsewhere } = work;
  if (elsewhere !== undefined && 'answered' in elsewhere) return elsewhere.answered;
  if (takesLong(work)) return UNDECIDED;
  if ('question' in work) return answerRead({ host, seq: transactor.journal.last() }, work, context);
  const { precondition, dry_run } = work;
  const decided = decideIf(host, precondition, () => decideOf(transactor, host, work, context));
  if ('denied' in decided) return decided.denied;
  if (decided.granted === null) return UNDECIDED;
  const { answer, exposures, events } = decided.granted;
  const seq =
    dry_run === true ? transactor.journal.last() : store(transactor, together, host, work.host, events, at);
  return { status: 'done', answer, exposures, replayed: false, seq };
}

/** Here it would hold up everybody. */
const UNDECIDED: Undecided = { status: 'undecided' };

/** What was decided elsewhere, if the host is as it was then; else what can be decided here, in one run. */
function decideOf(
  transactor: Transactor,
  host: Host,
  work: Submission & Pick<Work, 'decided' | 'is_long'>,
  context: Context,
): ReturnType<Decide> {
  const { host: name, decided } = work;
  if (decided !== undefined && 'decision' in decided && decided.host_seq === transactor.hostSeq(name))
    return decided.decision;
  return work.is_long === true ? null : transactor.decide(host, work.command, context);
}

function store(
  transactor: Transactor,
  { applied, marks }: Together,
  host: Host,
  name: string,
  events: Decision['events'],
  at: string,
): number {
  const before = removalStates(host, events);
  applyAll(host, events, applied);
  marks.push(...marksOf(host, before));
  return transactor.journal.append(name, at, events, applied);
}

/** The states of the removals that events are about to change; null of those that they begin. */
function removalStates(host: Host, events: Decision['events']): ReadonlyMap<string, RemovalState | null> {
  const states = new Map<string, RemovalState | null>();
  for (const change of changesOf(events)) {
    if (change.op !== 'put' || change.kind !== 'removals') continue;
    states.set(change.id, host.tables.removals.get(change.id)?.state ?? null);
  }
  return states;
}

function marksOf(host: Host, states: ReadonlyMap<string, RemovalState | null>): RemovalMark[] {
  return [...states].flatMap(([id, before]) => {
    const record = host.tables.removals.get(id);
    return record === undefined ? [] : [markOf(record, before)];
  });
}

function markOf({ host, id, uid, state }: RemovalRecord, before: RemovalState | null): RemovalMark {
  return { host, removal: id, uid, state, before };
}

/**
 * Once an hour at most: the keys' own time is what is looked at, so a late purge changes no answer. Of the journal a
 * batch drops a part; where more is past its bounds, the next one goes on. Answers what is to be called once that is
 * committed.
 */
function createPurge({ db, keys, now, retention }: Transactor): () => Remember {
  const purgeEvents = preparePurgeEvents(db, retention);
  let due = 0;
  return () => {
    const at = now();
    const nowMs = Date.parse(at);
    if (nowMs < due) return () => undefined;
    keys.purge(at);
    const isMore = purgeEvents(nowMs);
    return () => {
      due = isMore ? nowMs : nowMs + KEPT_MS / 24;
    };
  };
}

/** What is true only once the batch is committed. */
type Remember = () => void;

/**
 * Another process that wrote to the file (an operator's sqlite3, say) makes what is cached and counted untrue. Answers what
 * is to be called once that is committed.
 */
function watchForeignWrites({ db, cache, known, counted }: Transactor): () => Remember {
  const dataVersion = prepareDataVersion(db);
  let version = counted;
  return () => {
    if (dataVersion.get() === version) return () => undefined;
    cache.clear();
    known.forget();
    const current = recount(db);
    return () => {
      version = current;
    };
  };
}
