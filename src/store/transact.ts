import type { Command } from '../engine/model/command.ts';
import type { decideAtOnce } from '../engine/decide.ts';
import type { Decision } from '../engine/handle.ts';
import type { Host } from '../engine/model/host.ts';
import type { Context } from '../engine/model/transaction.ts';
import type { RemovalState } from '../engine/model/vocabulary.ts';
import { applyAll } from './applied.ts';
import type { Connection } from './connection.ts';
import type { Decided, Undecided } from './decided.ts';
import { isWorldFault } from './fault.ts';
import { KEPT_MS, prepareIdempotencyKeys, type IdempotencyKeys } from './idempotency.ts';
import { answerRead, takesLong } from './read_only.ts';
import { prepareHostSeq, prepareJournal, type Journal } from './journal.ts';
import { cacheHosts, type HostCache } from './host_cache.ts';
import { createKnown, type Known } from './known.ts';
import type { Commit, Inquiry, RemovalMark, Submission, Submitted } from './port.ts';
import { decideIf } from './precondition.ts';
import { preparePurgeEvents, type Retention } from './retention.ts';
import { prepareProject } from './project.ts';
import type { Touched } from './write_row.ts';

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
  readonly project: ReturnType<typeof prepareProject>;
  /** Removals changed by the open savepoint. */
  readonly marks: RemovalMark[];
}

/**
 * Prepares running batches of submissions, one transaction a batch:
 *
 *   BEGIN ── SAVEPOINT ── key known? → load → If-Match → decide → apply → project → journal ── RELEASE ─┐ … COMMIT
 *                ├── more than one run: `undecided`, and nothing is done (another thread decides it) ──┤
 *                └── a bug: ROLLBACK TO, forget the host, reject this submission alone ────────────────┘
 *
 * Behind a command its removals go on step by step, and are stored as they are left: goOn().
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
    project: prepareProject(db, known),
    marks: [],
  };
  const runOne = prepareRunOne(transactor);
  const [begin, commit] = ['BEGIN IMMEDIATE', 'COMMIT'].map((sql) => db.prepare(sql));
  const purge = createPurge(transactor);
  const watch = watchForeignWrites(transactor);
  const run = (batch: readonly Work[]): BatchResult => {
    begin?.run();
    watch();
    purge();
    const before = transactor.journal.last();
    const removals = new Map<string, RemovalMark>();
    const isOver = transactor.startTurn();
    const runNoted = (work: Work): Noted => {
      transactor.marks.length = 0;
      const result = runOne(work);
      const marks = 'error' in result ? [] : [...transactor.marks];
      for (const mark of marks)
        removals.set(mark.uid, { ...mark, before: (removals.get(mark.uid) ?? mark).before });
      return { result, marks };
    };
    const settled: Settled[] = [];
    const waiting = countHosts(batch);
    for (const work of batch) {
      if (settled.length > 0 && isOver()) break;
      const { result, marks } = runNoted(work);
      settled.push(result);
      waiting.set(work.host, waiting.get(work.host)! - 1);
      goOn(marks, runNoted, ({ host }) => waiting.get(host) !== 0 || isOver());
      if (holdsHost(work, result)) break;
    }
    const seq = transactor.journal.last();
    commit?.run();
    return { settled, commit: seq === before ? null : { seq, removals: [...removals.values()] } };
  };
  return (batch) => {
    try {
      return run(batch);
    } catch (error) {
      // SQLite has rolled back by itself after some faults. The hosts in memory are ahead of the rows either way.
      transactor.cache.clear();
      known.forget();
      if (db.inTransaction) db.exec('ROLLBACK');
      throw error;
    }
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

/** What became of one piece of work, and the removals that it changed. */
interface Noted {
  readonly result: Settled;
  readonly marks: readonly RemovalMark[];
}

/**
 * Removals go on behind the command that left them running, taking turns, in the same commit, for as long as nobody else
 * has sent a command for their host and the turn is not over. Those that the command has woken go on in any case: whoever
 * sends the next finds them at rest, as on a kernel. A step that fails, or takes more than one run, is the executor's,
 * which sees by the commit that it is due.
 */
function goOn(
  marks: readonly RemovalMark[],
  run: (work: Work) => Noted,
  isHeldUp: (mark: RemovalMark) => boolean,
): void {
  const due = new Map(marks.filter(isRunning).map((mark) => [mark.uid, mark]));
  for (const [uid, mark] of due) {
    due.delete(uid);
    if (mark.before !== 'waiting' && isHeldUp(mark)) continue;
    const { host, removal } = mark;
    const { result, marks: left } = run({ host, command: { type: 'advance_removal', removal } });
    if (!('submitted' in result) || result.submitted.status !== 'done') continue;
    for (const after of left.filter(isRunning)) due.set(after.uid, after.uid === uid ? mark : after);
  }
}

