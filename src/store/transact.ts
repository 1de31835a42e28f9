import type { Command } from '../engine/model/command.ts';
import type { decideAtOnce } from '../engine/decide.ts';
import type { Decision } from '../engine/handle.ts';
import type { Host } from '../engine/model/host.ts';
import { isRefusal } from '../engine/model/refusal.ts';
import type { Context } from '../engine/model/transaction.ts';
import { applyAll, loadChanged } from './applied.ts';
import { prepareAttempts, type Together } from './attempt.ts';
import { concernsOf } from './concerns.ts';
import type { Connection } from './connection.ts';
import { keepContent, type Decided, type Undecided } from './decided.ts';
import { isWorldFault } from './fault.ts';
import { prepareGoOn, type Way } from './go_on.ts';
import { prepareIdempotencyKeys, type IdempotencyKeys } from './idempotency.ts';
import { answerRead, isDecidedElsewhere, takesLong } from './read_only.ts';
import { prepareHostSeq, prepareJournal, type Journal } from './journal.ts';
import { cacheHosts, type HostCache } from './host_cache.ts';
import { createKnown, type Known } from './known.ts';
import { prepareEntriesAhead, type EntriesAhead, type LoadMore } from './load_ahead.ts';
import type { Commit, Inquiry, RemovalMark, Submission, Submitted, WriterBatch } from './port.ts';
import { decideIf } from './precondition.ts';
import { prepareDataVersion } from './data_version.ts';
import { recount } from './recount.ts';
import { createPurge, type Remember } from './purge.ts';
import { marksOf, removalsBefore } from './removal_marks.ts';
import type { Retention } from './retention.ts';
import { prepareService, type ServiceExecutor } from './service/execute.ts';
import type { ServiceSubmission } from './service/port.ts';

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
  /** How many chunks of entries are read at once; the store's own number where absent. */
  readonly chunksAtOnce?: number;
}

/** What the writer works on, one after another. */
export type Work = HostWork | ServiceWork;

/** What is of one host: inquiries only where their answer is to be kept, or comes at once. */
export type HostWork = (Submission | Inquiry) & {
  readonly decided?: Decided;
  /** It takes so long to decide that another thread is to do that; its command is not looked at here. */
  readonly is_long?: boolean;
};

/** What is of no host: `''`, which is no host's name. */
export interface ServiceWork {
  readonly host: '';
  readonly service: ServiceSubmission;
  readonly idempotency?: ServiceSubmission['idempotency'];
}

/**
 * What became of one piece of work: its answer, or the bug that rolled it back; or nothing yet, for what of its host is to
 * be read first would hold up everybody: until `more` says that none is left, others go on, and then it is to be run again.
 */
export type Settled =
  | { readonly submitted: Submitted | Undecided }
  | { readonly error: Error }
  | { readonly more: LoadMore };

/** What became of a batch. */
export interface BatchResult {
  /** One for each submission that the turn had time for, in order: one at least. True only now that it is committed. */
  readonly settled: readonly Settled[];
  /** Null where nothing was changed. */
  readonly commit: Commit | null;
  readonly batch: WriterBatch;
}

interface Transactor extends TransactOptions {
  readonly db: Connection;
  /** What was worked on last of hosts, as the open transaction sees it. Applying an event changes it in place. */
  readonly cache: HostCache;
  readonly entries: EntriesAhead;
  readonly keys: IdempotencyKeys;
  readonly known: Known;
  readonly journal: Journal;
  readonly hostSeq: (host: string) => number;
  readonly service: ServiceExecutor;
}