function isRunning({ state }: RemovalMark): boolean {
  return state === 'running';
}

/** How many of a batch are of each host. */
function countHosts(batch: readonly Work[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { host } of batch) counts.set(host, (counts.get(host) ?? 0) + 1);
  return counts;
}

function prepareRunOne(transactor: Transactor): (work: Work) => Settled {
  const { db, cache, known } = transactor;
  const savepoint = db.prepare('SAVEPOINT command');
  const release = db.prepare('RELEASE command');
  const rollback = db.prepare('ROLLBACK TO command');
  return (work) => {
    savepoint.run();
    try {
      return { submitted: execute(transactor, work) };
    } catch (error) {
      if (isWorldFault(error) || !db.inTransaction) throw error;
      rollback.run();
      cache.delete(work.host);
      known.forget();
      return { error: error instanceof Error ? error : new Error(String(error)) };
    } finally {
      if (db.inTransaction) release.run();
    }
  };
}

/** Decides one submission and, where it is granted, writes its whole effect; or answers one inquiry. */
function execute(transactor: Transactor, work: Work): Submitted | Undecided {
  const { cache, keys } = transactor;
  const { host: name, idempotency } = work;
  const at = transactor.now();
  const kept = idempotency === undefined ? null : keys.find(idempotency.key, at);
  if (kept !== null) {
    if (kept.fingerprint !== idempotency?.fingerprint) return { status: 'idempotency_mismatch' };
    return { status: 'done', ...kept.reply, replayed: true, seq: kept.seq };
  }
  const host = cache.load(name);
  const submitted = settle(transactor, host, work, at);
  if (host.tables.hosts.size === 0) cache.delete(name);
  else cache.weigh(name);
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

function settle(transactor: Transactor, host: Host, work: Work, at: string): Submitted | Undecided {
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
  const seq = dry_run === true ? transactor.journal.last() : store(transactor, host, work.host, events, at);
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
  host: Host,
  name: string,
  events: Decision['events'],
  at: string,
): number {
  const before = removalStates(host, events);
  const applied = applyAll(host, events);
  const touched = transactor.project(name, host, applied);
  markRemovals(transactor, host, touched, before);
  transactor.cache.stored(name, applied, touched);
  return transactor.journal.append(name, at, applied);
}

/** The states of the removals that events are about to change; nothing of those that they begin. */
function removalStates(host: Host, events: Decision['events']): ReadonlyMap<string, RemovalState> {
  const states = new Map<string, RemovalState>();
  for (const change of events.flatMap((event) => event.changes)) {
    if (change.op !== 'put' || change.kind !== 'removals') continue;
    const removal = host.tables.removals.get(change.id);
    if (removal !== undefined) states.set(change.id, removal.state);
  }
  return states;
}

function markRemovals(
  { marks }: Transactor,
  host: Host,
  touched: readonly Touched[],
  before: ReadonlyMap<string, RemovalState>,
): void {
  for (const { kind, id } of touched) {
    const record = kind === 'removals' ? host.tables.removals.get(id) : undefined;
    if (record === undefined) continue;
    const { host: name, uid, state } = record;
    marks.push({ host: name, removal: id, uid, state, before: before.get(id) ?? null });
  }
}

/**
 * Once an hour at most: the keys' own time is what is looked at, so a late purge changes no answer. Of the journal a
 * batch drops a part; where more is past its bounds, the next one goes on.
 */
function createPurge({ db, keys, now, retention }: Transactor): () => void {
  const purgeEvents = preparePurgeEvents(db, retention);
  let due = 0;
  return () => {
    const at = now();
    const nowMs = Date.parse(at);
    if (nowMs < due) return;
    keys.purge(at);
    const isMore = purgeEvents(nowMs);
    due = isMore ? nowMs : nowMs + KEPT_MS / 24;
  };
}

/** Another process that wrote to the file (an operator's sqlite3, say) makes what is cached untrue. */
function watchForeignWrites({ db, cache, known }: Transactor): () => void {
  const statement = db.prepare<[], number>('PRAGMA data_version').pluck();
  let version: number | undefined;
  return () => {
    const current = statement.get();
    if (current !== version) {
      cache.clear();
      known.forget();
    }
    version = current;
  };
}