/**
 * Prepares running batches of submissions, one transaction a batch:
 *
 *   BEGIN ── key known? → load → If-Match → decide → apply → journal → project ─────────────────┐ … COMMIT
 *    ▲           ├── more than one run: `undecided`, and nothing is done (another thread decides it) ──┤
 *    │           ├── much to load: `more`, and nothing is done (it is read in slices, between batches) ──┘
 *    └─ROLLBACK──┴── a bug: all is done again, each submission in a savepoint, and this one rejected alone; what is to be
 *                    loaded is loaded at once, for with the bug was forgotten what others have waited for
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
  const entries = prepareEntriesAhead(db, options.chunksAtOnce);
  const journal = prepareJournal(db, known);
  const transactor: Transactor = {
    ...options,
    db,
    known,
    entries,
    journal,
    service: prepareService({ db, uid: options.uid, seq: journal.last }),
    cache: cacheHosts(db, options.cacheBytes, entries),
    keys: prepareIdempotencyKeys(db),
    hostSeq: prepareHostSeq(db),
  };
  const { bold, careful } = prepareGoOn(
    prepareAttempts(transactor),
    (together, { host, removal, origin }) => {
      const command = { type: 'advance_removal', removal } as const;
      execute(transactor, together, { host, command, ...(origin === null ? {} : { origin }) }, atOnce);
    },
  );
  const boldly: Manner = { way: bold, load: entries.unlessMuch };
  const carefully: Manner = { way: careful, load: atOnce };
  const run = prepareRun(transactor);
  const runOrRollBack = (batch: readonly Work[], manner: Manner, isBug: (error: unknown) => boolean) => {
    try {
      return run(batch, manner);
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
  return (batch) => runOrRollBack(batch, boldly, isBug) ?? runOrRollBack(batch, carefully, () => false)!;
}

/** How a batch is done, and whether what it asks for is loaded before. */
interface Manner {
  readonly way: Way;
  readonly load: EntriesAhead['unlessMuch'];
}

/** However much it is: what the steps of a removal ask for stands behind a command, and cannot be taken back alone. */
const atOnce: Manner['load'] = (look) => ({ seen: look() });

/** Prepares running one batch, to its commit. */
function prepareRun(transactor: Transactor): (batch: readonly Work[], manner: Manner) => BatchResult {
  const { db } = transactor;
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const purge = createPurge(transactor);
  const watch = watchForeignWrites(transactor);
  return (batch, { way, load }) => {
    const began = performance.now();
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
        (together) => execute(transactor, together, work, load),
        () => waiting.get(host) !== 0 || isOver(),
      );
      const result = 'error' in attempted ? attempted : attempted.done;
      settled.push(result);
      if (!('more' in result)) transactor.entries.forget(host);
      for (const mark of attempted.marks)
        removals.set(mark.uid, { ...mark, before: (removals.get(mark.uid) ?? mark).before });
      if (holdsHost(work, result)) break;
    }
    const seq = transactor.journal.last();
    const service = transactor.service.changed();
    const decided = performance.now();
    commit.run();
    const ended = performance.now();
    for (const remember of committed) remember();
    const { hosts, bytes } = transactor.cache.size();
    const told = {
      works: settled.length,
      turn_ms: ended - began,
      commit_ms: ended - decided,
      cached_hosts: hosts,
      cached_bytes: bytes,
    };
    const isChanged = seq !== before || service !== null;
    const changed = { seq, removals: [...removals.values()], service: service ?? [] };
    return { settled, batch: told, commit: isChanged ? changed : null };
  };
}

/**
 * Whether a command waits for what another thread decides, or any work for what is read: nothing behind it may overtake it
 * on its host, so a batch ends with it. What another thread answers and changes nothing holds up nobody.
 */
export function holdsHost(work: Work, settled: Settled): boolean {
  if ('more' in settled) return true;
  const isUndecided = 'submitted' in settled && settled.submitted.status === 'undecided';
  return isUndecided && 'command' in work && work.dry_run !== true;
}

/** How many of a batch are of each host. */
function countHosts(batch: readonly Work[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { host } of batch) counts.set(host, (counts.get(host) ?? 0) + 1);
  return counts;
}

/** Decides one submission and, where it is granted, does all of it but its rows; or answers one inquiry. */
function execute(
  transactor: Transactor,
  together: Together,
  work: Work,
  load: Manner['load'],
): Exclude<Settled, { readonly error: Error }> {
  const { keys } = transactor;
  const { idempotency } = work;
  const at = transactor.now();
  const kept = idempotency === undefined ? null : keys.find(idempotency.key, at);
  if (kept !== null) {
    if (kept.fingerprint !== idempotency?.fingerprint)
      return { submitted: { status: 'idempotency_mismatch' } };
    return { submitted: { status: 'done', ...kept.reply, replayed: true, seq: kept.seq } };
  }
  const tried =
    'service' in work
      ? { submitted: transactor.service.carryOut(work.service, at) }
      : tryOnHost(transactor, together, work, load, at);
  if ('more' in tried) return tried;
  const { submitted } = tried;
  if (submitted.status === 'done' && !isDryRun(work) && idempotency !== undefined) {
    const { answer, exposures, seq } = submitted;
    keys.keep(
      idempotency.key,
      { fingerprint: idempotency.fingerprint, reply: { answer, exposures }, seq },
      at,
    );
  }
  return tried;
}

function tryOnHost(
  transactor: Transactor,
  together: Together,
  work: HostWork,
  load: Manner['load'],
  at: string,
): Exclude<Settled, { readonly error: Error }> {
  const { host: name } = work;
  const look = (): Looked => {
    const host = transactor.cache.load(name);
    together.host = host;
    return lookAt(transactor, host, work, at);
  };
  const looked = load(look);
  if ('more' in looked) return looked;
  const { seen } = looked;
  return { submitted: 'granted' in seen ? carriedOut(transactor, together, work, seen.granted, at) : seen };
}

/** A command that is to be done, or what is answered without that. */
type Looked = { readonly granted: Decision } | Submitted | Undecided;

function lookAt(transactor: Transactor, host: Host, work: HostWork, at: string): Looked {
  const context = { now: at, uid: transactor.uid };
  const { decided: elsewhere } = work;
  if (elsewhere !== undefined && 'answered' in elsewhere) return elsewhere.answered;
  if (takesLong(work)) return UNDECIDED;
  if ('question' in work) return answerRead({ host, seq: transactor.journal.last() }, work, context);
  const { precondition } = work;
  const decided = decideIf(host, precondition, () => decideOf(transactor, host, work, context));
  if ('denied' in decided) return decided.denied;
  return decided.granted === null ? UNDECIDED : { granted: decided.granted };
}

/** Does what was decided, but of a dry run nothing. */
function carriedOut(
  transactor: Transactor,
  together: Together,
  work: HostWork,
  { answer, exposures, events }: Decision,
  at: string,
): Submitted {
  const seq = isDryRun(work) ? transactor.journal.last() : store(transactor, together, work, events, at);
  return { status: 'done', answer, exposures, replayed: false, seq };
}

function isDryRun(work: Work): boolean {
  const asked = 'service' in work ? work.service : work;
  return 'dry_run' in asked && asked.dry_run;
}

/** Here it would hold up everybody. */
const UNDECIDED: Undecided = { status: 'undecided' };

/** What was decided elsewhere, if the host is as it was then; else what can be decided here, in one run. */
function decideOf(
  transactor: Transactor,
  host: Host,
  work: Submission & Pick<HostWork, 'decided' | 'is_long'>,
  context: Context,
): ReturnType<Decide> {
  const { host: name, decided } = work;
  if (decided !== undefined && 'decision' in decided && decided.host_seq === transactor.hostSeq(name)) {
    const { decision } = decided;
    if (!isRefusal(decision)) loadChanged(host, decision.events);
    return decision;
  }
  const isLeft = work.is_long === true || isDecidedElsewhere(work.command);
  return isLeft ? null : transactor.decide(host, work.command, context);
}

function store(
  transactor: Transactor,
  { host: loaded, applied, marks }: Together,
  work: HostWork,
  events: Decision['events'],
  at: string,
): number {
  const host = loaded!;
  const origin = ('origin' in work ? work.origin : null) ?? null;
  const before = removalsBefore(host, events);
  const concerns = concernsOf(host, events);
  applyAll(host, events, applied);
  keepContent(work.decided, events, applied.contents);
  marks.push(...marksOf(host, before, origin));
  return transactor.journal.append(work.host, at, events, { applied, origin, concerns });
}

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
